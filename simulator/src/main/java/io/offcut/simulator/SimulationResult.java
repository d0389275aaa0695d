package io.offcut.simulator;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one simulation found. Core-seconds are exact sums, from the first submission to the end of
 * the last job.
 *
 * @param config what was simulated
 * @param functions null when there were none
 * @param gains null when no job held a core
 * @param idle null when jobs were not placed on nodes
 * @param schedule job by job
 * @param utilization row by row
 * @param harvestable what each policy of offering leaves to functions at most
 * @param events changes of state, each counted once: a job is submitted, starts or ends; a node
 *     goes down or comes back; a node offers something else than before; workers are requested, or
 *     their request ends; a lease begins, ends or is refused; a call comes, is done, dropped,
 *     failed or evicted. Messages and timers by which these come about are not counted
 */
public record SimulationResult(
        SimulationConfig config,
        Batch batch,
        Cores cores,
        @Nullable Functions functions,
        @Nullable Gains gains,
        @Nullable IdleTimes idle,
        JobSchedule schedule,
        List<UtilizationRow> utilization,
        List<Harvestable> harvestable,
        long events) {
    public SimulationResult {
        harvestable = List.copyOf(harvestable);
        utilization = List.copyOf(utilization);
    }

    /**
     * The batch jobs.
     *
     * @param jobs simulated
     * @param unknownJobs left out: the log does not say how long, how large, or for a recorded
     *     schedule when
     * @param tooLargeJobs left out: larger than the machine
     * @param clippedJobs got fewer cores than recorded, because the machine had no more
     * @param clippedCoreSeconds what those did not get
     * @param placedAsRecorded were placed on the nodes that a recorded schedule names
     * @param movedJobs of those, had no room there for all of their cores, which went to other
     *     nodes
     * @param requeues how often a job was killed by an outage and had to run again
     * @param lostJobs were killed by an outage; they ended then
     * @param meanBoundedSlowdown see {@link JobSchedule#boundedSlowdown}
     */
    public record Batch(
            int jobs,
            int unknownJobs,
            int tooLargeJobs,
            int clippedJobs,
            double clippedCoreSeconds,
            int placedAsRecorded,
            int movedJobs,
            int requeues,
            int lostJobs,
            int backfilledJobs,
            double meanWaitSeconds,
            long maxWaitSeconds,
            double meanBoundedSlowdown) {}

    /**
     * Where the core-seconds of the machine went. {@code job + idle + down = capacity}; {@code work
     * ≤ job ≤ allocated}; {@code harvested ≤ leased ≤ offered ≤ idle} and what jobs were measured
     * not to use.
     *
     * @param spanSeconds first submission to last end
     * @param capacity all cores, all the time
     * @param job jobs computed, slowed by functions or not
     * @param work of that, what jobs would have computed without functions beside them
     * @param allocated jobs held the cores
     * @param idle no job computed, and the node was not down
     * @param down no job held the core, and its node took none
     * @param offered idle for the hold-off and advertised; held by no job unless underused cores
     *     were offered too
     * @param leased given to functions
     * @param harvested leased and past the start-up: functions computed
     * @param utilization work over capacity
     * @param utilizationWithFunctions work plus harvested over capacity
     */
    public record Cores(
            double spanSeconds,
            double capacity,
            double job,
            double work,
            double allocated,
            double idle,
            double down,
            double offered,
            double leased,
            double harvested,
            double utilization,
            double utilizationWithFunctions) {}

    /**
     * Functions.
     *
     * @param requests that came; 1 for the standing request
     * @param timedOutRequests gave up before or while they waited
     * @param leases that were opened
     * @param reclaims leases that a batch job ended
     * @param refusals grants that crossed a change of their node
     * @param meanLeaseSeconds of all leases; those open at the end count up to it
     * @param harvestedShareOfIdle harvested over core-seconds that were idle, or of jobs that were
     *     measured not to use them and offered
     * @param executorStarts how leases found their executors
     * @param calls null where work is not made of single calls
     * @param offloading null where no jobs offload
     * @param slowdown of jobs by functions beside them
     * @param delays of jobs by leases on their cores
     */
    public record Functions(
            long requests,
            long timedOutRequests,
            long leases,
            long reclaims,
            long refusals,
            double meanLeaseSeconds,
            double harvestedShareOfIdle,
            Starts executorStarts,
            Memory memory,
            @Nullable Calls calls,
            @Nullable Offloading offloading,
            Slowdown slowdown,
            Delays delays) {}

    /**
     * Jobs that could begin their work only after their start, when leases had left their cores.
     *
     * @param jobs how many
     * @param totalSeconds of all of them
     */
    public record Delays(long jobs, double totalSeconds) {}

    /** Executors that were started for a lease, or waited for it. */
    public record Starts(long cold, long prewarmed, long kept) {}

    /**
     * Memory that leases held.
     *
     * @param leasedByteSeconds beside cores
     * @param memoryOnlyLeases on nodes without an idle core
     * @param memoryOnlyReclaims of those, how many a job ended
     */
    public record Memory(
            double leasedByteSeconds,
            long memoryOnlyLeases,
            long memoryOnlyReclaims,
            double memoryOnlyByteSeconds) {}

    /**
     * Invocations. {@code invocations = done + dropped + failed + unfinished}.
     *
     * @param dropped waited longer than they wanted to
     * @param failed were on a lease that ended, and may not be called twice
     * @param unfinished waited or ran when the simulation ended
     * @param evictions were on a lease that ended; one call may be so several times
     * @param retries of these, how many were called again
     * @param lostCoreSeconds computed for nothing, because of evictions; not part of what was
     *     harvested
     * @param latency arrival to result of those that are done
     */
    public record Calls(
            long invocations,
            long done,
            long dropped,
            long failed,
            long unfinished,
            long evictions,
            long retries,
            double lostCoreSeconds,
            Latency latency) {}

    /**
     * Times in milliseconds, told apart to a hundredth.
     *
     * @param histogram calls by time, each bucket twice as wide as the one before
     */
    public record Latency(
            double meanMillis,
            double p50Millis,
            double p90Millis,
            double p99Millis,
            double p999Millis,
            double maxMillis,
            List<Bucket> histogram) {
        public Latency {
            histogram = List.copyOf(histogram);
        }
    }

    /** So many calls took up to so long, and longer than the bucket before. */
    public record Bucket(double upToMillis, long calls) {}

    /**
     * Batch jobs that let leases do part of their work.
     *
     * @param runSeconds of all of them without leases
     * @param tookSeconds with them
     * @param makespanGain how much shorter, over what it was
     */
    public record Offloading(
            long jobs, double runSeconds, double tookSeconds, double makespanGain) {}

    /**
     * Run time of jobs beside functions over that alone, all jobs counted alike.
     *
     * @param slowedJobs above 1
     */
    public record Slowdown(
            int slowedJobs, double mean, double p50, double p90, double p99, double max) {}

    /**
     * What a policy of offering leaves to functions at most: no hold-off, no start-up, every piece
     * of use. Taken from the schedule and from what the log measured of its jobs. Memory is counted
     * node by node, none on nodes that are down; where no job of the log tells of memory, it goes
     * with the cores.
     *
     * @param policy {@code none}; {@code unallocated}, what no job holds; {@code underused}, that
     *     and what jobs hold and were not measured to use
     * @param coreShare of capacity
     * @param memoryShare of the memory of the machine
     * @param jobsMeasured jobs of which the log tells CPU time, or memory
     */
    public record Harvestable(
            String policy,
            double coreSeconds,
            double coreShare,
            double memoryByteSeconds,
            double memoryShare,
            int jobsMeasured) {}

    /**
     * How much more machine the same work, jobs and functions, would hold without Offcut; 0.1 is a
     * tenth more. The two baselines can differ by an order of magnitude, so both are given. Neither
     * counts what the batch system does by itself. Jobs are as long as without functions, and of
     * what functions harvested goes off what jobs handed over to them and what jobs held longer for
     * them: {@code won}.
     *
     * <p>Whole nodes: each job holds whole nodes, functions run packed on nodes of their own, where
     * with Offcut they need none: {@code (wholeNodeJob + won) / wholeNodeJob − 1}. In this schedule
     * such jobs may exceed the machine; what exceeds it is told, and stays part of what they hold,
     * since it would have to be held at another time.
     *
     * <p>Ideal sharing: everything holds exactly its cores and nothing is lost in between, beside
     * what jobs hold here: {@code (job + won) / held − 1}. It is below 0 when jobs that hold whole
     * nodes waste more than functions win back.
     *
     * @param wholeNodeJobCoreSeconds what the jobs would hold as whole nodes: {@code Σ ⌈cores /
     *     coresPerNode⌉ · coresPerNode · run}, with the cores of the largest node
     * @param wholeNodeExcessCoreSeconds of that, what is beyond the nodes of the machine at its
     *     time
     * @param wholeNodeExcessTimeShare of the time, in how much there is such
     * @param heldCoreSeconds what the jobs would hold in this schedule without functions
     * @param wonCoreSeconds by functions, as above
     */
    public record Gains(
            double wholeNodeJobCoreSeconds,
            double wholeNodeExcessCoreSeconds,
            double wholeNodeExcessTimeShare,
            double heldCoreSeconds,
            double wonCoreSeconds,
            double overWholeNodes,
            double overIdealSharing) {}

    /**
     * How long nodes and cores stayed without a job, in seconds; cut off at both ends of the
     * simulation.
     *
     * @param nodeSeconds while no job held any core of a node
     * @param coreSeconds while no job held a core; they sum up to what no job held
     */
    public record IdleTimes(Distribution nodeSeconds, Distribution coreSeconds) {}

    /**
     * Mean numbers of cores over a stretch of time.
     *
     * @param second start of the stretch, in seconds of the log
     */
    public record UtilizationRow(
            long second,
            double jobCores,
            double allocatedCores,
            double offeredCores,
            double leasedCores,
            double harvestedCores) {}
}
