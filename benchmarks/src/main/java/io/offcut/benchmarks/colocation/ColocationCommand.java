package io.offcut.benchmarks.colocation;

import io.offcut.benchmarks.colocation.FunctionSite.Busy;
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
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut bench colocation}. */
@Command(
        name = "colocation",
        description = {
            "Measures what HPC kernels lose to functions beside them: HPCC (Debian: hpcc) on one",
            "CPU as the batch job, functions of a real node on the same or another, in random",
            "order within each round."
        },
        footerHeading = "%nExample:%n",
        footer = "  offcut bench colocation --rounds 10")
public final class ColocationCommand implements Callable<Integer> {
    private final Io io;

    @Option(names = "--rounds", description = "Rounds to measure now. Default: 10.")
    int rounds = 10;

    @Option(
            names = "--order",
            paramLabel = "N",
            description = "Order of HPCC's matrices, by which all is sized. Default: 2500.")
    int order = 2500;

    @Option(
            names = "--samples",
            paramLabel = "FILE",
            description =
                    "Rounds are appended to this file and the report is of all that are in it, so"
                            + " that a busy machine can be measured in pieces.")
    @Nullable Path samples;

    @Option(
            names = "--guard",
            description =
                    "Instead: how the node's guard treats functions that stream beside a job that"
                            + " streams, in a private Slurm.")
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

    /** Of the machine's CPU time, what others may use while a run counts. */
    private static final double MOST_FOREIGN = 0.05;

    /**
     * One round: how fast each kernel was under each condition.
     *
     * @param foreign the largest share of the machine that others used in one of its runs
     */
    private record Round(Map<Condition, Map<Kernel, Double>> rates, double foreign) {}

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
        if (!guard) {
            Hpcc.require();
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
            measure(dir, file, cpus.stream().limit(2).toArray());
            report(read(file));
        } finally {
            TempFolder.delete(dir);
        }
        return 0;
    }

    private void measure(Path dir, Path file, int[] cpus) throws IOException, InterruptedException {
        Hpcc hpcc = new Hpcc(Files.createDirectory(dir.resolve("hpcc")), cpus[0], order);
        try (FunctionSite job = site(dir, cpus[0]);
                FunctionSite other = site(dir, cpus[1])) {
            for (int round = 0; round < rounds; round++) {
                List<Condition> conditions = new ArrayList<>(List.of(Condition.values()));
                Collections.shuffle(conditions, new Random());
                StringBuilder lines = new StringBuilder();
                for (Condition condition : conditions) {
                    FunctionSite site = condition.place == 0 ? job : other;
                    lines.append(line(condition, run(hpcc, site, condition)));
                }
                // Whole rounds only.
                Files.writeString(
                        file,
                        lines,
                        StandardCharsets.UTF_8,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
                io.say("round " + (round + 1) + " of " + rounds);
            }
        }
    }

    private static FunctionSite site(Path dir, int cpu) throws IOException, InterruptedException {
        Path folder = Files.createDirectory(dir.resolve("cpu" + cpu));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        return FunctionSite.of(folder, cpu);
    }

    private static Hpcc.Run run(Hpcc hpcc, FunctionSite site, Condition condition)
            throws IOException, InterruptedException {
        if (condition.function == null) {
            return hpcc.run();
        }
        try (Busy busy = site.start(condition.function)) {
            Hpcc.Run run = hpcc.run();
            if (condition.place != 0 && busy.calls() == 0) {
                throw new OffcutException(
                        ErrorCode.INTERNAL, "bench colocation: the function did not run beside");
            }
            return run;
        }
    }

    private static String line(Condition condition, Hpcc.Run run) {
        StringBuilder line = new StringBuilder(condition.name());
        for (Kernel kernel : Kernel.values()) {
            line.append(',').append(run.rates().get(kernel));
        }
        return line.append(',').append(run.foreign()).append('\n').toString();
    }

    private static List<Round> read(Path file) throws IOException {
        List<Round> rounds = new ArrayList<>();
        Map<Condition, Map<Kernel, Double>> rates = new EnumMap<>(Condition.class);
        double foreign = 0;
        for (String line : Files.readAllLines(file)) {
            String[] cells = line.split(",", -1);
            Map<Kernel, Double> ofRun = new EnumMap<>(Kernel.class);
            for (Kernel kernel : Kernel.values()) {
                ofRun.put(kernel, Double.parseDouble(cells[1 + ofRun.size()]));
            }
            rates.put(Condition.valueOf(cells[0]), ofRun);
            foreign = Math.max(foreign, Double.parseDouble(cells[cells.length - 1]));
            if (rates.size() == Condition.values().length) {
                rounds.add(new Round(rates, foreign));
                foreign = 0;
                rates = new EnumMap<>(Condition.class);
            }
        }
        return rounds;
    }

    private void report(List<Round> measured) {
        List<Round> quiet =
                measured.stream().filter(round -> round.foreign() <= MOST_FOREIGN).toList();
        // Better a figure that is no more than it can be than none.
        List<Round> all = quiet.isEmpty() ? measured : quiet;
        Table table =
                new Table("functions", "kernel", " alone", " slowdown", " 95 % interval", " bound");
        for (Condition condition : Condition.values()) {
            if (condition == Condition.ALONE) {
                continue;
            }
            for (Kernel kernel : Kernel.values()) {
                double[] alone = rates(all, Condition.ALONE, kernel);
                Slowdown slowdown = Slowdown.of(alone, rates(all, condition, kernel));
                table.row(
                        condition.label,
                        kernel.label,
                        String.format(Locale.ROOT, "%.2f %s", Slowdown.median(alone), kernel.unit),
                        percent(slowdown.median()),
                        percent(slowdown.low()) + " to " + percent(slowdown.high()),
                        condition == Condition.CONTROL ? "" : percent(kernel.bound));
            }
        }
        io.out().println(table.render(io.terminal()));
        io.out()
                .printf(
                        Locale.ROOT,
                        "%d of %d rounds; in the others, others used more than %.0f %% of the"
                                + " machine%n",
                        quiet.size(),
                        measured.size(),
                        100 * MOST_FOREIGN);
    }

    private static double[] rates(List<Round> all, Condition condition, Kernel kernel) {
        return all.stream()
                .mapToDouble(round -> {
                    Map<Kernel, Double> rates = round.rates().get(condition);
                    return rates == null ? Double.NaN : rates.getOrDefault(kernel, Double.NaN);
                })
                .toArray();
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%+.1f %%", 100 * share);
    }
}
