package io.offcut.cli.simulate.sweep;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import io.offcut.cli.simulate.SimulateCommand;
import io.offcut.cli.simulate.figures.ResultJson;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a sweep is over. Its runs are numbered: run {@code k · points + p} is replication {@code k}
 * of point {@code p}, so that more replications come behind those there are.
 *
 * @param format of the folder
 * @param offcut version of this program
 * @param arguments of {@code offcut simulate}, the same for all points, the logs among them
 * @param vary what is varied; the first slowest
 * @param seed of replication 0
 * @param files digest of the content of every file that is named by an option or as a log, on the
 *     command line or in a scenario
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record SweepPlan(
        int format,
        String offcut,
        List<String> arguments,
        List<Axis> vary,
        long seed,
        Map<String, String> files) {
    private static final int FORMAT = 1;
    private static final int MOST_POINTS = 100_000;
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    SweepPlan {
        arguments = List.copyOf(arguments);
        vary = List.copyOf(vary);
        files = new TreeMap<>(files);
    }

    /** A plan over files as they are now. */
    static SweepPlan of(String offcut, List<String> arguments, List<Axis> vary, long seed) {
        List<String> words = new ArrayList<>(arguments);
        for (Axis axis : vary) {
            for (int i = 0; i < axis.values().size(); i++) {
                words.add(axis.word(i));
            }
        }
        words.addAll(SimulateCommand.wordsOfScenarios(words));
        SweepPlan plan =
                new SweepPlan(FORMAT, offcut, arguments, vary, seed, Digest.ofFilesIn(words));
        if (vary.stream().map(Axis::option).distinct().count() < vary.size()) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "--vary: an option is there twice: give all its values in one");
        }
        if (plan.size() > MOST_POINTS) {
            throw new OffcutException(
                    ErrorCode.USAGE, "--vary: over " + MOST_POINTS + " points: vary less at once");
        }
        return plan;
    }

    /** The same of this version and over files as they are now. */
    SweepPlan renewed(String version) {
        return of(version, arguments, vary, seed);
    }

    private long size() {
        long points = 1;
        for (Axis axis : vary) {
            points = Math.min(points * axis.values().size(), MOST_POINTS + 1L);
        }
        return points;
    }

    /** How many points the grid has. */
    int points() {
        return (int) size();
    }

    int point(int run) {
        return run % points();
    }

    int replication(int run) {
        return run / points();
    }

    /** The value of each varied option at a point, by number. */
    int[] values(int point) {
        int[] values = new int[vary.size()];
        int rest = point;
        for (int i = vary.size() - 1; i >= 0; i--) {
            int count = vary.get(i).values().size();
            values[i] = rest % count;
            rest /= count;
        }
        return values;
    }

    /** What is particular to a point, as words of a command line. */
    List<String> words(int point) {
        int[] values = values(point);
        List<String> words = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            words.add(vary.get(i).word(values[i]));
        }
        return words;
    }

    /** The command line of a point without its seed. */
    List<String> commandLine(int point) {
        List<String> line = new ArrayList<>(arguments);
        line.addAll(words(point));
        return line;
    }

    /**
     * The seed of a replication, the same for every point. That of replication 0 is the sweep's
     * own, that of k is the k-th number of SplitMix64 (Steele, Lea and Flood, "Fast splittable
     * pseudorandom number generators", OOPSLA 2014) from there, without its sign.
     */
    long seed(int replication) {
        return replication == 0 ? seed : mix64(seed + replication * GOLDEN_GAMMA) >>> 1;
    }

    private static long mix64(long state) {
        long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Stands for everything that a run's result depends on. */
    String digest(int run) {
        return Digest.of(
                ResultJson.text(
                        List.of(
                                format,
                                offcut,
                                commandLine(point(run)),
                                seed(replication(run)),
                                files)));
    }

    /** How a run is named to people. */
    String name(int run) {
        List<String> words = words(point(run));
        return "run %04d (%sreplication %d)"
                .formatted(
                        run,
                        words.isEmpty() ? "" : String.join(" ", words) + ", ",
                        replication(run));
    }

    /** What the results of another plan differ in, in a few words; null if in nothing. */
    @Nullable String differenceTo(SweepPlan other) {
        if (format != other.format || !offcut.equals(other.offcut)) {
            return "Offcut " + other.offcut + ", this is " + offcut;
        }
        if (!arguments.equals(other.arguments)) {
            return "'"
                    + String.join(" ", other.arguments)
                    + "', not '"
                    + String.join(" ", arguments)
                    + "'";
        }
        if (!vary.equals(other.vary)) {
            return "--vary " + text(other.vary) + ", not " + text(vary);
        }
        if (seed != other.seed) {
            return "--seed " + other.seed + ", not " + seed;
        }
        for (Map.Entry<String, String> file : files.entrySet()) {
            if (!file.getValue().equals(other.files.get(file.getKey()))) {
                return "another content of " + file.getKey();
            }
        }
        return files.equals(other.files) ? null : "files that are gone: " + other.files.keySet();
    }

    private static String text(List<Axis> vary) {
        return String.join(
                " --vary ",
                vary.stream()
                        .map(axis -> axis.name() + "=" + String.join(",", axis.values()))
                        .toList());
    }
}
