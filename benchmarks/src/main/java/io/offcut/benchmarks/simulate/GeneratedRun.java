package io.offcut.benchmarks.simulate;

import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.ResultWriter;
import io.offcut.simulator.Simulation;
import io.offcut.simulator.SimulationConfig;
import io.offcut.traces.JobTable;
import io.offcut.traces.JobTraceGenerator;
import io.offcut.traces.JobTraceModel;
import io.offcut.traces.SwfReader;
import java.nio.file.Path;
import java.util.Locale;

/**
 * One measurement in a process of its own, for the limit of its heap: {@code generated JOBS FOLDER}
 * simulates generated jobs and writes the results, {@code replay LOG ROUNDS} replays a schedule
 * with functions, once more than that. Prints what was simulated, jobs or events, and the seconds
 * of each round but the first.
 */
final class GeneratedRun {
    private static final int PROCS = 4096;
    private static final int NODES = 128;

    private GeneratedRun() {}

    public static void main(String[] args) {
        switch (args[0]) {
            case "generated" -> generated(Integer.parseInt(args[1]), Path.of(args[2]));
            case "replay" -> replay(Path.of(args[1]), Integer.parseInt(args[2]));
            default -> throw new IllegalArgumentException("no measurement '" + args[0] + "'");
        }
    }

    private static void generated(int jobs, Path folder) {
        JobTable table =
                JobTraceGenerator.generate(new JobTraceModel(jobs, PROCS, NODES, 0.9, 200, 0), 1)
                        .jobs();
        long from = System.nanoTime();
        SimulationConfig config =
                new SimulationConfig(table, ClusterSpec.of(PROCS, PROCS / NODES))
                        .with(BatchConfig.DEFAULT)
                        .with(FunctionConfig.NONE);
        ResultWriter.write(Simulation.run(config), folder);
        System.out.printf(Locale.ROOT, "%d %.3f%n", jobs, secondsSince(from));
    }

    private static void replay(Path log, int rounds) {
        var jobs = SwfReader.read(log);
        SimulationConfig config =
                new SimulationConfig(jobs.jobs(), ClusterSpec.fromHeader(jobs.header(), 0, 0))
                        .with(
                                new BatchConfig(
                                        BatchConfig.Scheduler.RECORDED,
                                        BatchConfig.Estimates.USER,
                                        BatchConfig.Allocation.CORES));
        long events = Simulation.run(config).events();
        StringBuilder seconds = new StringBuilder();
        for (int round = 0; round < rounds; round++) {
            long from = System.nanoTime();
            Simulation.run(config);
            seconds.append(String.format(Locale.ROOT, " %.3f", secondsSince(from)));
        }
        System.out.println(events + seconds.toString());
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }
}
