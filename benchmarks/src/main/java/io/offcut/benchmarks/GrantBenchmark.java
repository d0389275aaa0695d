package io.offcut.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.util.List;

/**
 * How long it takes to grant workers with 10,000 nodes: first the scheduling core alone under a
 * mixed load in virtual time, beside the bare cost of updating plain collections, then a real
 * scheduler with a real link for each node.
 *
 * <p>The times are of the wall clock: the largest ones are pauses of the collector, or of the
 * machine, which the bare update shows too.
 *
 * <p>Bounds: p99 of a grant under 2 ms, under 1 GiB of heap. Run it with {@code benchmarks/grant};
 * it exits 1 when a bound is not kept.
 */
public final class GrantBenchmark {
    private GrantBenchmark() {}

    /** Runs the benchmark and prints its result. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws InterruptedException {
        GrantOptions options;
        try {
            options = GrantOptions.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println(GrantOptions.USAGE);
            System.exit(2);
            return;
        }
        try {
            Report report =
                    new Report(
                            options.core() ? run(options) : null,
                            options.links() ? LinkBenchmark.run(options) : null);
            System.out.print(options.json() ? report.json() + "\n" : report.table());
            System.exit(report.withinBounds() ? 0 : 1);
        } catch (IllegalStateException | IOException e) {
            System.err.println("grant: " + e.getMessage());
            System.exit(2);
        }
    }

    /** Warms up, measures a load that fits and one that queues, and weighs the heap. */
    static GrantResult run(GrantOptions options) {
        GrantLoad load = new GrantLoad(options.nodes(), options.seed());
        load.run("warm-up", Math.max(1, options.seconds() / 2), 0.5, 8);
        long nanosBefore = load.coreNanos();
        long eventsBefore = load.events();
        List<GrantResult.Phase> phases =
                List.of(
                        load.run("half full, small requests", options.seconds(), 0.5, 8),
                        load.run("over-full, small requests", options.seconds(), 3, 8),
                        load.run("over-full, large requests", options.seconds(), 3, 64));
        double seconds = (load.coreNanos() - nanosBefore) / 1e9;
        long eventsPerSecond = (long) ((load.events() - eventsBefore) / seconds);
        return new GrantResult(
                options.nodes(),
                options.seconds(),
                options.seed(),
                phases,
                eventsPerSecond,
                heapBytes(load));
    }

    private static long heapBytes(GrantLoad load) {
        var memory = ManagementFactory.getMemoryMXBean();
        try {
            memory.gc();
            return memory.getHeapMemoryUsage().getUsed();
        } finally {
            Reference.reachabilityFence(load);
        }
    }
}
