package io.offcut.benchmarks.colocation;

/** What functions do beside the job, which computes on the first CPU, and where. */
enum Condition {
    /**
     * As much is done to this one as to the others, and it takes nothing: what is seen is noise.
     */
    CONTROL("sleep, neighbour", 1, "sleep"),
    NEIGHBOUR_COMPUTE("compute, neighbour", 1, "compute"),
    NEIGHBOUR_STREAM("stream, neighbour", 1, "stream"),
    SHARED_COMPUTE("compute, same core", 0, "compute"),
    SHARED_STREAM("stream, same core", 0, "stream");

    final String label;
    final int place;
    final String function;

    /**
     * @param place of the CPU among those that are used: 0 is the job's
     */
    Condition(String label, int place, String function) {
        this.label = label;
        this.place = place;
        this.function = function;
    }
}
