package io.offcut.cli.simulate;

import io.offcut.cli.output.Choice;
import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.EasySemantics;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Fit;
import io.offcut.simulator.BatchConfig.Scheduler;
import picocli.CommandLine.Option;

/** How jobs are scheduled. */
final class BatchOptions {
    @Option(
            names = "--scheduler",
            paramLabel = "NAME",
            defaultValue = "easy",
            description = "recorded, fcfs, easy or conservative.")
    String scheduler = "";

    @Option(
            names = "--estimates",
            paramLabel = "user|exact",
            defaultValue = "user",
            description = "What the scheduler takes for run times: those asked for, or the true.")
    String estimates = "";

    @Option(
            names = "--easy-semantics",
            paramLabel = "KIND",
            defaultValue = "per-event",
            description =
                    "easy looks at its queue at each submission and end (per-event), or once an"
                            + " instant (per-instant).")
    String easySemantics = "";

    @Option(
            names = "--allocation",
            paramLabel = "cores|nodes",
            defaultValue = "cores",
            description = "What a job holds: its cores, or whole nodes.")
    String allocation = "";

    @Option(
            names = "--fit",
            paramLabel = "KIND",
            defaultValue = "count",
            description =
                    "What must be free for a job to start: so many cores (count), cores of nodes it"
                            + " is placed on (cores), or those with the memory it asks for (memory).")
    String fit = "";

    BatchConfig config() {
        return new BatchConfig(
                Choice.of("--scheduler", Scheduler.class, scheduler),
                Choice.of("--estimates", Estimates.class, estimates),
                Choice.of("--easy-semantics", EasySemantics.class, easySemantics),
                Choice.of("--allocation", Allocation.class, allocation),
                Choice.of("--fit", Fit.class, fit));
    }
}
