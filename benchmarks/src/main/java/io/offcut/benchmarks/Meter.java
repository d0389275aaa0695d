package io.offcut.benchmarks;

import java.util.EnumMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Nanoseconds per event, by kind. */
final class Meter {
    /** What was timed. */
    enum Kind {
        /** An event that granted something: a new request, or room for those who waited. */
        GRANT("event that grants"),
        OTHER_EVENT("every other event"),
        ALL_EVENTS("all events"),
        /** The same number of updates of plain collections. */
        BARE("bare map and queue update");

        final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    private static final long HIGHEST_NANOS = 60_000_000_000L;

    private final Map<Kind, Histogram> histograms = new EnumMap<>(Kind.class);

    Meter() {
        for (Kind kind : Kind.values()) {
            histograms.put(kind, new Histogram(HIGHEST_NANOS, 3));
        }
    }

    void record(Kind kind, long nanos) {
        of(kind).recordValue(Math.min(nanos, HIGHEST_NANOS));
    }

    Histogram of(Kind kind) {
        Histogram histogram = histograms.get(kind);
        if (histogram == null) {
            throw new IllegalStateException("no histogram of " + kind);
        }
        return histogram;
    }
}
