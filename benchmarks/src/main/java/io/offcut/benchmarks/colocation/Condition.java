package io.offcut.benchmarks.colocation;

import org.jspecify.annotations.Nullable;

/** What runs beside the job, which computes on the first CPU. */
enum Condition {
    ALONE("alone", 0, null),
    /** The same again: how far two runs differ by themselves. */
    CONTROL("alone, again", 0, null),
    NEIGHBOUR_COMPUTE("compute, neighbour", 1, "compute"),
    NEIGHBOUR_STREAM("stream, neighbour", 1, "stream"),
    SHARED_COMPUTE("compute, same core", 0, "compute"),
    SHARED_STREAM("stream, same core", 0, "stream");

    final String label;
    final int place;
    final @Nullable String function;

    /**
     * @param place of the CPU among those that are used: 0 is the job's
     * @param function null for none
     */
    Condition(String label, int place, @Nullable String function) {
        this.label = label;
        this.place = place;
        this.function = function;
    }
}
