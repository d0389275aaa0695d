package io.offcut.benchmarks.colocation;

import io.offcut.benchmarks.invoke.BenchBundles;
import io.offcut.benchmarks.invoke.TempFolder;
import io.offcut.cli.Io;
import io.offcut.cli.output.Table;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.CpuAffinity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut bench colocation}. */
@Command(
        name = "colocation",
        description = {
            "Measures what a batch job loses to functions beside it.",
            "A kernel of HPCC runs on one CPU, and functions of a real node, on the same or another,"
                    + " are frozen and let go in random windows of 100 to 200 ms."
        },
        footerHeading = "%nExample:%n",
        footer = "  offcut bench colocation --rounds 2 --samples pairs.csv")
public final class ColocationCommand implements Callable<Integer> {
    private final Io io;

    @Option(
            names = "--rounds",
            description =
                    "Rounds to measure now; in each, every kernel has 20 pairs of windows under"
                            + " every condition. Default: 5.")
    int rounds = 5;

    @Option(names = "--seed", description = "Of lengths and orders. Default: 1.")
    long seed = 1;

    @Option(
            names = "--samples",
            paramLabel = "FILE",
            description =
                    "Pairs are appended to this file and the report is of all that are in it, so"
                            + " that a busy machine can be measured in pieces.")
    @Nullable Path samples;

    @Option(
            names = "--hpcc",
            description =
                    "Pairs are whole runs of HPCC (Debian: hpcc) instead, one of each in a round.")
    boolean hpcc;

    @Option(
            names = "--order",
            paramLabel = "N",
            description =
                    "With --hpcc: order of its matrices, by which all is sized. Default: 2500.")
    int order = 2500;

    @Option(
            names = "--guard",
            description =
                    "Instead: how the node's guard treats functions that certainly slow a job, by"
                            + " writing to the same memory, in a private Slurm.")
    boolean guard;

    @Option(
            names = "--max-slowdown",
            paramLabel = "SHARE",
            description = "With --guard: what the job may lose. Default: 0.03.")
    double maxSlowdown = 0.03;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "With --guard: how long it is watched. Default: 90.")
    int seconds = 90;

    /** Of the machine's CPU time, what others may use while a pair counts. */
    private static final double MOST_FOREIGN = 0.05;

    public ColocationCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        CpuSet cpus = CpuAffinity.current();
        if (cpus.size() < 2) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "bench colocation: it needs two CPUs and may use only " + cpus);
        }
        Path dir = Files.createTempDirectory("offcut-bench");
        // Executors run as another user and pass through here.
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path file = samples == null ? dir.resolve("samples.csv") : samples;
        try {
            if (guard) {
                new GuardCase(dir, maxSlowdown, seconds, io).run();
                return 0;
            }
            int[] two = cpus.stream().limit(2).toArray();
            measure(dir, file, two, source(dir, two[0]));
            return report(Files.readAllLines(file).stream().map(Pair::parse).toList());
        } finally {
            TempFolder.delete(dir);
        }
    }

    private PairSource source(Path dir, int cpu) throws IOException, InterruptedException {
        SplittableRandom random = new SplittableRandom(seed);
        if (hpcc) {
            Hpcc.require();
            return new HpccRuns(
                    new Hpcc(Files.createDirectory(dir.resolve("hpcc")), cpu, order), random);
        }
        Path program = dir.resolve("kernels");
        BenchBundles.compileProgram(
                BenchBundles.copy(Job.class, "kernels.c", dir.resolve("kernels.c")), program);
        return new Toggles(program, cpu, random);
    }

    private void measure(Path dir, Path file, int[] cpus, PairSource source)
            throws IOException, InterruptedException {
        try (FunctionSite job = site(dir, cpus[0]);
                FunctionSite other = site(dir, cpus[1])) {
            job.keepCallersTo(CpuSet.of(cpus[1]));
            other.keepCallersTo(CpuSet.of(cpus[1]));
            Random random = new Random(seed);
            for (int round = 0; round < rounds; round++) {
                List<Condition> conditions = new ArrayList<>(List.of(Condition.values()));
                Collections.shuffle(conditions, random);
                for (Condition condition : conditions) {
                    FunctionSite site = condition.place == 0 ? job : other;
                    append(file, source.measure(site, condition));
                }
                io.say("round " + (round + 1) + " of " + rounds);
            }
        }
    }

    private static FunctionSite site(Path dir, int cpu) throws IOException, InterruptedException {
        Path folder = Files.createDirectory(dir.resolve("cpu" + cpu));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        return FunctionSite.of(folder, cpu);
    }

    private static void append(Path file, List<Pair> pairs) throws IOException {
        Files.write(
                file,
                pairs.stream().map(Pair::line).toList(),
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    /**
     * @return 1 when a bound is broken for certain
     */
    private int report(List<Pair> pairs) {
        Table table =
                new Table(
                        "functions",
                        "kernel",
                        " pairs",
                        " used",
                        " slowdown",
                        " 95 % interval",
                        " on CPU",
                        " all pairs",
                        "bound");
        boolean broken = false;
        for (Condition condition : Condition.values()) {
            for (Kernel kernel : Kernel.values()) {
                List<Pair> all =
                        pairs.stream()
                                .filter(pair -> pair.condition() == condition)
                                .filter(pair -> pair.kernel() == kernel)
                                .toList();
                broken |= !all.isEmpty() && row(table, condition, kernel, all);
            }
        }
        io.out().println(table.render(io.terminal()));
        io.out()
                .printf(
                        Locale.ROOT,
                        "pairs in which others used more than %.0f %% of the machine count for 'all"
                                + " pairs' alone%n",
                        100 * MOST_FOREIGN);
        return broken ? 1 : 0;
    }

    private static boolean row(Table table, Condition condition, Kernel kernel, List<Pair> all) {
        List<Pair> quiet = all.stream().filter(pair -> pair.foreign() <= MOST_FOREIGN).toList();
        // Better a figure that is no more than it can be than none.
        List<Pair> counted = quiet.isEmpty() ? all : quiet;
        Slowdown slowdown = Slowdown.of(Pair.losses(counted));
        boolean bounded = condition != Condition.CONTROL;
        String verdict = slowdown.against(kernel.bound);
        table.row(
                condition.label,
                kernel.label,
                quiet.size() + " of " + all.size(),
                String.format(
                        Locale.ROOT,
                        "%.1f %%",
                        100
                                * Slowdown.median(
                                        counted.stream().mapToDouble(Pair::functions).toArray())),
                percent(slowdown.median()),
                percent(slowdown.low()) + " to " + percent(slowdown.high()),
                percent(Slowdown.median(Pair.lossesOnCpu(counted))),
                percent(Slowdown.median(Pair.losses(all))),
                bounded ? percent(kernel.bound) + ", " + verdict : "");
        return bounded && verdict.equals(Slowdown.BROKEN);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%+.2f %%", 100 * share);
    }
}
