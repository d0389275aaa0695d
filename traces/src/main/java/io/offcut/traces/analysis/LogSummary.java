package io.offcut.traces.analysis;

import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import io.offcut.traces.SwfLog;
import io.offcut.traces.SwfLog.Window;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a log says of its machine and jobs. All times are in seconds as {@link SwfField#SUBMIT}, all
 * shares between 0 and 1.
 *
 * @param jobs how many there are
 * @param ran how many of them ran: with a run time, processors and, in a log that has waits, a wait
 * @param firstSubmit 0 in a log without jobs, as {@code lastSubmit}
 * @param window the time that is looked at: what was asked for, else when the log was written, else
 *     from the first start to the last end; in a log without waits the time of submissions
 * @param machineProcs cores of the machine; 0 if unknown, and so are then all shares of it
 * @param machineNodes nodes of the machine; 0 if unknown
 * @param hasWaits whether the log tells when jobs started; else it says nothing of a schedule, and
 *     {@code allocated} is what the jobs would need, the offered load
 * @param allocated core time of jobs over that of the machine
 * @param coreHours core time of jobs inside the window
 * @param mostProcs the most cores held at one time; 0 without waits
 * @param allocatedOverTime {@code allocated} in equal parts of the window; empty without waits
 * @param cpu measured use of cores; null if not measured
 * @param memory measured use of memory; null if not measured
 * @param nodesBusy share of node time in which some core of a node is held; −1 without placement
 * @param idle null without waits
 * @param missing for each field, as {@code requested-time}, how many jobs lack it; fields that none
 *     lacks are not in it
 */
public record LogSummary(
        int jobs,
        int ran,
        long firstSubmit,
        long lastSubmit,
        Window window,
        long machineProcs,
        long machineNodes,
        boolean hasWaits,
        double allocated,
        double coreHours,
        long mostProcs,
        List<Double> allocatedOverTime,
        @Nullable CpuUse cpu,
        @Nullable MemoryUse memory,
        double nodesBusy,
        @Nullable IdleLengths idle,
        Map<String, Integer> missing,
        List<Suspicion> suspicious) {
    private static final int PARTS = 60;

    /**
     * Measured use of cores.
     *
     * @param jobs for how many it was measured
     * @param shareOfAllocated CPU time measured over the core time of all jobs
     * @param shareOfMeasured the same, of the core time of the jobs it was measured for
     */
    public record CpuUse(int jobs, double shareOfAllocated, double shareOfMeasured) {}

    /**
     * Measured use of memory.
     *
     * @param jobs for how many it was measured
     * @param medianKibPerProc half of these jobs use no more for each core
     * @param p90KibPerProc nine in ten use no more
     * @param shareOfRequested used over requested, each weighted with the job's run time, of the
     *     jobs for which both are known; −1 if there is none
     */
    public record MemoryUse(
            int jobs, long medianKibPerProc, long p90KibPerProc, double shareOfRequested) {}

    /**
     * Looks at a log.
     *
     * @param procs cores of the machine; 0 for what the log says
     * @param wanted the time to look at; null for all of the log
     */
    public static LogSummary of(SwfLog log, long procs, @Nullable Window wanted) {
        JobTable jobs = log.jobs();
        long nodes = log.header().maxNodes().orElse(0);
        long machine = procs > 0 ? procs : log.header().maxProcs().orElse(nodes);
        JobSums sums = new JobSums(jobs);
        Schedule schedule = new Schedule(jobs);
        if (!sums.hasWaits()) {
            return withoutSchedule(sums, machine, nodes);
        }
        Window observed = log.observed() == null ? schedule.window() : log.observed();
        Window window = wanted == null ? observed : wanted;
        AllocationCurve curve = new AllocationCurve(schedule, window, machine, PARTS);
        boolean placed = !jobs.placements().isEmpty();
        NodeUse nodeUse = new NodeUse(jobs, schedule, window);
        return new LogSummary(
                jobs.size(),
                schedule.rows.length,
                sums.firstSubmit(),
                sums.lastSubmit(),
                window,
                machine,
                nodes,
                true,
                share(curve.coreSeconds(), machine, window.seconds()),
                curve.coreSeconds() / 3600,
                curve.most(),
                curve.parts(),
                sums.cpu(),
                sums.memory(),
                placed ? nodeUse.busyShare() : -1,
                placed ? nodeUse.idle().of("nodes") : curve.idle().of("cores"),
                sums.missing(),
                Suspicions.of(jobs, machine, curve.secondsOver(), curve.most()));
    }

    private static LogSummary withoutSchedule(JobSums sums, long machine, long nodes) {
        Window window = new Window(sums.firstSubmit(), sums.lastSubmit());
        return new LogSummary(
                sums.jobs().size(),
                sums.ran(),
                sums.firstSubmit(),
                sums.lastSubmit(),
                window,
                machine,
                nodes,
                false,
                share(sums.coreSeconds(), machine, window.seconds()),
                sums.coreSeconds() / 3600,
                0,
                List.of(),
                sums.cpu(),
                sums.memory(),
                -1,
                null,
                sums.missing(),
                Suspicions.of(sums.jobs(), machine, 0, 0));
    }

    private static double share(double coreSeconds, long procs, long seconds) {
        double all = (double) procs * seconds;
        return all == 0 ? 0 : coreSeconds / all;
    }
}
