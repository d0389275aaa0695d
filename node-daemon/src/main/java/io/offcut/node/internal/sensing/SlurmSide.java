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
import io.offcut.slurm.CpuIdMap;
import io.offcut.slurm.JobEventServer;
import io.offcut.slurm.JobEventServerConfig;
import io.offcut.slurm.JobEvents;
import io.offcut.slurm.JobHolding;
import io.offcut.slurm.NodeAllocations;
import io.offcut.slurm.SlurmCommands;
import io.offcut.slurm.SlurmNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Slurm has given out on this node: asked once at start and for each job that starts, never on
 * a clock; heard from the prolog and epilog. Safe for use by any thread.
 */
final class SlurmSide implements AllocationSource, JobEvents, AutoCloseable {
    /** What follows from a job's coming and going. */
    interface Watcher {
        /** Look at the node now; returns when the cores that are no longer free stand still. */
        void jobsChanged(long timeoutMillis) throws InterruptedException;
    }

    private static final Logger log = LoggerFactory.getLogger(SlurmSide.class);
    private static final long FIRST_PAUSE_MILLIS = 500;
    private static final long MAX_PAUSE_MILLIS = 60_000;

    private final long prologDeadlineMillis;
    private final long memoryBytes;
    private final SharePolicy defaultShare;
    private final int gpuCount;
    private final NodeAllocations allocations;
    private final Watcher watcher;
    private final JobEventServer server;
    private final Executor workers = Thread::startVirtualThread;
    private final AtomicBoolean reconciling = new AtomicBoolean();
    private volatile boolean inDoubt;
    private volatile boolean closed;

    /**
     * Listens to jobs, and asks for those that are here. Blocks at most for the first question.
     *
     * @param cores logical CPUs of the node
     */
    SlurmSide(NodeConfig config, CpuSet cores, long memoryBytes, CpuMap cpus, Watcher watcher) {
        this.prologDeadlineMillis = config.prologDeadlineMillis();
        this.memoryBytes = memoryBytes;
        this.defaultShare = config.defaultShare();
        this.watcher = watcher;
        Duration patience = Duration.ofMillis(Math.max(500, prologDeadlineMillis / 2));
        SlurmCommands commands =
                config.slurmConf().isEmpty()
                        ? SlurmCommands.ofSite(patience)
                        : SlurmCommands.ofConfiguration(Path.of(config.slurmConf()), patience);
        Optional<SlurmNode> node = slurmNode(commands, config.name());
        this.gpuCount = node.map(SlurmNode::gpus).orElse(0);
        CpuIdMap ids =
                cpus.isIdentity()
                        ? CpuIdMap.ofCores(
                                CpuTopology.read(CpuTopology.SYS_CPU).cores(),
                                node.map(SlurmNode::cpus).orElse(cores.size()))
                        : CpuIdMap.identity();
        this.allocations = new NodeAllocations(config.name(), cores, memoryBytes, commands, ids);
        if (!allocations.reconcile()) {
            reconcileLater();
        }
        this.server =
                JobEventServer.start(
                        JobEventServerConfig.at(Path.of(config.jobSocket()))
                                .withAnswerTimeout(Duration.ofMillis(prologDeadlineMillis)),
                        this);
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
        for (JobHolding job : now.jobs().values()) {
            ofJobs = ofJobs.plus(job.cores());
        }
        if (!ofJobs.containsAll(now.heldCores())) {
            return new Allocations.Unknown();
        }
        return new Allocations.Known(
                false,
                now.memoryTracked() ? memoryBytes : 0,
                Offer.UNKNOWN_UNTIL,
                now.jobs().values().stream().map(this::share).toList(),
                idleGpus(now));
    }

    private CpuSet idleGpus(NodeAllocations.Snapshot now) {
        CpuSet idle = gpuCount == 0 ? CpuSet.empty() : CpuSet.range(0, gpuCount - 1);
        for (JobHolding job : now.jobs().values()) {
            idle = job.assumed() ? CpuSet.empty() : idle.minus(job.gpus());
        }
        return idle;
    }

    private Allocations.JobShare share(JobHolding job) {
        Instant end = job.expectedEnd();
        return new Allocations.JobShare(
                job.jobId(),
                job.cores(),
                job.memoryBytes(),
                end == null ? Offer.UNKNOWN_UNTIL : end.toEpochMilli(),
                // Whose record could not be read may have asked to be left alone.
                job.assumed() ? SharePolicy.EXCLUSIVE : defaultShare,
                Allocations.JobUse.UNKNOWN);
    }

    @Override
    public void jobStarting(String jobId) throws InterruptedException {
        long begun = System.nanoTime();
        JobHolding holding = allocations.jobStarting(jobId);
        long spent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
        watcher.jobsChanged(Math.max(1, prologDeadlineMillis - spent));
        log.info(
                "job {} starts on cores {}; they are free after {} ms",
                jobId,
                holding.cores(),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
        if (holding.assumed()) {
            reconcileLater();
        }
    }

    @Override
    public void jobEnded(String jobId) {
        allocations.jobEnded(jobId);
        workers.execute(this::tellWatcher);
    }

    @Override
    public void eventLost() {
        reconcileLater();
    }

    private void tellWatcher() {
        try {
            watcher.jobsChanged(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // Only while something is in doubt, with growing pauses: the controller is not to be polled.
    private void reconcileLater() {
        inDoubt = true;
        if (reconciling.compareAndSet(false, true)) {
            reconcileAfter(FIRST_PAUSE_MILLIS);
        }
    }

    private void reconcileAfter(long pauseMillis) {
        CompletableFuture.delayedExecutor(pauseMillis, TimeUnit.MILLISECONDS, workers)
                .execute(() -> {
                    if (closed) {
                        return;
                    }
                    inDoubt = false;
                    boolean settled = allocations.reconcile();
                    tellWatcher();
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

    @Override
    public void close() {
        closed = true;
        server.close();
    }
}
