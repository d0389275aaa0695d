package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CaseResult.Shape;
import io.offcut.cli.Main;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code offcut map} as a user runs it, its start, its lease and its files included; beside
 * xargs(1) and GNU parallel on the worker's CPU.
 */
final class MapCases {
    private static final int LINES = 1_000_000;
    private static final int COMMANDS = 10_000;
    private static final int PARALLEL_COMMANDS = 500;
    private static final long TIMEOUT_SECONDS = 300;
    private static final long IDLE_TIMEOUT_NANOS = 30_000_000_000L;

    private final Stage stage;
    private final Path dir;
    private final int cpu;
    private final int rounds;

    MapCases(Stage stage, Path dir, int cpu, int rounds) {
        this.stage = stage;
        this.dir = dir;
        this.cpu = cpu;
        this.rounds = rounds;
    }

    CaseResult lines() throws IOException, InterruptedException {
        Path in = numbers("lines", LINES);
        double[] rates = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            Path out = dir.resolve("lines-" + round);
            rates[round] = LINES / seconds(map("bench/echo", in, out));
            if (Files.mismatch(in, out.resolve("results.txt")) >= 0) {
                throw new IllegalStateException("map gave other lines than it got");
            }
        }
        double rate = Rounds.median(rates);
        return CaseResult.throughput(new Shape("map, a million lines", "shm", "map", 6), rate, null)
                .bound(">= 100,000 items/s", rate >= 100_000);
    }

    CaseResult commands() throws IOException, InterruptedException {
        Path in = numbers("commands", COMMANDS);
        Path few = numbers("few", PARALLEL_COMMANDS);
        double[] ours = new double[rounds];
        double[] xargs = new double[rounds];
        double[] parallel = new double[rounds];
        boolean hasParallel = runs("parallel", "--version");
        for (int round = 0; round < rounds; round++) {
            xargs[round] = COMMANDS / seconds(pinned(in, "xargs", "-P", "1", "-n", "1", "true"));
            if (hasParallel) {
                parallel[round] =
                        PARALLEL_COMMANDS / seconds(pinned(few, "parallel", "-j", "1", "true"));
            }
            ours[round] =
                    COMMANDS / seconds(map("bench/true", in, dir.resolve("commands-" + round)));
        }
        double rate = Rounds.median(ours);
        double bare = Rounds.median(xargs);
        double gnu = Rounds.median(parallel);
        return CaseResult.throughput(new Shape("map, command true", "shm", "map", 5), rate, bare)
                .bound(
                        ">= 0.8 x xargs, >= 4 x GNU parallel",
                        rate >= 0.8 * bare && hasParallel && rate >= 4 * gnu)
                .notes(
                        hasParallel
                                ? String.format(Locale.ROOT, "GNU parallel %.0f/s", gnu)
                                : "GNU parallel is not installed");
    }

    private Path numbers(String name, int count) throws IOException {
        Path file = dir.resolve(name + ".in");
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (int i = 0; i < count; i++) {
                out.write(i + "\n");
            }
        }
        return file;
    }

    private ProcessBuilder map(String function, Path in, Path out) throws InterruptedException {
        stage.awaitIdle(IDLE_TIMEOUT_NANOS);
        ProcessBuilder map =
                OtherProcess.of(
                        Main.class,
                        "map",
                        "--lines",
                        "--function",
                        function,
                        "--workers",
                        "1",
                        "--out",
                        out.toString(),
                        in.toString());
        // As the launcher starts it.
        map.command().add(1, "-XX:TieredStopAtLevel=1");
        map.environment().put("OFFCUT_SCHEDULER_URL", stage.schedulerUrl());
        map.environment().put("OFFCUT_USER", "bench");
        return map;
    }

    private ProcessBuilder pinned(Path in, String... command) {
        List<String> line = new ArrayList<>(List.of("taskset", "-c", Integer.toString(cpu)));
        Collections.addAll(line, command);
        return new ProcessBuilder(line).redirectInput(in.toFile());
    }

    private double seconds(ProcessBuilder builder) throws IOException, InterruptedException {
        Path log = dir.resolve("map.log");
        long start = System.nanoTime();
        int exitCode = run(builder, log);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (exitCode != 0) {
            throw new OffcutException(
                    ErrorCode.FUNCTION_FAILED,
                    "bench: '"
                            + String.join(" ", builder.command())
                            + "' ended with "
                            + exitCode
                            + ": "
                            + Files.readString(log).strip());
        }
        return seconds;
    }

    private static int run(ProcessBuilder builder, @Nullable Path log)
            throws IOException, InterruptedException {
        builder.redirectErrorStream(true)
                .redirectOutput(
                        log == null
                                ? ProcessBuilder.Redirect.DISCARD
                                : ProcessBuilder.Redirect.to(log.toFile()));
        Process process = builder.start();
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return -1;
        }
        return process.exitValue();
    }

    private static boolean runs(String... command) throws InterruptedException {
        try {
            return run(new ProcessBuilder(command), null) == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
