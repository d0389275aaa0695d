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
 * @param events that were handled: submissions, starts and ends of jobs, and what functions asked
 *     for
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
        long events) {
    public SimulationResult {
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
            int requeues,
            int lostJobs,
            int backfilledJobs,
            double meanWaitSeconds,
            long maxWaitSeconds,
            double meanBoundedSlowdown) {}

    /**
     * Where the core-seconds of the machine went. {@code job + idle + down = capacity}; {@code job
     * ≤ allocated}; {@code harvested ≤ leased ≤ offered ≤ idle}.
     *
     * @param spanSeconds first submission to last end
     * @param capacity all cores, all the time
     * @param job jobs computed
     * @param allocated jobs held the cores
     * @param idle no job computed, and the node was not down
     * @param down no job held the core, and its node took none
     * @param offered idle for the hold-off and advertised; held by no job unless underused cores
     *     were offered too
     * @param leased given to functions
     * @param harvested leased and past the start-up: functions computed
     * @param utilization job over capacity
     * @param utilizationWithFunctions job plus harvested over capacity
     */
    public record Cores(
            double spanSeconds,
            double capacity,
            double job,
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
     * @param harvestedShareOfIdle harvested over idle core-seconds
     */
    public record Functions(
            long requests,
            long timedOutRequests,
            long leases,
            long reclaims,
            long refusals,
            double meanLeaseSeconds,
            double harvestedShareOfIdle) {}

    /**
     * How much more machine the same work, jobs and functions, would hold without Offcut; 0.1 is a
     * tenth more. The two baselines can differ by an order of magnitude, so both are given. Neither
     * counts what the batch system does by itself.
     *
     * <p>Whole nodes: each job holds whole nodes, functions run packed on nodes of their own, where
     * with Offcut they need none: {@code (wholeNodeJob + harvested) / wholeNodeJob − 1}.
     *
     * <p>Ideal sharing: everything holds exactly its cores and nothing is lost in between, beside
     * what jobs hold here: {@code (job + harvested) / allocated − 1}. It is below 0 when jobs that
     * hold whole nodes waste more than functions win back.
     *
     * @param wholeNodeJobCoreSeconds what the jobs would hold as whole nodes: {@code Σ ⌈cores /
     *     coresPerNode⌉ · coresPerNode · run}
     */
    public record Gains(
            double wholeNodeJobCoreSeconds, double overWholeNodes, double overIdealSharing) {}

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
