package io.offcut.cli.simulate;

import io.offcut.cli.output.Choice;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.SimulationResult;
import io.offcut.simulator.SimulationResult.Cores;
import java.io.PrintWriter;
import java.util.Locale;

/** The result of a simulation, for people. */
final class ResultText {
    private final PrintWriter out;

    ResultText(PrintWriter out) {
        this.out = out;
    }

    void print(SimulationResult result) {
        ClusterSpec cluster = result.config().cluster();
        Cores cores = result.cores();
        out.printf(
                Locale.ROOT,
                "%d jobs on %d nodes of %s cores, %.1f days, scheduler %s, jobs hold %s%n",
                result.batch().jobs(),
                cluster.nodes(),
                (cluster.isEven() ? "" : "up to ") + cluster.coresPerNode(),
                cores.spanSeconds() / 86_400,
                Choice.name(result.config().batch().scheduler()),
                Choice.name(result.config().batch().allocation()));
        printOmissions(result.batch());
        if (result.config().functions().offerUnderused()) {
            out.println("with --offer-underused: cores that jobs hold and do not compute on are");
            out.println("offered too, which the node daemon does not do");
        }
        out.printf(Locale.ROOT, "%n%-34s %14s %14s%n", "", "batch alone", "with functions");
        out.printf(
                Locale.ROOT,
                "%-34s %13.2f%% %13.2f%%%n",
                "utilisation",
                100 * cores.utilization(),
                100 * cores.utilizationWithFunctions());
        out.printf(Locale.ROOT, "%n%-34s %14s %14s%n", "", "core-hours", "of capacity");
        coreLine("capacity", cores.capacity(), cores);
        coreLine("jobs compute", cores.job(), cores);
        coreLine("jobs hold", cores.allocated(), cores);
        coreLine("idle", cores.idle(), cores);
        if (cores.down() > 0) {
            coreLine("down", cores.down(), cores);
        }
        coreLine("offered", cores.offered(), cores);
        coreLine("leased", cores.leased(), cores);
        coreLine("harvested", cores.harvested(), cores);
        out.printf(
                Locale.ROOT, "%n%-34s %14.1f%n", "mean wait, s", result.batch().meanWaitSeconds());
        out.printf(
                Locale.ROOT,
                "%-34s %14.2f%n",
                "mean bounded slowdown",
                result.batch().meanBoundedSlowdown());
        out.printf(Locale.ROOT, "%-34s %14d%n", "backfilled jobs", result.batch().backfilledJobs());
        printFunctions(result);
    }

    private void printOmissions(SimulationResult.Batch jobs) {
        if (jobs.unknownJobs() + jobs.tooLargeJobs() + jobs.clippedJobs() > 0) {
            out.printf(
                    Locale.ROOT,
                    "%d jobs left out as incomplete, %d as too large; %d got fewer cores than recorded%n",
                    jobs.unknownJobs(),
                    jobs.tooLargeJobs(),
                    jobs.clippedJobs());
        }
        if (jobs.requeues() + jobs.lostJobs() > 0) {
            out.printf(
                    Locale.ROOT,
                    "outages: jobs were killed and ran again %d times, %d jobs were lost%n",
                    jobs.requeues(),
                    jobs.lostJobs());
        }
    }

    private void printFunctions(SimulationResult result) {
        SimulationResult.Functions counts = result.functions();
        if (counts != null) {
            out.printf(Locale.ROOT, "%-34s %14d%n", "leases", counts.leases());
            out.printf(Locale.ROOT, "%-34s %14d%n", "reclaims", counts.reclaims());
            out.printf(Locale.ROOT, "%-34s %14.1f%n", "mean lease, s", counts.meanLeaseSeconds());
            out.printf(
                    Locale.ROOT,
                    "%-34s %13.2f%%%n",
                    "of idle time harvested",
                    100 * counts.harvestedShareOfIdle());
        }
        if (counts != null && counts.requests() > 1) {
            out.printf(Locale.ROOT, "%-34s %14d%n", "requests", counts.requests());
            out.printf(
                    Locale.ROOT,
                    "%-34s %14d%n",
                    "requests that gave up",
                    counts.timedOutRequests());
        }
        SimulationResult.Gains gains = result.gains();
        if (gains != null) {
            out.printf(
                    Locale.ROOT,
                    "%-34s %13.2f%%%n",
                    "gain over whole-node allocation",
                    100 * gains.overWholeNodes());
            out.printf(
                    Locale.ROOT,
                    "%-34s %13.2f%%%n",
                    "gain over ideal node sharing",
                    100 * gains.overIdealSharing());
        }
    }

    private void coreLine(String label, double coreSeconds, Cores cores) {
        out.printf(
                Locale.ROOT,
                "%-34s %14.1f %13.2f%%%n",
                label,
                coreSeconds / 3600,
                100 * coreSeconds / Math.max(1, cores.capacity()));
    }
}
