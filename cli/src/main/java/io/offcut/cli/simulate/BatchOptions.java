package io.offcut.cli.simulate;

import io.offcut.cli.output.Choice;
import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import picocli.CommandLine.Option;

/** How jobs are scheduled. */
final class BatchOptions {
    @Option(
            names = "--scheduler",
            paramLabel = "NAME",
            defaultValue = "easy",
            description = "recorded, fcfs, easy or easy-instant.")
    String scheduler = "";

    @Option(
            names = "--estimates",
            paramLabel = "KIND",
            defaultValue = "requested",
            description = "What the scheduler takes for the run time: requested or exact.")
    String estimates = "";

    @Option(
            names = "--allocation",
            paramLabel = "cores|nodes",
            defaultValue = "cores",
            description = "What a job holds: its cores, or whole nodes.")
    String allocation = "";

    BatchConfig config() {
        return new BatchConfig(
                Choice.of("--scheduler", Scheduler.class, scheduler),
                Choice.of("--estimates", Estimates.class, estimates),
                Choice.of("--allocation", Allocation.class, allocation));
    }
}
