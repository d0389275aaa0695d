package io.offcut.client;

import io.offcut.client.internal.NodeApi;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.OpenLeaseRequest;
import io.offcut.core.api.RequestView;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.executor.InvocationChannel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leases of one pool: opens those the scheduler granted, each in its own virtual thread, keeps
 * one {@link WorkerLoop} per channel, opens again what ended while its lease lives, and drops what
 * is over. Safe for use by any thread; only {@link #awaitWorkers} and {@link #close} block.
 */
final class LeaseBook {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseBook.class);

    private static final long GRACE_MILLIS = 1_000;
    private static final long MAX_PAUSE_MILLIS = 5_000;
    private static final int UNUSABLE_AFTER_FAILURES = 8;

    private final NodeApi nodes;
    private final ChannelOpener channels;
    private final PoolContext pool;
    private final String hostId;
    private final List<String> transports;
    private final Map<String, LeaseSession> sessions = new HashMap<>();
    private final Unusable unusable;
    private int nextLoop;
    private boolean closed;

    /** Told of a lease that the scheduler thinks alive and that cannot be opened. */
    @FunctionalInterface
    interface Unusable {
        void giveBack(LeaseView lease);
    }

    LeaseBook(
            NodeApi nodes,
            ChannelOpener channels,
            PoolContext pool,
            String hostId,
            List<String> transports,
            Unusable unusable) {
        this.nodes = nodes;
        this.channels = channels;
        this.pool = pool;
        this.hostId = hostId;
        this.transports = transports;
        this.unusable = unusable;
    }

    /**
     * Takes note of what the scheduler says of one request. A lease that it does not mention is not
     * over: a restarted scheduler may not have heard of it yet.
     */
    synchronized void apply(RequestView request) {
        if (closed) {
            return;
        }
        for (LeaseView lease : request.leases()) {
            LeaseSession session = sessions.get(lease.leaseId());
            if (lease.state() != LeaseState.ENDED) {
                granted(lease);
            } else if (session != null) {
                over(session, lease.endReason());
            }
        }
        sessions.values().removeIf(session -> forgotten(session, request));
    }

    private static boolean forgotten(LeaseSession session, RequestView request) {
        return session.state == LeaseSession.State.OVER
                && session.loops.isEmpty()
                && session.view.requestId().equals(request.requestId())
                && request.leases().stream()
                        .noneMatch(lease -> lease.leaseId().equals(session.leaseId));
    }

    private void granted(LeaseView lease) {
        LeaseSession known = sessions.get(lease.leaseId());
        if (known != null) {
            // After a restart the scheduler has no token until it renews; the old one is good.
            known.view =
                    lease.token() == null ? lease.withAccess(known.view.token(), List.of()) : lease;
        } else if (lease.token() != null && lease.state() != LeaseState.REVOKING) {
            LeaseSession session = new LeaseSession(lease);
            // They share memory.
            session.offered =
                    transports.getFirst().equals(ChannelDescriptor.SHM)
                            ? lease.channels()
                            : List.of();
            sessions.put(lease.leaseId(), session);
            startOpening(session, 0);
        }
    }

    /** The scheduler says it is over; its channels get a moment to say so with their results. */
    private void over(LeaseSession session, @Nullable EndReason reason) {
        session.state = LeaseSession.State.OVER;
        sessions.remove(session.leaseId);
        List<WorkerLoop> loops = List.copyOf(session.loops.values());
        if (loops.isEmpty()) {
            return;
        }
        InvocationStatus status =
                switch (reason) {
                    case EXPIRED -> InvocationStatus.EXPIRED;
                    case NODE_LOST -> InvocationStatus.DISCONNECTED;
                    case null, default -> InvocationStatus.REVOKED;
                };
        Thread.ofVirtual()
                .name("offcut-lease-end")
                .start(() -> {
                    pause(GRACE_MILLIS);
                    loops.forEach(loop -> loop.stop(status));
                });
    }

    // --- opening

    private void startOpening(LeaseSession session, long pauseMillis) {
        session.state = LeaseSession.State.OPENING;
        Thread.ofVirtual().name("offcut-lease-open").start(() -> open(session, pauseMillis));
    }

    private void open(LeaseSession session, long firstPauseMillis) {
        long pauseMillis = firstPauseMillis;
        while (wanted(session)) {
            pause(pauseMillis);
            try {
                List<ChannelDescriptor> offered = takeOffered(session);
                if (offered.isEmpty()) {
                    attachAsked(session);
                } else {
                    // Where that fails, the node says more when it is asked.
                    attach(session, offered);
                }
                return;
            } catch (RuntimeException | InternalError e) {
                pauseMillis = failed(session, e);
            }
        }
    }

    private synchronized boolean wanted(LeaseSession session) {
        return !closed && session.state == LeaseSession.State.OPENING;
    }

    private synchronized List<ChannelDescriptor> takeOffered(LeaseSession session) {
        List<ChannelDescriptor> offered = session.offered;
        session.offered = List.of();
        return offered;
    }

    private List<ChannelDescriptor> ask(LeaseSession session) {
        LeaseView view;
        List<String> wanted;
        synchronized (this) {
            view = session.view;
            wanted = failedLast(session.failedTransports);
        }
        String token = view.token();
        if (token == null) {
            throw new OffcutException(
                    ErrorCode.FORBIDDEN, "lease " + view.leaseId() + ": belongs to another user");
        }
        return nodes.open(
                        view.nodeUrl(), view.leaseId(), new OpenLeaseRequest(token, hostId, wanted))
                .channels();
    }

    private List<String> failedLast(Set<String> failed) {
        return transports.stream().sorted(Comparator.comparing(failed::contains)).toList();
    }

    private void attachAsked(LeaseSession session) {
        List<ChannelDescriptor> opened = ask(session);
        try {
            attach(session, opened);
        } catch (RuntimeException | InternalError e) {
            noteFailed(session, opened);
            throw e;
        }
    }

    /** Makes a loop for each worker that has none. */
    private void attach(LeaseSession session, List<ChannelDescriptor> opened) {
        Map<Integer, InvocationChannel> made = new HashMap<>();
        try {
            for (ChannelDescriptor descriptor : missing(session, opened)) {
                made.put(descriptor.worker(), channels.open(descriptor));
            }
        } catch (RuntimeException | InternalError e) {
            made.values().forEach(InvocationChannel::close);
            throw e;
        }
        List<Thread> threads = new ArrayList<>();
        synchronized (this) {
            if (closed || session.state != LeaseSession.State.OPENING) {
                made.values().forEach(InvocationChannel::close);
                return;
            }
            made.forEach((worker, channel) -> threads.add(addLoop(session, worker, channel)));
            session.state = LeaseSession.State.OPEN;
            notifyAll();
        }
        LOG.debug("lease {}: {} workers", session.leaseId, made.size());
        threads.forEach(Thread::start);
    }

    private synchronized List<ChannelDescriptor> missing(
            LeaseSession session, List<ChannelDescriptor> opened) {
        return opened.stream()
                .filter(descriptor -> !session.loops.containsKey(descriptor.worker()))
                .toList();
    }

    private Thread addLoop(LeaseSession session, int worker, InvocationChannel channel) {
        String node = session.view.nodeName();
        WorkerLoop loop =
                new WorkerLoop(
                        channel,
                        nextLoop++,
                        node,
                        session.failedTransports.contains(ChannelDescriptor.SHM)
                                || transports.stream().allMatch(ChannelDescriptor.SHM::equals),
                        pool,
                        ended -> ended(session, worker, ended));
        session.loops.put(worker, loop);
        return Thread.ofPlatform()
                .daemon()
                .name("offcut-worker-" + node + "-" + worker)
                .unstarted(loop);
    }

    private synchronized void noteFailed(LeaseSession session, List<ChannelDescriptor> opened) {
        opened.forEach(channel -> session.failedTransports.add(channel.transport()));
    }

    /**
     * @return how long to wait before the next try
     */
    private long failed(LeaseSession session, Throwable e) {
        int failures;
        LeaseView view;
        synchronized (this) {
            failures = ++session.failures;
            view = session.view;
            if (failures >= UNUSABLE_AFTER_FAILURES) {
                session.state = LeaseSession.State.OVER;
            }
        }
        if (failures == 1) {
            LOG.debug("lease {} on {}: {}", view.leaseId(), view.nodeName(), e.getMessage());
        } else if (failures == UNUSABLE_AFTER_FAILURES) {
            LOG.warn(
                    "lease {} on {}: cannot be used and is given back: {}",
                    view.leaseId(),
                    view.nodeName(),
                    e.getMessage());
            unusable.giveBack(view);
        }
        return Math.min(
                MAX_PAUSE_MILLIS, pool.timing().openPauseMillis() << Math.min(failures, 10));
    }

    // --- ends

    private synchronized void ended(LeaseSession session, int worker, WorkerLoop loop) {
        session.loops.remove(worker, loop);
        if (closed) {
            return;
        }
        pool.counters().lostWorkers.increment();
        LOG.debug("lease {}: worker {} ended, {}", session.leaseId, worker, loop.endStatus());
        if (loop.memoryFailed() && session.failedTransports.add(ChannelDescriptor.SHM)) {
            LOG.warn(
                    "lease {} on {}: its shared memory failed; is /dev/shm full?",
                    session.leaseId,
                    session.view.nodeName());
        }
        InvocationStatus status = loop.endStatus();
        boolean lasting = status == InvocationStatus.REVOKED || status == InvocationStatus.EXPIRED;
        if (session.state != LeaseSession.State.OPEN) {
            return;
        }
        if (lasting) {
            // Stays known until the scheduler drops it too, so that it is not opened again.
            session.state = LeaseSession.State.OVER;
        } else {
            int failures = loop.everAnswered() ? 0 : session.failures + 1;
            session.failures = failures;
            if (failures >= UNUSABLE_AFTER_FAILURES) {
                session.state = LeaseSession.State.OVER;
                LeaseView view = session.view;
                Thread.ofVirtual().start(() -> unusable.giveBack(view));
                return;
            }
            startOpening(session, pool.timing().openPauseMillis() << Math.min(failures, 6));
        }
    }

    // --- from outside

    /** Workers that can be called. */
    synchronized int workers() {
        return sessions.values().stream().mapToInt(session -> session.loops.size()).sum();
    }

    /** Workers of one request that can be called. */
    synchronized int workersOf(String requestId) {
        return sessions.values().stream()
                .filter(session -> session.view.requestId().equals(requestId))
                .mapToInt(session -> session.loops.size())
                .sum();
    }

    /** Leases known and not over. */
    synchronized int leases() {
        return (int)
                sessions.values().stream()
                        .filter(session -> session.state != LeaseSession.State.OVER)
                        .count();
    }

    /**
     * Waits for so many workers.
     *
     * @return whether they are there
     */
    synchronized boolean awaitWorkers(int count, long nanos) throws InterruptedException {
        long until = System.nanoTime() + nanos;
        while (workers() < count && !closed && pool.queue().closed() == null) {
            long leftMillis = (until - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                return false;
            }
            wait(leftMillis);
        }
        return workers() >= count;
    }

    /** A worker of any lease, for one who wants it for himself; null while there is none. */
    synchronized DirectWorker.@Nullable Loan lend() {
        for (LeaseSession session : sessions.values()) {
            for (WorkerLoop loop : session.loops.values()) {
                DirectWorker.Loan loan = loop.lend();
                if (loan != null) {
                    return loan;
                }
            }
        }
        return null;
    }

    /** Wakes those who wait for workers that will not come. */
    synchronized void wakeWaiters() {
        notifyAll();
    }

    /** Ends all loops. Returns when they have ended or did not within a moment. */
    void close() {
        List<WorkerLoop> loops = new ArrayList<>();
        synchronized (this) {
            closed = true;
            sessions.values().forEach(session -> loops.addAll(session.loops.values()));
            notifyAll();
        }
        loops.forEach(loop -> loop.stop(InvocationStatus.CANCELLED));
        long until = System.nanoTime() + GRACE_MILLIS * 1_000_000;
        loops.forEach(loop -> loop.awaitEnd(until));
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
