package io.offcut.slurm;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.SharePolicy;
import io.offcut.slurm.JobHolding.Evidence;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which cores and how much memory batch jobs hold on this node.
 *
 * <p>Fed by events, which look nothing up: {@link #jobStarting} foresees which cores the job will
 * have, {@link #jobAllocated} knows them. {@link #reconcile} asks for all jobs of this node; call
 * it at start, and again while {@link Snapshot#settled()} is false, with growing pauses: nothing
 * here polls the controller.
 *
 * <p>In doubt the batch job wins: a job whose record cannot be read holds the whole node, and so
 * does "somebody" until the first reconciliation has succeeded.
 *
 * <p>Safe for any thread. {@link #snapshot} never blocks on Slurm; the other methods that look
 * something up block at most for the time-outs of the {@link JobLookup} they use.
 */
public final class NodeAllocations {
    private static final Logger LOG = LoggerFactory.getLogger(NodeAllocations.class);

    /** Ended jobs that are remembered, because Slurm lists them for a moment longer. */
    private static final int MAX_ENDED = 1024;

    /** Steps of one job that are remembered. */
    private static final int MAX_STEPS = 1024;

    /**
     * All holdings at one moment.
     *
     * @param jobs by job id
     * @param heldCores the operating-system CPUs held by any job; all of the node's while nothing
     *     is known; without those that are only expected to be
     * @param expectedCores the CPUs that jobs will likely have which are just starting
     * @param heldMemoryBytes memory held by all jobs together, never more than the node's
     * @param memoryTracked false if Slurm tracks no memory for some job: measure it instead
     * @param settled false if a reconciliation would tell more: none has succeeded yet, or a job's
     *     record could not be had, or a job was just ending
     */
    public record Snapshot(
            Map<String, JobHolding> jobs,
            CpuSet heldCores,
            CpuSet expectedCores,
            long heldMemoryBytes,
            boolean memoryTracked,
            boolean settled) {
        public Snapshot {
            jobs = Map.copyOf(jobs);
        }
    }

    private final String node;
    private final CpuSet nodeCores;
    private final long nodeMemoryBytes;
    private final JobLookup lookup;
    private final CpuIdMap cpuIds;

    private final Object reconciling = new Object();
    private final Map<String, JobHolding> jobs = new HashMap<>();

    /** Jobs of which a reconciliation may tell more: unread, or just ending. */
    private final Set<String> unsettled = new HashSet<>();

    private final Map<String, Boolean> ended =
            new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                    return size() > MAX_ENDED;
                }
            };
    private @Nullable Set<String> changedSinceReconcileBegan;
    private boolean reconciled;

    /** By job id; of jobs that have not ended. */
    private final Map<String, Set<String>> steps = new HashMap<>();

    /**
     * @param node Slurm's name of this node
     * @param nodeCores all operating-system CPUs of the node
     * @param nodeMemoryBytes memory of the node in bytes
     * @param lookup where records come from
     * @param cpuIds from Slurm's CPU numbers to the operating system's
     */
    public NodeAllocations(
            String node,
            CpuSet nodeCores,
            long nodeMemoryBytes,
            JobLookup lookup,
            CpuIdMap cpuIds) {
        this.node = node;
        this.nodeCores = nodeCores;
        this.nodeMemoryBytes = nodeMemoryBytes;
        this.lookup = lookup;
        this.cpuIds = cpuIds;
    }

    /** What is known now. */
    public synchronized Snapshot snapshot() {
        CpuSet cores = reconciled ? CpuSet.empty() : nodeCores;
        long memoryBytes = reconciled ? 0 : nodeMemoryBytes;
        boolean tracked = true;
        boolean settled = reconciled && unsettled.isEmpty();
        CpuSet expected = CpuSet.empty();
        for (JobHolding job : jobs.values()) {
            if (job.evidence() == Evidence.EXPECTED) {
                expected = expected.plus(job.cores());
                continue;
            }
            cores = cores.plus(job.cores());
            memoryBytes =
                    job.memoryBytes() >= nodeMemoryBytes - memoryBytes
                            ? nodeMemoryBytes
                            : memoryBytes + job.memoryBytes();
            tracked &= job.memoryBytes() > 0;
        }
        return new Snapshot(jobs, cores, expected, memoryBytes, tracked, settled);
    }

    /**
     * A job is about to start here. Which cores it gets is not told yet: those that will likely be
     * its own are foreseen, and all that are free when it gets as many. A job that is known already
     * stays as it is.
     */
    public synchronized JobHolding jobStarting(JobStart start) {
        JobHolding known = jobs.get(start.jobId());
        if (known != null && known.evidence() != Evidence.EXPECTED) {
            return known;
        }
        JobHolding holding =
                new JobHolding(
                        start.jobId(),
                        likelyCores(start.cpus()),
                        0,
                        false,
                        Evidence.EXPECTED,
                        null,
                        start.share(),
                        null);
        unsettled.add(start.jobId());
        put(holding);
        return holding;
    }

    // Slurm takes the first free cores in its own order (select/cons_tres, without other wishes).
    private CpuSet likelyCores(int cpus) {
        Snapshot now = snapshot();
        CpuSet free = nodeCores.minus(reconciled ? now.heldCores() : CpuSet.empty());
        free = free.minus(now.expectedCores());
        if (cpus == 0 || cpus >= free.size()) {
            return free;
        }
        CpuSet likely = CpuSet.empty();
        for (int i = 0; i < nodeCores.size() && likely.size() < cpus; i++) {
            CpuSet next = cpuIds.toOperatingSystem(CpuSet.of(i));
            likely = free.containsAll(next) ? likely.plus(next) : likely;
        }
        return likely.size() < cpus ? free : likely;
    }

    /**
     * What a job holds here, as Slurm tells its steps.
     *
     * @return it as it is known from now on; the same as before when nothing is new
     */
    public synchronized JobHolding jobAllocated(JobAllocation told) {
        Set<String> running = steps.computeIfAbsent(told.jobId(), id -> new TreeSet<>());
        if (running.size() < MAX_STEPS) {
            running.add(told.step());
        }
        JobHolding known = jobs.get(told.jobId());
        if (told.cores().isEmpty()) {
            return known != null && known.evidence() == Evidence.TOLD ? known : any(told, known);
        }
        CpuSet cores = cpuIds.coresToOperatingSystem(told.cores());
        boolean foreign = !nodeCores.containsAll(cores);
        if (foreign) {
            LOG.warn(
                    "job {} is given all of {}: it holds cores {}, which this node has not",
                    told.jobId(),
                    node,
                    told.cores());
        }
        JobHolding holding =
                new JobHolding(
                        told.jobId(),
                        foreign ? nodeCores : cores,
                        told.memoryBytes(),
                        foreign || cores.containsAll(nodeCores),
                        Evidence.TOLD,
                        known == null ? null : known.expectedEnd(),
                        told.share() != null ? told.share() : shareOf(known),
                        known == null ? null : known.gpus());
        if (known != null && holding.equals(known)) {
            return known;
        }
        if (ended.containsKey(told.jobId())) {
            // Heard late, after its end, or requeued without a prolog: its record tells which.
            unsettled.add(told.jobId());
        } else {
            unsettled.remove(told.jobId());
        }
        put(holding);
        return holding;
    }

    /** Whether a reconciliation would tell more of this job. */
    public synchronized boolean doubted(String jobId) {
        return unsettled.contains(jobId);
    }

    // Its record will tell; until then it may be on any core.
    private JobHolding any(JobAllocation told, @Nullable JobHolding known) {
        JobHolding holding =
                new JobHolding(
                        told.jobId(),
                        nodeCores,
                        0,
                        false,
                        Evidence.EXPECTED,
                        null,
                        told.share() != null || known == null ? told.share() : known.share(),
                        null);
        unsettled.add(told.jobId());
        put(holding);
        return holding;
    }

    /** A step has ended here. */
    public synchronized void stepEnded(String jobId, String step) {
        steps.getOrDefault(jobId, new TreeSet<>()).remove(step);
    }

    /** The steps of the job that have begun here and not ended, in no order of time. */
    public synchronized List<String> steps(String jobId) {
        return List.copyOf(steps.getOrDefault(jobId, new TreeSet<>()));
    }

    private synchronized void put(JobHolding holding) {
        jobs.put(holding.jobId(), holding);
        ended.remove(holding.jobId());
        noteChange(holding.jobId());
    }

    /** A job has ended here. Looks nothing up. */
    public synchronized void jobEnded(String jobId) {
        steps.remove(jobId);
        jobs.remove(jobId);
        unsettled.remove(jobId);
        ended.put(jobId, true);
        noteChange(jobId);
    }

    private synchronized void noteChange(String jobId) {
        if (changedSinceReconcileBegan != null) {
            changedSinceReconcileBegan.add(jobId);
        }
    }

    /**
     * Asks for all jobs of this node and puts what is known right. Jobs that start or end in the
     * meantime are as their events say.
     *
     * @return {@link Snapshot#settled()} afterwards; false as well if the controller is silent, in
     *     which case nothing has changed
     */
    public boolean reconcile() {
        synchronized (reconciling) {
            synchronized (this) {
                changedSinceReconcileBegan = new HashSet<>();
            }
            try {
                List<String> ids = lookup.jobIdsOn(node);
                adopt(lookUpAll(ids));
                return snapshot().settled();
            } catch (OffcutException e) {
                LOG.warn("jobs of node {} stay as last known: {}", node, e.getMessage());
                return false;
            } finally {
                synchronized (this) {
                    changedSinceReconcileBegan = null;
                }
            }
        }
    }

    private record Found(Map<String, JobHolding> holdings, Set<String> unsettled) {
        void assume(JobHolding holding) {
            holdings.put(holding.jobId(), holding);
            unsettled.add(holding.jobId());
        }
    }

    private Found lookUpAll(List<String> ids) {
        Found found = new Found(new HashMap<>(), new HashSet<>());
        boolean silent = false;
        for (String id : ids) {
            if (silent) {
                found.assume(wholeNode(id));
                continue;
            }
            try {
                SlurmJob job = lookup.job(id);
                if (job.state().holdsNodes()) {
                    found.holdings().put(id, holding(job));
                }
                if (job.state() == JobState.COMPLETING) {
                    found.unsettled().add(id);
                }
            } catch (OffcutException e) {
                if (e.code() != ErrorCode.NOT_FOUND) {
                    silent = e.code() == ErrorCode.UNREACHABLE;
                    found.assume(wholeNode(id));
                }
            }
        }
        return found;
    }

    private synchronized void adopt(Found found) {
        Set<String> changed =
                changedSinceReconcileBegan == null ? Set.of() : changedSinceReconcileBegan;
        Map<String, JobHolding> before = Map.copyOf(jobs);
        jobs.keySet().retainAll(changed);
        steps.keySet().removeIf(id -> !changed.contains(id) && !found.holdings().containsKey(id));
        unsettled.retainAll(changed);
        found.holdings()
                .forEach((id, holding) -> {
                    if (!changed.contains(id) && !ended.containsKey(id)) {
                        jobs.put(id, withShare(holding, before.get(id)));
                        if (found.unsettled().contains(id)) {
                            unsettled.add(id);
                        }
                    }
                });
        reconciled = true;
    }

    // Only the job's own prolog and steps tell it.
    private static JobHolding withShare(JobHolding holding, @Nullable JobHolding before) {
        return new JobHolding(
                holding.jobId(),
                holding.cores(),
                holding.memoryBytes(),
                holding.wholeNode(),
                holding.evidence(),
                holding.expectedEnd(),
                shareOf(before),
                holding.gpus());
    }

    // Whose prolog was not heard may have asked to be left alone.
    private static @Nullable SharePolicy shareOf(@Nullable JobHolding job) {
        return job == null ? SharePolicy.EXCLUSIVE : job.share();
    }

    private JobHolding holding(SlurmJob job) {
        Optional<NodeAllocation> allocation = job.allocationOn(node);
        if (allocation.isEmpty()) {
            LOG.warn("job {} is given all of {}: its record is not clear", job.jobId(), node);
            return wholeNode(job.jobId());
        }
        CpuSet cores = cpuIds.toOperatingSystem(allocation.get().cores());
        boolean whole = job.exclusive() || cores.containsAll(nodeCores);
        return new JobHolding(
                job.jobId(),
                whole ? cores.plus(nodeCores) : cores,
                allocation.get().memoryBytes(),
                whole,
                Evidence.TOLD,
                job.endTime(),
                null,
                allocation.get().gpus());
    }

    private JobHolding wholeNode(String jobId) {
        return new JobHolding(
                jobId, nodeCores, nodeMemoryBytes, true, Evidence.ASSUMED, null, null, null);
    }
}
