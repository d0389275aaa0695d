package io.offcut.node.internal.sensing;

import io.offcut.core.CpuSet;
import io.offcut.core.OffcutException;
import io.offcut.core.Offer;
import io.offcut.core.SharePolicy;
import io.offcut.linux.CpuMap;
import io.offcut.linux.CpuTopology;
import io.offcut.monitor.AllocationSource;
import io.offcut.monitor.Allocations;
import io.offcut.node.NodeConfig;
import io.offcut.node.NodeStatus;
import io.offcut.node.internal.link.JobAnnouncer;
import io.offcut.slurm.CpuIdMap;
import io.offcut.slurm.JobAllocation;
import io.offcut.slurm.JobEventServer;
import io.offcut.slurm.JobEventServerConfig;
import io.offcut.slurm.JobEvents;
import io.offcut.slurm.JobHolding;
import io.offcut.slurm.JobStart;
import io.offcut.slurm.NodeAllocations;
import io.offcut.slurm.SlurmCommands;
import io.offcut.slurm.SlurmNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Slurm has given out on this node: asked at start, and when something is in doubt, never on a
 * clock; heard from the plugin in Slurm's daemons. Safe for use by any thread.
 *
 * <p>A job that comes is answered when the functions on its cores stand still: first on those that
 * it will likely have, then on those that it has. What follows from it, that leases end and others
 * go on, comes after.
 */
final class SlurmSide implements AllocationSource, JobEvents, AutoCloseable {
    /** What follows from a job's coming and going. */
    interface Watcher {
        /** Functions on exactly these cores stand still from now on; the others go on. */
        void standStill(CpuSet cores);

        /** Waits until they do; false when they do not in time. */
        boolean awaitStill(long timeoutMillis);

        /** A job was kept waiting so long by what happened. */
        void jobWaited(String event, long nanos);

        /** Look at the node soon. */
        void look();
    }

    private static final Logger log = LoggerFactory.getLogger(SlurmSide.class);
    private static final long FIRST_PAUSE_MILLIS = 500;
    private static final long MAX_PAUSE_MILLIS = 60_000;
    private static final int REHEARSALS = 20;

    /** For an answer of the controller, which no job waits for. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    /** So long after its prolog a job's first step must have told what the job holds. */
    private static final long EXPECTED_MILLIS = 2_000;

    private final long jobWaitMillis;
    private final long memoryBytes;
    private final String schedulerUrl;
    private final JobAnnouncer announcer;
    private final SharePolicy defaultShare;
    private final int gpuCount;
    private final NodeAllocations allocations;
    private final Watcher watcher;
    private final Path jobSocket;
    private final Executor workers = Thread::startVirtualThread;
    private final AtomicBoolean reconciling = new AtomicBoolean();

    /** Jobs whose cores were not free in time when a step asked last. */
    private final Set<String> late = ConcurrentHashMap.newKeySet();

    private final GoneJobs goneJobs = new GoneJobs();

    /** Jobs whose cores are known and not taken out of the offers yet. */
    private final Map<String, CpuSet> fresh = new HashMap<>();

    private @Nullable JobEventServer server;
    private volatile boolean inDoubt;
    private volatile boolean closed;

    /**
     * Asks for the jobs that are here; {@link #listen} then. Blocks at most for the question.
     *
     * @param cores logical CPUs of the node
     * @param announcer hears of jobs that want workers; closed with this
     */
    SlurmSide(
            NodeConfig config,
            CpuSet cores,
            long memoryBytes,
            CpuMap cpus,
            JobAnnouncer announcer,
            Watcher watcher) {
        this.schedulerUrl = config.schedulerUrl();
        this.announcer = announcer;
        this.jobSocket = Path.of(config.jobSocket());
        this.jobWaitMillis = config.jobWaitMillis();
        this.memoryBytes = memoryBytes;
        this.defaultShare = config.defaultShare();
        this.watcher = watcher;
        SlurmCommands commands =
                config.slurmConf().isEmpty()
                        ? SlurmCommands.ofSite(PATIENCE)
                        : SlurmCommands.ofConfiguration(Path.of(config.slurmConf()), PATIENCE);
        Optional<SlurmNode> node = slurmNode(commands, config.name());
        this.gpuCount = node.map(SlurmNode::gpus).orElse(0);
        CpuIdMap ids =
                cpus.isIdentity()
                        ? CpuIdMap.ofCores(
                                CpuTopology.read(CpuTopology.SYS_CPU).cores(),
                                node.map(SlurmNode::cpus).orElse(cores.size()))
                        : CpuIdMap.identity();
        this.allocations = new NodeAllocations(config.name(), cores, memoryBytes, commands, ids);
        rehearse(new NodeAllocations(config.name(), cores, memoryBytes, commands, ids));
        this.inDoubt = !allocations.reconcile();
    }

    /**
     * Hears of jobs from now on, and asks again: those that came or went since the first question
     * told nobody. Once; blocks at most for the question.
     */
    void listen() {
        server =
                JobEventServer.start(
                        JobEventServerConfig.at(jobSocket)
                                .withAnswerTimeout(Duration.ofMillis(jobWaitMillis)),
                        this);
        if (inDoubt || !allocations.reconcile()) {
            reconcileLater();
        }
    }

    // The first job must not wait while this process loads classes.
    private static void rehearse(NodeAllocations nowhere) {
        for (int i = 0; i < REHEARSALS; i++) {
            nowhere.jobStarting(new JobStart("1", 1, null));
            nowhere.jobAllocated(new JobAllocation("1", "extern", CpuSet.of(0), 1, -1, null, null));
            log.trace("rehearsed {}", nowhere.snapshot());
            nowhere.jobEnded("1");
        }
    }

    private static Optional<SlurmNode> slurmNode(SlurmCommands commands, String name) {
        try {
            return commands.nodes().stream().filter(node -> node.name().equals(name)).findFirst();
        } catch (OffcutException e) {
            log.warn("taking Slurm's CPUs for all of this machine's: {}", e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public Allocations current() {
        NodeAllocations.Snapshot now = allocations.snapshot();
        CpuSet ofJobs = CpuSet.empty();
        List<Allocations.JobShare> shares = new ArrayList<>();
        for (JobHolding job : now.jobs().values()) {
            if (job.evidence() != JobHolding.Evidence.EXPECTED) {
                ofJobs = ofJobs.plus(job.cores());
                shares.add(share(job));
            }
        }
        if (!ofJobs.containsAll(now.heldCores())) {
            return new Allocations.Unknown();
        }
        return new Allocations.Known(
                false,
                now.memoryTracked() ? memoryBytes : 0,
                Offer.UNKNOWN_UNTIL,
                shares,
                idleGpus(now.jobs().values()));
    }

    /** The jobs here, for whoever looks at the node. */
    List<NodeStatus.Job> jobs() {
        return allocations.snapshot().jobs().values().stream()
                .map(job ->
                        new NodeStatus.Job(
                                job.jobId(),
                                job.evidence().name(),
                                job.cores(),
                                job.memoryBytes(),
                                share(job).policy().shared(),
                                allocations.steps(job.jobId())))
                .sorted(Comparator.comparing(NodeStatus.Job::jobId))
                .toList();
    }

    private CpuSet idleGpus(Collection<JobHolding> jobs) {
        CpuSet idle = gpuCount == 0 ? CpuSet.empty() : CpuSet.range(0, gpuCount - 1);
        for (JobHolding job : jobs) {
            CpuSet held = job.gpus();
            idle = held == null ? CpuSet.empty() : idle.minus(held);
        }
        return idle;
    }

    private Allocations.JobShare share(JobHolding job) {
        Instant end = job.expectedEnd();
        SharePolicy asked = job.share() == null ? defaultShare : job.share();
        return new Allocations.JobShare(
                job.jobId(),
                job.cores(),
                job.memoryBytes(),
                end == null ? Offer.UNKNOWN_UNTIL : end.toEpochMilli(),
                // Whose record could not be read may have asked to be left alone.
                job.evidence() == JobHolding.Evidence.TOLD ? asked : SharePolicy.EXCLUSIVE,
                Allocations.JobUse.UNKNOWN);
    }

    @Override
    public boolean jobStarting(JobStart start) {
        long begun = System.nanoTime();
        JobHolding holding = allocations.jobStarting(start);
        boolean still = holdStill();
        waited("prolog", holding, begun);
        if (holding.evidence() == JobHolding.Evidence.EXPECTED) {
            later(EXPECTED_MILLIS, () -> requireTold(start.jobId()));
        }
        return still;
    }

    private void requireTold(String jobId) {
        JobHolding holding = allocations.snapshot().jobs().get(jobId);
        if (holding != null && holding.evidence() == JobHolding.Evidence.EXPECTED) {
            log.warn(
                    "job {} started {} ms ago and its steps have not told what it holds: asking"
                            + " Slurm; check PrologFlags=Alloc,Contain and plugstack.conf",
                    jobId,
                    EXPECTED_MILLIS);
            reconcileLater();
        }
    }

    @Override
    public Allocated jobAllocated(JobAllocation told) {
        long begun = System.nanoTime();
        JobHolding before;
        JobHolding holding;
        synchronized (fresh) {
            before = allocations.snapshot().jobs().get(told.jobId());
            holding = allocations.jobAllocated(told);
            if (!holding.equals(before) && holding.evidence() == JobHolding.Evidence.TOLD) {
                fresh.put(told.jobId(), holding.cores());
            }
        }
        if (allocations.doubted(told.jobId())) {
            reconcileLater();
        }
        if (holding.equals(before) && !late.contains(told.jobId())) {
            return new Allocated(true, environment(told));
        }
        boolean still = holdStill();
        if (still) {
            late.remove(told.jobId());
        } else {
            late.add(told.jobId());
        }
        waited("allocation", holding, begun);
        watcher.look();
        if (gpuCount > 0 && holding.gpus() == null) {
            // Only its record has them.
            reconcileLater();
        }
        return new Allocated(still, environment(told));
    }

    /** Of a job that wants workers: where its tasks find them. They are asked for meanwhile. */
    private List<String> environment(JobAllocation told) {
        JobAllocation.WorkerWish wish = told.workers();
        if (wish == null) {
            return List.of();
        }
        if (wish.nodeIndex() == 0) {
            announcer.started(
                    told.jobId(),
                    new JobAnnouncer.Wish(
                            told.uid(), wish.workers(), wish.memoryBytes(), wish.function()));
            // Its end may have come while its start waited for the cores.
            if (!allocations.snapshot().jobs().containsKey(told.jobId())) {
                announcer.ended(told.jobId());
            }
        }
        return List.of("OFFCUT_SCHEDULER_URL=" + schedulerUrl, "OFFCUT_JOB=" + told.jobId());
    }

    /** Before a look: what it is going to take into account. */
    Set<String> beforeLook() {
        synchronized (fresh) {
            return Set.copyOf(fresh.keySet());
        }
    }

    /**
     * After the look, and when the offers are what it says: the rest may go on.
     *
     * @param first whether nobody has said yet what may
     */
    void afterLook(Set<String> seen, boolean first) {
        boolean changed;
        synchronized (fresh) {
            changed = fresh.keySet().removeAll(seen);
        }
        if (changed || first) {
            standStill();
        }
    }

    private void waited(String event, JobHolding holding, long begunNanos) {
        long nanos = System.nanoTime() - begunNanos;
        watcher.jobWaited(event, nanos);
        log.info(
                "job {}, {}: cores {} are free after {} us",
                holding.jobId(),
                event,
                holding.cores(),
                nanos / 1_000);
    }

    /**
     * What was seen of jobs. The end of one may have been told to nobody: slurmd was killed, or
     * gave up on this daemon. Its control groups are gone then.
     */
    void looked(Allocations seen) {
        if (seen instanceof Allocations.Known known && goneJobs.look(known.jobs())) {
            reconcileLater();
        }
    }

    private boolean holdStill() {
        standStill();
        boolean still = watcher.awaitStill(jobWaitMillis);
        if (!still) {
            log.warn("an executor does not stand still; its job starts beside it");
        }
        return still;
    }

    // One at a time, so that the last word is the newest.
    private synchronized void standStill() {
        CpuSet cores;
        synchronized (fresh) {
            cores = allocations.snapshot().expectedCores();
            for (CpuSet held : fresh.values()) {
                cores = cores.plus(held);
            }
        }
        watcher.standStill(cores);
    }

    @Override
    public void stepEnded(String jobId, String step) {
        allocations.stepEnded(jobId, step);
    }

    @Override
    public void jobEnded(String jobId) {
        allocations.jobEnded(jobId);
        late.remove(jobId);
        announcer.ended(jobId);
        standStill();
        watcher.look();
    }

    @Override
    public void eventLost() {
        reconcileLater();
    }

    // Only while something is in doubt, with growing pauses: the controller is not to be polled.
    private void reconcileLater() {
        inDoubt = true;
        if (reconciling.compareAndSet(false, true)) {
            reconcileAfter(FIRST_PAUSE_MILLIS);
        }
    }

    private void reconcileAfter(long pauseMillis) {
        later(
                pauseMillis,
                () -> {
                    inDoubt = false;
                    boolean settled = allocations.reconcile();
                    if (settled) {
                        announcer.onlyRunning(id -> allocations.snapshot().jobs().containsKey(id));
                    }
                    standStill();
                    watcher.look();
                    if (!settled || inDoubt) {
                        reconcileAfter(Math.min(MAX_PAUSE_MILLIS, pauseMillis * 2));
                        return;
                    }
                    reconciling.set(false);
                    if (inDoubt) {
                        reconcileLater();
                    }
                });
    }

    private void later(long millis, Runnable task) {
        CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS, workers)
                .execute(() -> {
                    if (!closed) {
                        task.run();
                    }
                });
    }

    @Override
    public void close() {
        closed = true;
        if (server != null) {
            server.close();
        }
        announcer.close();
    }
}
