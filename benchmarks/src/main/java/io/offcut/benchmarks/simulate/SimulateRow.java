package io.offcut.benchmarks.simulate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What was measured in some rounds, beside its bound.
 *
 * @param seconds the median, as are those of the parts of a run
 * @param value what the bound is about, in {@code unit}; without one both are 0 and empty
 * @param bound empty for none
 */
record SimulateRow(
        String name,
        double seconds,
        double leastSeconds,
        double mostSeconds,
        Map<String, Double> partSeconds,
        double value,
        String unit,
        String bound,
        boolean kept) {

    static SimulateRow of(String name, List<Profile> rounds) {
        Map<String, Double> parts = new LinkedHashMap<>();
        for (String part : rounds.getFirst().parts().keySet()) {
            parts.put(part, median(rounds, round -> round.parts().getOrDefault(part, 0.0)));
        }
        return new SimulateRow(
                name,
                median(rounds, Profile::seconds),
                rounds.stream().mapToDouble(Profile::seconds).min().orElse(0),
                rounds.stream().mapToDouble(Profile::seconds).max().orElse(0),
                parts,
                0,
                "",
                "",
                true);
    }

    private static double median(List<Profile> rounds, ToDoubleFunction<Profile> of) {
        double[] sorted = rounds.stream().mapToDouble(of).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    SimulateRow reached(double what, String in) {
        return with(what, in, "", true);
    }

    SimulateRow atMost(double most, double what, String in) {
        return with(what, in, "at most " + most, what <= most);
    }

    SimulateRow atLeast(double least, double what, String in) {
        return with(what, in, "at least " + least, what >= least);
    }

    private SimulateRow with(double what, String in, String newBound, boolean isKept) {
        return new SimulateRow(
                name, seconds, leastSeconds, mostSeconds, partSeconds, what, in, newBound, isKept);
    }

    /** A line, and one more with the parts if there are any. */
    String text() {
        StringBuilder text =
                new StringBuilder(
                        String.format(
                                Locale.ROOT,
                                "%-32s %8.3f s  [%.3f, %.3f]",
                                name,
                                seconds,
                                leastSeconds,
                                mostSeconds));
        if (!unit.isEmpty()) {
            text.append(String.format(Locale.ROOT, "  %.2f %s", value, unit));
        }
        if (!bound.isEmpty()) {
            text.append("; ").append(bound).append(kept ? "" : ": NOT KEPT");
        }
        if (!partSeconds.isEmpty()) {
            text.append(String.format("%n    of which"));
            partSeconds.forEach((part, took) ->
                    text.append(String.format(Locale.ROOT, " %s %.3f", part, took)));
        }
        return text.toString();
    }
}
