package io.offcut.node;

import io.offcut.bundle.BundleHash;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.OffcutException;
import io.offcut.core.Offer;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.monitor.guard.ColocationGuard;
import io.offcut.node.internal.executor.ExecutorHost;
import io.offcut.node.internal.lease.EndedLease;
import io.offcut.node.internal.lease.HeldLease;
import io.offcut.node.internal.lease.HeldLease.Phase;
import io.offcut.node.internal.lease.LeaseAction;
import io.offcut.node.internal.lease.LeaseBook;
import io.offcut.node.internal.lease.LeaseEvent;
import io.offcut.node.internal.link.SchedulerLink;
import io.offcut.node.internal.loop.EventLoop;
import io.offcut.node.internal.sensing.Sensing;
import io.offcut.node.internal.store.KeyRing;
import io.offcut.node.internal.store.LeaseStore;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shell around the {@link LeaseBook}: every event reaches it on the one thread of the loop, and
 * its actions are carried out there, in order. Nothing on that thread waits for a process, the
 * network or a client; freezing an executor is the write of one file.
 */
final class NodeCore
        implements SchedulerLink.Node, ExecutorHost.Listener, Sensing.Watcher, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NodeCore.class);
    private static final Pattern LEASE_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,79}");
    private static final long TICK_MILLIS = 100;
    private static final long SAMPLE_MILLIS = 1_000;
    private static final long CLOSE_SECONDS = 10;
    private static final long LOOP_ANSWER_SECONDS = 10;

    private final EventLoop loop = new EventLoop("node-loop");
    private final LeaseBook book;
    private final LeaseStore store;
    private final ExecutorHost host;
    private final KeyRing keys;
    private final NodeMetrics metrics;
    private final long incarnation = System.currentTimeMillis();
    private @Nullable NodeDescriptor descriptor;
    private @Nullable SchedulerLink link;
    private long hostSampledNanos = System.nanoTime();
    private List<String> guard = List.of();

    /** The lease that is being opened for a client that waits. */
    private @Nullable String awaited;

    private boolean keepFailed;
    private boolean closing;

    /** Made in two steps, because the executors' host and this know each other. */
    @FunctionalInterface
    interface HostMaker {
        ExecutorHost make(ExecutorHost.Listener listener);
    }

    NodeCore(
            NodeConfig config,
            LeaseStore store,
            KeyRing keys,
            NodeMetrics metrics,
            HostMaker hostMaker) {
        this.store = store;
        this.keys = keys;
        this.metrics = metrics;
        this.book = new LeaseBook(config.name(), config.maxStarts());
        this.host = hostMaker.make(this);
    }

    /**
     * Takes over what an earlier daemon held. Blocks; once, before {@link #begin}.
     *
     * @return offers of then, as far as leases hold them
     */
    List<Offer> restore() {
        List<LeaseStore.Found> found = store.readLeases();
        Set<String> adopted = new HashSet<>(host.adopt(found));
        List<HeldLease> leases = new ArrayList<>();
        for (LeaseStore.Found each : found) {
            HeldLease lease = each.lease();
            leases.add(adopted.contains(lease.leaseId()) ? lease.adopted() : lease.lost());
        }
        List<Offer> offers = held(store.readOffers(), leases);
        book.restore(offers, leases, store.readEnded(System.currentTimeMillis()));
        if (!leases.isEmpty()) {
            log.info(
                    "took over {} of {} leases with their executors",
                    adopted.size(),
                    leases.size());
        }
        host.listen();
        return offers;
    }

    private static List<Offer> held(List<Offer> offers, List<HeldLease> leases) {
        List<Offer> held = new ArrayList<>();
        for (Offer offer : offers) {
            CpuSet cores = CpuSet.empty();
            boolean any = false;
            for (HeldLease lease : leases) {
                if (lease.terms().offerId().equals(offer.offerId())) {
                    cores = cores.plus(lease.terms().cores());
                    any = true;
                }
            }
            if (any) {
                held.add(offer.withCores(cores.intersect(offer.cores())));
            }
        }
        return held;
    }

    /** Begins: hears executors, connects to the scheduler, lets time pass. */
    void begin(NodeDescriptor node, String schedulerUrl, String secret) {
        loop.execute(() -> {
            descriptor = node;
            for (HeldLease lease : book.held()) {
                if (lease.ending() != null) {
                    host.evict(lease.leaseId(), lease.ending());
                }
            }
            SchedulerLink opened = new SchedulerLink(schedulerUrl, secret, this, loop);
            link = opened;
            opened.start();
        });
        var _ = loop.every(TICK_MILLIS, () -> apply(new LeaseEvent.Tick()));
    }

    // --- events, from any thread ---

    /** What the book answers to an opening whose token was verified. Waits for the loop. */
    LeaseAction.Answer open(LeaseTerms terms) {
        return onLoop(() -> {
            if (closing) {
                return new LeaseAction.Refuse(
                        ErrorCode.UNREACHABLE,
                        "this node daemon is stopping; ask the scheduler for a new lease");
            }
            LeaseAction.Answer answer = apply(new LeaseEvent.Open(terms));
            if (answer instanceof LeaseAction.Refuse) {
                metrics.refused();
            }
            return answer == null
                    ? new LeaseAction.Refuse(ErrorCode.INTERNAL, "no answer")
                    : answer;
        });
    }

    /** Ends a lease; returns when that has begun. */
    void end(String leaseId, EndReason reason) {
        onLoop(() -> apply(new LeaseEvent.End(leaseId, reason)) == null);
    }

    @Override
    public void offers(List<Offer> offers) {
        onLoop(() -> {
            changeOffers(offers);
            return true;
        });
    }

    // Not through the loop, which may be at work: a job waits.
    @Override
    public void standStill(CpuSet cores) {
        host.standStill(cores);
    }

    @Override
    public void jobWaited(String event, long nanos) {
        metrics.jobWaited(event, nanos);
    }

    @Override
    public boolean awaitFrozen(long timeoutMillis) {
        return host.awaitFrozen(timeoutMillis);
    }

    @Override
    public void guarded(ColocationGuard.Finding finding, CpuSet withdrawn, List<String> reasons) {
        metrics.guarded(finding, withdrawn);
        loop.execute(() -> guard = reasons);
    }

    @Override
    public void sampled() {
        long now = System.nanoTime();
        if (now - hostSampledNanos >= TimeUnit.MILLISECONDS.toNanos(SAMPLE_MILLIS)) {
            hostSampledNanos = now;
            host.sample();
        }
        loop.execute(() -> {
            SchedulerLink open = link;
            metrics.connected(open != null && open.connected());
            metrics.leases(book.held());
        });
    }

    @Override
    public void ready(String leaseId, int generation) {
        loop.execute(() -> apply(new LeaseEvent.ExecutorReady(leaseId, generation)));
    }

    @Override
    public void died(String leaseId, int generation) {
        metrics.executorDied();
        loop.execute(() -> apply(new LeaseEvent.ExecutorDied(leaseId, generation)));
    }

    @Override
    public void evicted(String leaseId, EndReason reason, long nanos) {
        log.info("lease {} is gone after {} us, {}", leaseId, nanos / 1_000, reason);
        metrics.evicted(reason, nanos);
        loop.execute(() -> apply(new LeaseEvent.Evicted(leaseId)));
    }

    @Override
    public void used(String leaseId, int generation, LeaseUsage usage) {
        loop.execute(() -> apply(new LeaseEvent.Used(leaseId, generation, usage)));
    }

    @Override
    public void received(SchedulerMessage message) {
        switch (message) {
            case SchedulerMessage.Welcome welcome -> keys.replace(welcome.publicKeys());
            case SchedulerMessage.SendSnapshot ask -> {
                SchedulerLink open = link;
                if (open != null) {
                    open.sendSnapshot();
                }
            }
            case SchedulerMessage.OpenLease open -> granted(open.terms(), open.clientWaits());
            case SchedulerMessage.EndLease end -> {
                // It names a folder.
                if (LEASE_ID.matcher(end.leaseId()).matches()) {
                    apply(new LeaseEvent.End(end.leaseId(), end.reason()));
                } else {
                    log.warn("the scheduler ends a lease whose id is not one: ignored");
                }
            }
            case SchedulerMessage.ExtendLease extend ->
                    apply(new LeaseEvent.Extend(extend.leaseId(), extend.expiresAtEpochMillis()));
        }
    }

    private void granted(LeaseTerms terms, boolean clientWaits) {
        if (!sound(terms)) {
            log.warn("the scheduler opens a lease whose terms are none: ignored");
        } else if (closing) {
            log.debug("lease {} comes too late", terms.leaseId());
        } else if (clientWaits) {
            opened(terms);
        } else {
            // The client, which comes with its token, is told of a refusal then.
            var _ = apply(new LeaseEvent.Grant(terms));
        }
    }

    /** The scheduler's own word over the link is worth as much as its signature on a token. */
    private void opened(LeaseTerms terms) {
        awaited = terms.leaseId();
        var _ = apply(new LeaseEvent.Open(terms));
        awaited = null;
    }

    /** Ids and hashes name folders. */
    static boolean sound(LeaseTerms terms) {
        return LEASE_ID.matcher(terms.leaseId()).matches()
                && (terms.memoryOnly()
                        ? terms.bundle().isEmpty()
                        : BundleHash.isHash(terms.bundle()))
                && terms.payloadBytes() <= InvocationFrame.MAX_PAYLOAD_BYTES;
    }

    @Override
    public NodeMessage.Snapshot snapshot(long sequence) {
        NodeDescriptor node = descriptor;
        if (node == null) {
            throw new IllegalStateException("asked for a snapshot before the beginning");
        }
        return new NodeMessage.Snapshot(
                sequence,
                NodeMessage.PROTOCOL_VERSION,
                incarnation,
                node,
                closing ? List.of() : book.offers(),
                book.reports(System.currentTimeMillis()));
    }

    // --- what the book decides, on the loop's thread ---

    private LeaseAction.@Nullable Answer apply(LeaseEvent event) {
        LeaseAction.Answer answer = null;
        List<LeaseAction> actions = book.apply(event, System.currentTimeMillis());
        // Before any of the leases that the actions may end.
        if (event instanceof LeaseEvent.OffersChanged) {
            host.offered(book.offeredCores(), book.unleasedBytes());
        } else {
            host.leased(book.unleasedBytes());
        }
        for (LeaseAction action : actions) {
            if (action instanceof LeaseAction.Answer given) {
                answer = given;
            } else {
                perform(action);
            }
        }
        return answer;
    }

    private void perform(LeaseAction action) {
        switch (action) {
            case LeaseAction.Freeze freeze -> host.freeze(freeze.leaseId());
            case LeaseAction.Evict evict -> {
                log.info("lease {} ends: {}", evict.leaseId(), evict.reason());
                host.evict(evict.leaseId(), evict.reason());
            }
            case LeaseAction.Start start -> {
                metrics.executorStarted();
                host.start(start.terms(), start.generation());
            }
            case LeaseAction.Report report -> report(report.report());
            case LeaseAction.Keep keep -> keep(keep.lease());
            case LeaseAction.Forget forget -> {
                EndedLease over = book.endedLease(forget.leaseId());
                if (over != null) {
                    store.append(over);
                }
                store.delete(forget.leaseId());
            }
            case LeaseAction.Answer answer ->
                    throw new IllegalStateException("not an action: " + answer);
        }
    }

    // A full disk must not keep a lease from running; only a restart would miss the record.
    private void keep(HeldLease lease) {
        try {
            store.write(lease);
            keepFailed = false;
        } catch (OffcutException e) {
            if (!keepFailed) {
                keepFailed = true;
                log.warn("{}; a restarted daemon would end this lease", e.getMessage());
            }
        }
    }

    private void report(LeaseReport report) {
        if (report.state() == LeaseState.ENDED && report.endReason() != null) {
            metrics.ended(report.endReason());
        }
        String leaseId = report.terms().leaseId();
        if (leaseId.equals(awaited) && report.state() == LeaseState.ACTIVE) {
            List<ChannelDescriptor> channels = host.channels(leaseId);
            send(sequence -> new NodeMessage.LeaseServed(sequence, report, channels));
        } else {
            send(sequence -> new NodeMessage.LeaseChanged(sequence, report));
        }
    }

    private void changeOffers(List<Offer> offers) {
        List<Offer> before = book.offers();
        if (closing || before.equals(offers)) {
            return;
        }
        apply(new LeaseEvent.OffersChanged(offers, EndReason.RECLAIMED));
        metrics.offers(offers);
        List<Offer> changed = offers.stream().filter(o -> !before.contains(o)).toList();
        List<String> withdrawn =
                before.stream()
                        .map(Offer::offerId)
                        .filter(id -> offers.stream().noneMatch(o -> o.offerId().equals(id)))
                        .toList();
        send(sequence -> new NodeMessage.OffersChanged(sequence, changed, withdrawn));
        try {
            store.writeOffers(offers);
        } catch (OffcutException e) {
            log.warn("{}", e.getMessage());
        }
    }

    private void send(LongFunction<NodeMessage> message) {
        SchedulerLink open = link;
        if (open != null) {
            open.send(message);
        }
    }

    // --- questions, from any thread ---

    ExecutorHost host() {
        return host;
    }

    /** Without a look at its executor, which takes longer than the rest of an opening's answer. */
    long expiresAtEpochMillis(String leaseId) {
        return onLoop(() -> {
            HeldLease held = book.held(leaseId);
            if (held == null) {
                throw new OffcutException(
                        ErrorCode.CONFLICT, "lease " + leaseId + " has just ended");
            }
            return held.terms().expiresAtEpochMillis();
        });
    }

    NodeStatus.Lease lease(String leaseId) {
        return onLoop(() -> {
            HeldLease held = book.held(leaseId);
            EndedLease over = book.endedLease(leaseId);
            if (held != null) {
                return NodeViews.of(held, host.seen(leaseId), System.currentTimeMillis());
            }
            if (over != null) {
                return NodeViews.of(over.report());
            }
            throw new OffcutException(ErrorCode.NOT_FOUND, "this node knows no lease " + leaseId);
        });
    }

    boolean connected() {
        return onLoop(() -> link != null && link.connected());
    }

    NodeStatus status(NodeDescriptor node, List<String> missing, List<NodeStatus.Job> jobs) {
        return onLoop(() -> {
            SchedulerLink open = link;
            long now = System.currentTimeMillis();
            return new NodeStatus(
                    node,
                    open != null && open.connected(),
                    missing,
                    guard,
                    jobs,
                    book.offers(),
                    book.held().stream()
                            .map(l -> NodeViews.of(l, host.seen(l.leaseId()), now))
                            .toList());
        });
    }

    private <T> T onLoop(Callable<T> task) {
        try {
            return loop.submit(task).get(LOOP_ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof OffcutException refusal) {
                throw refusal;
            }
            if (e.getCause() instanceof RejectedExecutionException) {
                throw new OffcutException(ErrorCode.UNREACHABLE, "this node daemon is stopping", e);
            }
            throw new IllegalStateException("a defect in the node daemon", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OffcutException(ErrorCode.UNREACHABLE, "this node daemon is stopping", e);
        } catch (TimeoutException e) {
            throw new OffcutException(
                    ErrorCode.UNREACHABLE, "this node daemon is overloaded; try again", e);
        }
    }

    /** Ends every lease, tells the scheduler, and stops. Blocks for a bounded time. */
    @Override
    public void close() {
        CompletableFuture<Boolean> empty = new CompletableFuture<>();
        loop.execute(() -> {
            closing = true;
            for (HeldLease lease : book.held()) {
                if (lease.phase() != Phase.ENDING) {
                    apply(new LeaseEvent.End(lease.leaseId(), EndReason.DRAINED));
                }
            }
            completeWhenEmpty(empty);
        });
        try {
            empty.get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            log.warn("not all executors ended within {} s", CLOSE_SECONDS);
        }
        CompletableFuture<Boolean> sent = new CompletableFuture<>();
        loop.execute(() -> {
            // Only now: earlier, the scheduler would end the leases for another reason.
            List<String> ids = book.offers().stream().map(Offer::offerId).toList();
            send(sequence -> new NodeMessage.OffersChanged(sequence, List.of(), ids));
            finishLink(() -> sent.complete(true));
        });
        await(sent);
        await(loop.submit(this::unlink));
        loop.close();
        host.close();
    }

    private void finishLink(Runnable task) {
        SchedulerLink open = link;
        if (open == null) {
            task.run();
        } else {
            open.finish(task);
        }
    }

    private boolean unlink() {
        SchedulerLink open = link;
        if (open != null) {
            open.close();
        }
        return true;
    }

    private static void await(CompletableFuture<?> future) {
        try {
            future.get(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            log.debug("the link did not close in time", e);
        }
    }

    private void completeWhenEmpty(CompletableFuture<Boolean> empty) {
        if (book.held().isEmpty()) {
            empty.complete(true);
        } else {
            var _ = loop.after(10, () -> completeWhenEmpty(empty));
        }
    }
}
