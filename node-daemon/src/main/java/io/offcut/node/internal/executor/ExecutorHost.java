package io.offcut.node.internal.executor;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.function.FunctionSpec;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.linux.Cgroup;
import io.offcut.linux.CpuMap;
import io.offcut.monitor.OwnExecutor;
import io.offcut.node.NodeConfig;
import io.offcut.node.internal.bundle.BundleCache;
import io.offcut.node.internal.executor.KeptExecutors.Kept;
import io.offcut.node.internal.store.LeaseStore;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The executors of this node. What takes time happens on threads of its own, and what comes of it
 * is told to the {@link Listener}; methods return at once unless they say otherwise. Safe for use
 * by any thread.
 */
public final class ExecutorHost implements AutoCloseable {
    /** What becomes of executors. Called on threads of the host; must not block. */
    public interface Listener {
        void ready(String leaseId, int generation);

        /** It is gone, and nothing of it is left. */
        void died(String leaseId, int generation);

        /**
         * Nothing of the lease is left.
         *
         * @param nanos since its end began
         */
        void evicted(String leaseId, EndReason reason, long nanos);

        void used(String leaseId, int generation, LeaseUsage usage);
    }

    /** How clients reach the workers of a lease. */
    public record Serving(List<ChannelDescriptor> channels, List<FunctionSpec> functions) {
        public Serving {
            channels = List.copyOf(channels);
            functions = List.copyOf(functions);
        }
    }

    /**
     * What can be seen of an executor.
     *
     * @param usedMemoryBytes −1 when not known
     */
    public record Seen(int generation, long pid, CpuSet realCores, long usedMemoryBytes) {}

    private static final Logger log = LoggerFactory.getLogger(ExecutorHost.class);
    private static final long KILL_MILLIS = 2_000;

    private final NodeConfig config;
    private final LeaseStore store;
    private final BundleCache bundles;
    private final CpuSet cores;
    private final CpuMap cpus;
    private final Listener listener;
    private final ExecutorLauncher launcher;
    private final Object confining = new Object();
    private final Stillness stillness;
    private final ParkingRoom parking;
    private final LeftOvers leftOvers;
    private final KeptExecutors kept;
    private final Sandbox sandbox;
    private final Map<String, ExecutorSlot> slots = new ConcurrentHashMap<>();
    private final ExecutorTalk talk = new ExecutorTalk(slots, this::ready);
    private final ExecutorEnd end = new ExecutorEnd(talk::end, this::isClosed, this::keep);

    // Files and processes hold a virtual thread's carrier, for which another is started.
    private final Executor workers =
            Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("host-", 0).factory());

    private volatile boolean closed;

    /** A host that does nothing yet: {@link #adopt}, then {@link #listen}, then the rest. */
    public ExecutorHost(
            NodeConfig config,
            CpuSet cores,
            Sandbox sandbox,
            LeaseStore store,
            BundleCache bundles,
            CpuMap cpus,
            Listener listener) {
        this.config = config;
        this.store = store;
        this.bundles = bundles;
        this.cpus = cpus;
        this.listener = listener;
        this.sandbox = sandbox;
        this.cores = cores;
        this.launcher =
                new ExecutorLauncher(
                        config, cpus.toReal(cores), sandbox, store, cpus, controlSocket(config));
        this.kept =
                new KeptExecutors(launcher.parkedDir(), config.keepWarmSeconds(), talk, workers);
        this.stillness =
                new Stillness(
                        slots.values(),
                        slot -> workers.execute(() -> launch(slot, true)),
                        this::freeChanged);
        this.parking =
                new ParkingRoom(config, launcher.archive(), launcher.parked(), kept, workers);
        this.leftOvers = new LeftOvers(config, sandbox, store);
    }

    private static Path controlSocket(NodeConfig config) {
        return config.statePath().resolve("control.sock");
    }

    /**
     * Takes over the executors of an earlier daemon that still live, and removes everything else
     * that it left: processes, control groups, regions. Blocks; once, before {@link #listen}.
     *
     * @return the ids of the leases whose executors were taken over
     */
    public List<String> adopt(Collection<LeaseStore.Found> leases) {
        for (LeaseStore.Found found : leases) {
            ExecutorProcess process = leftOvers.living(found);
            if (process != null) {
                ExecutorSlot slot =
                        new ExecutorSlot(
                                found.lease().terms(),
                                found.lease().generation(),
                                process.record().secret(),
                                null);
                slot.found(process);
                slots.put(slot.leaseId(), slot);
                log.info("found executor {} of lease {}", process.pid(), slot.leaseId());
            }
        }
        leftOvers.remove(
                leases,
                slots.values().stream()
                        .map(slot -> slot.process)
                        .filter(process -> process != null)
                        .toList());
        return List.copyOf(slots.keySet());
    }

    /** Begins to hear executors. Those that were taken over connect again now. */
    public void listen() {
        talk.open(controlSocket(config), sandbox.user());
        slots.values().forEach(this::resume);
        launcher.parked().clean();
    }

    // A job waits: the kernel takes its time over a cpuset, up to tens of milliseconds.
    private void freeChanged(CpuSet free) {
        launcher.parked().allow(cpus.toReal(free));
        workers.execute(this::confineWaiting);
    }

    private void confineWaiting() {
        synchronized (confining) {
            launcher.parked().move();
            slots.values().forEach(this::confineHolder);
        }
    }

    private void confineStarted(ExecutorSlot slot) {
        if (slot.terms.memoryOnly()) {
            synchronized (confining) {
                confineHolder(slot);
            }
        }
    }

    private void confineHolder(ExecutorSlot slot) {
        if (slot.terms.memoryOnly()) {
            confine(slot, cpus.toReal(stillness.forHolders(cores)));
        }
    }

    private static void confine(ExecutorSlot slot, CpuSet realCpus) {
        ExecutorProcess process = slot.process;
        Cgroup cgroup = process == null ? null : process.cgroup();
        if (cgroup != null) {
            try {
                cgroup.limit(new Cgroup.Limits(realCpus, 0, 0));
            } catch (OffcutException e) {
                // It ends.
                log.debug("{}", e.getMessage());
            }
        }
    }

    private boolean isClosed() {
        return closed;
    }

    private boolean keep(ExecutorSlot slot, ExecutorProcess process, EndReason reason) {
        return kept.keep(slot, ExecutorLog.file(store.folder(slot.leaseId())), process, reason);
    }

    private void resume(ExecutorSlot slot) {
        ExecutorProcess process = slot.process;
        if (process != null) {
            watch(slot, process);
        }
    }

    /** This is offered now: these logical CPUs, and so much memory that no lease has. */
    public void offered(CpuSet offeredCores, long unleasedBytes) {
        stillness.offered(offeredCores);
        parking.offered(unleasedBytes);
    }

    /** The same when it is leases that took some or left it. */
    public void leased(long unleasedBytes) {
        parking.leased(unleasedBytes);
    }

    /**
     * Starts an executor; {@link #serving} tells when it serves. Clients on this host may be on
     * their way by then, to {@link #channels}.
     */
    public void start(LeaseTerms terms, int generation) {
        Regions regions = launcher.regions(terms);
        ExecutorSlot slot = new ExecutorSlot(terms, generation, launcher.newSecret(), regions);
        slots.put(terms.leaseId(), slot);
        stillness.began(slot);
        try {
            regions.make();
        } catch (OffcutException e) {
            log.warn("lease {}: {}", terms.leaseId(), e.getMessage());
            workers.execute(() -> failed(slot, e));
            return;
        }
        workers.execute(() -> launch(slot, true));
    }

    private void launch(ExecutorSlot slot, boolean mayBeKept) {
        try {
            BundleCache.Ready bundle = bundle(slot);
            slot.lock.lock();
            try {
                if (slot.cancelled || closed || slot.startsAfterThaw()) {
                    return;
                }
                ExecutorProcess process = process(slot, bundle, mayBeKept);
                if (process == null) {
                    return;
                }
                slot.started(process);
                confineStarted(slot);
                watch(slot, process);
                parking.refillLater();
            } finally {
                slot.lock.unlock();
            }
        } catch (OffcutException e) {
            log.warn("lease {}: {}", slot.leaseId(), e.getMessage());
            failed(slot, e);
        } catch (RuntimeException | Error e) {
            log.error("lease {}: a defect while its executor was started", slot.leaseId(), e);
            failed(slot, new OffcutException(ErrorCode.INTERNAL, "see the node's log", e));
        }
    }

    private BundleCache.Ready bundle(ExecutorSlot slot) {
        return slot.terms.memoryOnly()
                ? new BundleCache.Ready(Path.of("/nonexistent"), List.of())
                : bundles.ready(slot.terms.bundle());
    }

    private @Nullable ExecutorProcess process(
            ExecutorSlot slot, BundleCache.Ready bundle, boolean mayBeKept) {
        Kept before = mayBeKept ? kept.take(slot.terms) : null;
        if (before != null) {
            slot.earlierLeases = before.leases();
            try {
                return launcher.launch(slot, bundle, before);
            } catch (OffcutException e) {
                // It may have been killed while it waited.
                log.debug("lease {}: not the executor that was kept: {}", slot.leaseId(), e);
                slot.released();
            }
        }
        slot.earlierLeases = 0;
        return launcher.launch(slot, bundle, null);
    }

    // The slot stays until the next start or the end of the lease: who waits finds out why.
    private void failed(ExecutorSlot slot, OffcutException why) {
        slot.released();
        if (slot.regions != null) {
            slot.regions.remove(InvocationStatus.CRASHED);
        }
        slot.serving.completeExceptionally(why);
        if (!slot.cancelled) {
            listener.died(slot.leaseId(), slot.generation);
        }
    }

    private void watch(ExecutorSlot slot, ExecutorProcess process) {
        var _ = process.gone().thenAcceptAsync(how -> gone(slot, process, how), workers);
        requireServing(slot, process, TimeUnit.MILLISECONDS.toNanos(config.startTimeoutMillis()));
    }

    /** What it stands still meanwhile, for a job, it gets on top. */
    private void requireServing(ExecutorSlot slot, ExecutorProcess process, long withinNanos) {
        long stoodBefore = slot.stoodNanos();
        CompletableFuture.delayedExecutor(withinNanos, TimeUnit.NANOSECONDS, workers)
                .execute(() -> {
                    long stood = slot.stoodNanos() - stoodBefore;
                    if (stood > 0 && !slot.serving.isDone()) {
                        requireServing(slot, process, stood);
                    } else {
                        requireServing(slot, process);
                    }
                });
    }

    private void requireServing(ExecutorSlot slot, ExecutorProcess process) {
        slot.lock.lock();
        try {
            boolean present = Objects.equals(slot.process, process);
            if (present && !slot.serving.isDone() && !slot.cancelled && !closed) {
                log.warn(
                        "lease {}: its executor did not answer within {} ms and is ended",
                        slot.leaseId(),
                        config.startTimeoutMillis());
                slot.dies();
                process.kill(KILL_MILLIS);
            }
        } finally {
            slot.lock.unlock();
        }
    }

    private void gone(ExecutorSlot slot, ExecutorProcess process, String how) {
        // At once, before anything that may take time: clients wait.
        process.endRegions(InvocationStatus.CRASHED);
        slot.lock.lock();
        try {
            if (slot.cancelled || closed) {
                return;
            }
            String said = ExecutorLog.said(store.folder(slot.leaseId()));
            log.warn("lease {}: its executor {}{}", slot.leaseId(), how, said);
            slot.dies();
            process.kill(KILL_MILLIS);
            process.remove();
            if (slot.earlierLeases > 0 && !slot.serving.isDone()) {
                // Nothing of the lease has run: it may have been killed while it waited.
                slot.released();
                workers.execute(() -> launch(slot, false));
                return;
            }
            failed(
                    slot,
                    new OffcutException(
                            ErrorCode.FUNCTION_FAILED,
                            "the executor of lease " + slot.leaseId() + " " + how + said));
        } finally {
            slot.lock.unlock();
        }
    }

    /**
     * Stops the lease's executor at this moment. Asks the kernel and does not wait: see {@link
     * #awaitFrozen}.
     */
    public void freeze(String leaseId) {
        ExecutorSlot slot = slots.get(leaseId);
        if (slot != null) {
            slot.freezeForGood();
        }
    }

    /**
     * A job has these cores, or may get them: what runs on them stands still from now on, and
     * nothing starts there. What stood still on others for that goes on. Asks the kernel and does
     * not wait: see {@link #awaitFrozen}. Until it is first called everything that was taken over
     * from an earlier daemon stays as it was, and nothing starts.
     */
    public void standStill(CpuSet wanted) {
        stillness.want(wanted);
    }

    /**
     * Waits until all that was to stand still does, and what waits for a lease is off the cores
     * that are not free.
     *
     * @return false when it did not within this time
     */
    public boolean awaitFrozen(long timeoutMillis) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        boolean leased = ExecutorEnd.awaitFrozen(slots.values(), deadline);
        return launcher.parked().awaitAllowed(deadline) && leased;
    }

    /**
     * Ends and removes all of a lease, then tells the listener. Of a lease of memory only that ends
     * unforeseen clients have the memory for its grace first.
     */
    public void evict(String leaseId, EndReason reason) {
        ExecutorSlot slot = slots.get(leaseId);
        if (slot == null) {
            listener.evicted(leaseId, reason, 0);
            return;
        }
        long begun = System.nanoTime();
        long graceMillis = ExecutorEnd.graceMillis(slot, reason, config.memoryGraceMillis());
        if (graceMillis == 0) {
            ExecutorEnd.cancel(slot, reason);
        } else {
            ExecutorEnd.warn(slot);
        }
        Executor afterGrace =
                CompletableFuture.delayedExecutor(graceMillis, TimeUnit.MILLISECONDS, workers);
        (graceMillis == 0 ? workers : afterGrace)
                .execute(() -> {
                    end.evict(slot, reason, () -> slots.remove(leaseId, slot));
                    listener.evicted(leaseId, reason, System.nanoTime() - begun);
                });
    }

    /** Completes when that executor serves; fails with an OffcutException when it never will. */
    public CompletableFuture<Serving> serving(String leaseId, int generation) {
        ExecutorSlot slot = slots.get(leaseId);
        return slot != null && slot.generation == generation
                ? slot.serving.copy()
                : CompletableFuture.failedFuture(
                        new OffcutException(
                                ErrorCode.FUNCTION_FAILED,
                                "the executor of lease " + leaseId + " ended; open it again"));
    }

    /** The shared memory where the lease's workers serve, or will; none when it is not known. */
    public List<ChannelDescriptor> channels(String leaseId) {
        ExecutorSlot slot = slots.get(leaseId);
        return slot == null || slot.regions == null ? List.of() : slot.regions.channels();
    }

    /** What can be seen of a lease's executor; null when it has none. */
    public @Nullable Seen seen(String leaseId) {
        ExecutorSlot slot = slots.get(leaseId);
        ExecutorProcess process = slot == null ? null : slot.process;
        return slot == null || process == null
                ? null
                : new Seen(
                        slot.generation,
                        process.pid(),
                        cpus.toReal(slot.terms.cores()),
                        process.memoryBytes());
    }

    /** All executors that run now, so that their load is not taken for somebody else's. */
    public List<OwnExecutor> own() {
        Map<String, OwnExecutor> own = new HashMap<>();
        // First, because they become executors of leases meanwhile; each counts once.
        launcher.parked().own().forEach(parked -> own.put(parked.id(), parked));
        kept.own().forEach(waiting -> own.put(waiting.id(), waiting));
        for (ExecutorSlot slot : slots.values()) {
            ExecutorProcess process = slot.process;
            if (process != null) {
                OwnExecutor leased = process.own(slot.terms.cores());
                own.put(leased.id(), leased);
            }
        }
        Process archiving = launcher.archive().making();
        if (archiving != null) {
            own.put("archive", new OwnExecutor("archive", cores, null, archiving.pid()));
        }
        return List.copyOf(own.values());
    }

    /** Looks at what every executor has used, and bounds its log. Blocks shortly. */
    public void sample() {
        for (ExecutorSlot slot : slots.values()) {
            ExecutorProcess process = slot.process;
            if (process != null && !slot.cancelled) {
                ExecutorLog.bound(store.folder(slot.leaseId()));
                listener.used(slot.leaseId(), slot.generation, used(slot, process));
            }
        }
    }

    /** Who stands still, or waits for a job's cores, does not poll: that takes CPU time. */
    private static LeaseUsage used(ExecutorSlot slot, ExecutorProcess process) {
        LeaseUsage said = slot.used;
        long cpuMicros = process.cpuMicros();
        return new LeaseUsage(
                said.invocations(),
                cpuMicros,
                0,
                said.executingMicros(),
                Math.min(said.hotPollingMicros(), cpuMicros));
    }

    /** Stops listening to executors. Those that still live end by themselves in a while. */
    @Override
    public void close() {
        closed = true;
        talk.close();
        parking.close();
        leftOvers.close(slots.isEmpty());
    }

    private void ready(
            String leaseId,
            int generation,
            List<ChannelDescriptor> channels,
            List<String> problems) {
        workers.execute(() -> serves(leaseId, generation, channels, problems));
    }

    private void serves(
            String leaseId,
            int generation,
            List<ChannelDescriptor> channels,
            List<String> problems) {
        ExecutorSlot slot = slots.get(leaseId);
        if (slot == null || slot.generation != generation || slot.cancelled) {
            log.info("executor of lease {} generation {} is not wanted", leaseId, generation);
            talk.end(leaseId, InvocationStatus.REVOKED);
            return;
        }
        problems.forEach(problem -> log.warn("lease {}: its executor {}", leaseId, problem));
        // While the start is under way its process is not known yet.
        slot.lock.lock();
        try {
            ExecutorProcess process = slot.process;
            if (process == null) {
                return;
            }
            List<FunctionSpec> functions = bundle(slot).functions();
            launcher.handOver(slot.terms, process);
            slot.serving.complete(
                    new Serving(
                            SaidChannels.usable(slot.terms, process.record(), channels),
                            functions));
        } catch (OffcutException e) {
            log.warn("lease {}: {}", leaseId, e.getMessage());
            slot.serving.completeExceptionally(e);
        } finally {
            slot.lock.unlock();
        }
        listener.ready(leaseId, generation);
    }
}
