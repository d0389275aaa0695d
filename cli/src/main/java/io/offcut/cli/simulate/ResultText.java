package io.offcut.cli.simulate;

import io.offcut.cli.output.Choice;
import io.offcut.cli.output.Units;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.RunNote;
import io.offcut.simulator.SimulationResult;
import io.offcut.simulator.SimulationResult.Cores;
import io.offcut.simulator.SimulationResult.Functions;
import io.offcut.simulator.SimulationResult.Gains;
import io.offcut.traces.JobTable;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.stream.IntStream;

/** The result of a simulation, for people: lines of at most 80 columns. */
final class ResultText {
    private static final double SECONDS_PER_HOUR = 3600;
    private final PrintWriter out;

    ResultText(PrintWriter out) {
        this.out = out;
    }

    void print(SimulationResult result, RunNote note) {
        printWhat(result, note);
        printOmissions(result.batch());
        omitted(withoutTime(result.config().jobs()), "of the log ran for 0 s: they only wait");
        printCores(result);
        printJobs(result);
        Functions functions = result.functions();
        Gains gains = result.gains();
        if (functions != null) {
            printFunctions(functions);
        }
        if (functions != null && gains != null) {
            printGains(gains);
        }
        if (note.coreHourPrice() != null) {
            printCost(result, note.coreHourPrice());
        }
    }

    private void printWhat(SimulationResult result, RunNote note) {
        ClusterSpec cluster = result.config().cluster();
        line(
                String.format(
                        Locale.ROOT,
                        "%s on %s of %s cores, %.1f days",
                        Units.counted(result.batch().jobs(), "job"),
                        Units.counted(cluster.nodes(), "node"),
                        (cluster.isEven() ? "" : "up to ") + cluster.coresPerNode(),
                        result.cores().spanSeconds() / 86_400));
        note.machine().forEach(this::line);
        line(
                "scheduler "
                        + Choice.name(result.config().batch().scheduler())
                        + ", jobs hold "
                        + Choice.name(result.config().batch().allocation()));
        if (result.config().functions().offersUnderused()) {
            line("with underused=on: what jobs hold and were not measured to use is offered");
            line("too, which node daemons do only on demand");
        }
    }

    private void printOmissions(SimulationResult.Batch jobs) {
        omitted(jobs.unknownJobs(), "left out: no run time, size or recorded wait");
        omitted(jobs.tooLargeJobs(), "left out: larger than the machine");
        omitted(jobs.clippedJobs(), "got fewer cores than recorded");
        omitted(jobs.placedAsRecorded(), "placed on the nodes that the log names");
        omitted(jobs.movedJobs(), "of those had no room there for all cores, and got others");
        line(jobs.requeues(), "run", "cut short by an outage, and begun again");
        omitted(jobs.lostJobs(), "ended by an outage");
    }

    /** Which {@code trace info} counts among those that never ran. */
    private static int withoutTime(JobTable jobs) {
        return (int)
                IntStream.range(0, jobs.size()).filter(row -> jobs.runSeconds(row) == 0).count();
    }

    private void omitted(int jobs, String why) {
        line(jobs, "job", why);
    }

    private void line(int count, String noun, String why) {
        if (count > 0) {
            line(Units.counted(count, noun) + " " + why);
        }
    }

    private void printCores(SimulationResult result) {
        Cores cores = result.cores();
        boolean functions = result.functions() != null;
        line("");
        row("", "jobs", functions ? "with functions" : "");
        row(
                cores.work() < cores.job() ? "utilisation by work done" : "utilisation",
                percent(cores.utilization()),
                functions ? percent(cores.utilizationWithFunctions()) : "");
        line("");
        row("", "core-hours", "of capacity");
        cores("capacity", cores.capacity(), cores);
        cores("jobs compute", cores.job(), cores);
        if (cores.work() < cores.job()) {
            cores("of that, slowed by functions", cores.job() - cores.work(), cores);
        }
        cores("jobs hold", cores.allocated(), cores);
        cores("idle", cores.idle(), cores);
        if (cores.down() > 0) {
            cores("down", cores.down(), cores);
        }
        if (functions) {
            cores("offered", cores.offered(), cores);
            cores("leased", cores.leased(), cores);
            cores("harvested", cores.harvested(), cores);
        }
    }

    private void cores(String label, double coreSeconds, Cores all) {
        row(
                label,
                decimal(coreSeconds / SECONDS_PER_HOUR, 1),
                percent(coreSeconds / Math.max(1, all.capacity())));
    }

    private void printJobs(SimulationResult result) {
        line("");
        row("mean wait, s", decimal(result.batch().meanWaitSeconds(), 1));
        row("mean bounded slowdown", decimal(result.batch().meanBoundedSlowdown(), 2));
        row("backfilled jobs", result.batch().backfilledJobs());
        for (SimulationResult.Harvestable policy : result.harvestable()) {
            if (policy.coreShare() + policy.memoryShare() > 0) {
                row(
                        "to win, cores and memory " + policy.policy(),
                        percent(policy.coreShare()),
                        percent(policy.memoryShare()));
            }
        }
        SimulationResult.IdleTimes idle = result.idle();
        if (idle != null && !idle.nodeSeconds().isEmpty()) {
            row("median idle time of a node, s", decimal(idle.nodeSeconds().percentile(50), 1));
        }
    }

    private void printFunctions(Functions counts) {
        line("");
        row("of idle time harvested", percent(counts.harvestedShareOfIdle()));
        row("leases", counts.leases());
        row("reclaims", counts.reclaims());
        row("mean lease, s", decimal(counts.meanLeaseSeconds(), 1));
        new FunctionText(this::row).print(counts);
    }

    private void printGains(Gains gains) {
        line("");
        row("gain over whole-node allocation", percent(gains.overWholeNodes()));
        if (gains.wholeNodeExcessTimeShare() > 0) {
            row("whole nodes would not fit, of time", percent(gains.wholeNodeExcessTimeShare()));
        }
        row("gain over ideal node sharing", percent(gains.overIdealSharing()));
    }

    private void printCost(SimulationResult result, double coreHourPrice) {
        double priceOfSecond = coreHourPrice / SECONDS_PER_HOUR;
        line("");
        row("price of idle core-hours", decimal(result.cores().idle() * priceOfSecond, 2));
        if (result.functions() != null) {
            row(
                    "price of harvested core-hours",
                    decimal(result.cores().harvested() * priceOfSecond, 2));
        }
    }

    private static String percent(double share) {
        return decimal(100 * share, 2) + "%";
    }

    private static String decimal(double value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private void row(String label, Object value) {
        row(label, value, "");
    }

    private void row(String label, Object first, Object second) {
        line(String.format(Locale.ROOT, "%-36s %16s %16s", label, first, second));
    }

    private void line(String text) {
        out.println(text.stripTrailing());
    }
}
