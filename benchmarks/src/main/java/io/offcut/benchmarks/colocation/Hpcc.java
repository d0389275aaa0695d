package io.offcut.benchmarks.colocation;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * HPC Challenge (Luszczek and others 2005; Debian's package hpcc) as one process on one CPU, up to
 * the kernels that are wanted: the Linpack run that ends it is left out.
 */
final class Hpcc {
    private static final Pattern STREAM =
            Pattern.compile("^(?:Copy|Scale|Add|Triad): +[0-9.]+ +([0-9.]+) ", Pattern.MULTILINE);
    private static final Pattern STREAM_SIZE = Pattern.compile("Array size = ([0-9]+)");
    private static final Pattern DGEMM =
            Pattern.compile("(?:Average|Single DGEMM) Gflop/s ([0-9.]+)");
    private static final Pattern FFT = Pattern.compile("(?:Average|Single FFT) Gflop/s ([0-9.]+)");

    /** Of an element in Copy, Scale, Add and Triad together. */
    private static final int STREAM_BYTES = 80;

    private static final long PATIENCE_SECONDS = 120;
    private static final long LOOK_MILLIS = 20;

    private final Path dir;
    private final int cpu;
    private final int order;

    /**
     * @param order of the matrices; everything else in HPCC is sized by it
     */
    Hpcc(Path dir, int cpu, int order) {
        this.dir = dir;
        this.cpu = cpu;
        this.order = order;
    }

    static void require() throws InterruptedException {
        for (String program : new String[] {"hpcc", "mpirun"}) {
            try {
                Process which = new ProcessBuilder("sh", "-c", "command -v " + program).start();
                if (which.waitFor() != 0) {
                    throw new OffcutException(
                            ErrorCode.NOT_FOUND,
                            "bench colocation: no "
                                    + program
                                    + ": install it (Debian: apt-get install hpcc openmpi-bin)");
                }
            } catch (IOException e) {
                throw new OffcutException(ErrorCode.INTERNAL, "bench colocation: no shell", e);
            }
        }
    }

    /**
     * One run.
     *
     * @param rates how fast each kernel was
     * @param foreign share of the machine that others used meanwhile
     */
    record Run(Map<Kernel, Double> rates, double foreign) {}

    Run run() throws IOException, InterruptedException {
        Path out = dir.resolve("hpccoutf.txt");
        Files.deleteIfExists(out);
        Files.writeString(dir.resolve("hpccinf.txt"), input());
        ProcessBuilder builder =
                new ProcessBuilder(
                                "taskset",
                                "-c",
                                Integer.toString(cpu),
                                "mpirun",
                                "--bind-to",
                                "none",
                                "-np",
                                "1",
                                "hpcc")
                        .directory(dir.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(dir.resolve("hpcc.log").toFile());
        builder.environment()
                .putAll(
                        Map.of(
                                "OMPI_ALLOW_RUN_AS_ROOT",
                                "1",
                                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
                                "1",
                                "OMP_NUM_THREADS",
                                "1"));
        double foreign;
        Foreign others = new Foreign();
        Process process = builder.start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        try {
            while (process.isAlive() && System.nanoTime() < end && !isDone(out)) {
                var _ = process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            }
            // Before it is gone: then nobody knows what it has used.
            foreign = others.share();
        } finally {
            process.destroy();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        return new Run(parse(Files.exists(out) ? Files.readString(out) : ""), foreign);
    }

    private static boolean isDone(Path out) throws IOException {
        return Files.exists(out)
                && Files.readString(out, StandardCharsets.ISO_8859_1)
                        .contains("End of SingleFFT section.");
    }

    private String input() throws IOException {
        try (InputStream in = Hpcc.class.getResourceAsStream("hpccinf.txt")) {
            if (in == null) {
                throw new IllegalStateException("resource hpccinf.txt is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("@N@", Integer.toString(order));
        }
    }

    /**
     * Of the two times that HPCC runs each, as one of many and alone, the mean; of STREAM all four
     * parts by the average time of their turns, not by the best.
     */
    static Map<Kernel, Double> parse(String said) {
        Map<Kernel, Double> rates = new EnumMap<>(Kernel.class);
        String star = section(said, "StarSTREAM");
        String single = section(said, "SingleSTREAM");
        double seconds = (streamSeconds(star) + streamSeconds(single)) / 2;
        rates.put(Kernel.STREAM, number(STREAM_SIZE, single) * STREAM_BYTES / seconds / 1e9);
        rates.put(
                Kernel.DGEMM,
                (number(DGEMM, section(said, "StarDGEMM"))
                                + number(DGEMM, section(said, "SingleDGEMM")))
                        / 2);
        rates.put(
                Kernel.FFT,
                (number(FFT, section(said, "StarFFT")) + number(FFT, section(said, "SingleFFT")))
                        / 2);
        return rates;
    }

    private static double streamSeconds(String section) {
        return STREAM.matcher(section)
                .results()
                .mapToDouble(found -> Double.parseDouble(found.group(1)))
                .sum();
    }

    private static String section(String said, String name) {
        int from = said.indexOf("Begin of " + name + " section.");
        int to = said.indexOf("End of " + name + " section.");
        return from < 0 || to < from ? "" : said.substring(from, to);
    }

    private static double number(Pattern pattern, String text) {
        Matcher found = pattern.matcher(text);
        if (!found.find()) {
            throw new OffcutException(
                    ErrorCode.INTERNAL,
                    "bench colocation: hpcc ended before its kernels had run; run it by hand");
        }
        return Double.parseDouble(found.group(1));
    }
}
