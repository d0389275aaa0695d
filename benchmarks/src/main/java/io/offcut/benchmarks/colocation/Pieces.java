package io.offcut.benchmarks.colocation;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What a job has done: when each of its equal pieces ended. */
final class Pieces {
    /** With fewer a window says nothing. */
    private static final int LEAST = 5;

    private final long[] endedNanos;
    private final long[] cpuNanos;

    /**
     * @param endedNanos by {@link System#nanoTime}, ascending
     * @param cpuNanos how much CPU time the job had used by then
     */
    Pieces(long[] endedNanos, long[] cpuNanos) {
        this.endedNanos = endedNanos;
        this.cpuNanos = cpuNanos;
    }

    /** How fast it was with those that began and ended in the window; null when too few did. */
    @Nullable Pace pace(long fromNanos, long toNanos) {
        int first = atLeast(fromNanos);
        int last = atLeast(toNanos) - 1;
        if (last - first < LEAST) {
            return null;
        }
        return new Pace(
                (last - first) * 1e9 / (endedNanos[last] - endedNanos[first]),
                (last - first) * 1e9 / (cpuNanos[last] - cpuNanos[first]));
    }

    private int atLeast(long nanos) {
        int at = Arrays.binarySearch(endedNanos, nanos);
        return at < 0 ? -1 - at : at;
    }
}
