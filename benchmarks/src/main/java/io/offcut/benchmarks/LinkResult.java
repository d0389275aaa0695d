package io.offcut.benchmarks;

import java.util.Formatter;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What was measured with real links.
 *
 * @param nodes wanted
 * @param connected links that stood at the end
 * @param beatsPerSecond heartbeats sent by all nodes
 * @param quietCoreShare cores that the scheduler used for heartbeats alone
 * @param busyCoreShare the same with a client that asks as fast as it is answered
 * @param grant from request to answer, at the client
 * @param bare the least that any request takes
 * @param grants requests granted in the core
 * @param coreP50Nanos from the core's queue to the grant; the bound of a bucket of {@code
 *     offcut_grant_seconds}, so never less than it was
 * @param coreP99Nanos as before
 * @param heapBytes in use after a collection
 */
record LinkResult(
        int nodes,
        int connected,
        int seconds,
        double beatsPerSecond,
        double quietCoreShare,
        double busyCoreShare,
        Row grant,
        Row bare,
        long grants,
        long coreP50Nanos,
        long coreP99Nanos,
        long heapBytes) {
    /** One line: times in nanoseconds. */
    record Row(String what, long calls, long p50Nanos, long p99Nanos, long maxNanos) {
        static Row of(String what, Histogram times) {
            return new Row(
                    what,
                    times.getTotalCount(),
                    times.getValueAtPercentile(50),
                    times.getValueAtPercentile(99),
                    times.getMaxValue());
        }
    }

    boolean withinBounds() {
        return grants > 0
                && connected == nodes
                && coreP99Nanos <= GrantResult.GRANT_P99_BOUND_NANOS
                && heapBytes < GrantResult.HEAP_BOUND_BYTES;
    }

    String table() {
        Formatter out = new Formatter(Locale.ROOT);
        out.format(
                "%nreal links: %,d of %,d nodes connected, %,.0f heartbeats/s, %d s quiet and %d s busy%n",
                connected, nodes, beatsPerSecond, seconds, seconds);
        out.format("  %-28s %10s %9s %9s %10s%n", "", "calls", "p50 us", "p99 us", "max us");
        for (Row row : new Row[] {grant, bare}) {
            out.format(
                    "  %-28s %,10d %9.1f %9.1f %10.1f%n",
                    row.what,
                    row.calls,
                    row.p50Nanos / 1e3,
                    row.p99Nanos / 1e3,
                    row.maxNanos / 1e3);
        }
        out.format(
                "  %-28s %,10d %9s %9s%n",
                "queued to granted, in the core",
                grants,
                "<=" + coreP50Nanos / 1_000,
                "<=" + coreP99Nanos / 1_000);
        out.format(
                "scheduler: %.0f %% of a core for heartbeats alone, %.0f %% with the client%n",
                quietCoreShare * 100, busyCoreShare * 100);
        out.format(
                "grant p99 <= %.3f ms, bound 2 ms; heap %d MiB, bound 1024 MiB: %s%n",
                coreP99Nanos / 1e6, heapBytes >> 20, withinBounds() ? "kept" : "NOT KEPT");
        return out.toString();
    }
}
