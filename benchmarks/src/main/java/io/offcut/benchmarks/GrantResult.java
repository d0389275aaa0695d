package io.offcut.benchmarks;

import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What was measured.
 *
 * @param eventsPerSecond of wall-clock time spent in the scheduling core, all phases
 * @param heapBytes in use after a collection, with everything alive
 */
record GrantResult(
        int nodes,
        int secondsPerPhase,
        long seed,
        List<Phase> phases,
        long eventsPerSecond,
        long heapBytes) {
    static final long GRANT_P99_BOUND_NANOS = 2_000_000;
    static final long HEAP_BOUND_BYTES = 1L << 30;

    /**
     * One kind of load.
     *
     * @param granted workers granted
     * @param held leases held at its end
     * @param queued requests waiting at its end
     */
    record Phase(String name, long granted, int held, int queued, List<Row> rows) {
        Phase {
            rows = List.copyOf(rows);
        }
    }

    /** One line: times in nanoseconds. */
    record Row(String what, long events, long p50Nanos, long p99Nanos, long maxNanos) {
        static Row of(Meter.Kind kind, Histogram histogram) {
            return new Row(
                    kind.label,
                    histogram.getTotalCount(),
                    histogram.getValueAtPercentile(50),
                    histogram.getValueAtPercentile(99),
                    histogram.getMaxValue());
        }
    }

    GrantResult {
        phases = List.copyOf(phases);
    }

    /** The p99 of a grant in the phase where it is worst. */
    long grantP99Nanos() {
        return phases.stream()
                .flatMap(phase -> phase.rows.stream())
                .filter(row -> row.what.equals(Meter.Kind.GRANT.label))
                .mapToLong(Row::p99Nanos)
                .max()
                .orElse(0);
    }

    boolean withinBounds() {
        return grantP99Nanos() < GRANT_P99_BOUND_NANOS && heapBytes < HEAP_BOUND_BYTES;
    }

    String table() {
        Formatter out = new Formatter(Locale.ROOT);
        out.format(
                "%,d nodes, %d s of virtual time in each phase, seed %d%n",
                nodes, secondsPerPhase, seed);
        for (Phase phase : phases) {
            out.format(
                    "%n%s: %,d workers granted, %,d leases held and %,d requests waiting at the end%n",
                    phase.name, phase.granted, phase.held, phase.queued);
            out.format("  %-28s %10s %9s %9s %10s%n", "", "events", "p50 us", "p99 us", "max us");
            for (Row row : phase.rows) {
                out.format(
                        "  %-28s %,10d %9.1f %9.1f %10.1f%n",
                        row.what,
                        row.events,
                        row.p50Nanos / 1e3,
                        row.p99Nanos / 1e3,
                        row.maxNanos / 1e3);
            }
        }
        out.format("%n%,d events/s%n", eventsPerSecond);
        out.format(
                "grant p99 %.3f ms, bound 2 ms; heap %d MiB, bound 1024 MiB: %s%n",
                grantP99Nanos() / 1e6, heapBytes >> 20, withinBounds() ? "kept" : "NOT KEPT");
        return out.toString();
    }
}
