package io.offcut.benchmarks;

import java.util.TreeMap;

/**
 * The scheduler's own histogram {@code offcut_grant_seconds}: requests by the bound that they kept,
 * cumulative.
 */
record GrantTimes(TreeMap<Double, Long> countBySeconds) {
    private static final String BUCKET = "offcut_grant_seconds_bucket{le=\"";

    /** From the text of {@code /metrics}. */
    static GrantTimes parse(String metrics) {
        TreeMap<Double, Long> counts = new TreeMap<>();
        metrics.lines()
                .filter(line -> line.startsWith(BUCKET))
                .forEach(line -> {
                    String bound =
                            line.substring(BUCKET.length(), line.indexOf('"', BUCKET.length()));
                    double seconds =
                            bound.equals("+Inf")
                                    ? Double.POSITIVE_INFINITY
                                    : Double.parseDouble(bound);
                    double count = Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
                    counts.put(seconds, (long) count);
                });
        return new GrantTimes(counts);
    }

    GrantTimes minus(GrantTimes earlier) {
        TreeMap<Double, Long> counts = new TreeMap<>();
        countBySeconds.forEach((bound, count) ->
                counts.put(bound, count - earlier.countBySeconds.getOrDefault(bound, 0L)));
        return new GrantTimes(counts);
    }

    long count() {
        return countBySeconds.isEmpty() ? 0 : countBySeconds.lastEntry().getValue();
    }

    /** The smallest bound that this share kept; {@code Long.MAX_VALUE} when none is known. */
    long percentileNanos(double share) {
        double wanted = Math.max(1, share * count());
        return countBySeconds.entrySet().stream()
                .filter(entry -> entry.getValue() >= wanted)
                .filter(entry -> !entry.getKey().isInfinite())
                .map(entry -> Math.round(entry.getKey() * 1e9))
                .findFirst()
                .orElse(Long.MAX_VALUE);
    }
}
