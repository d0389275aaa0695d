package io.offcut.benchmarks.colocation;

/**
 * How fast a job was for a while.
 *
 * @param perSecond in its kernel's unit, or in pieces
 * @param perCpuSecond the same for each second in which it had a CPU; NaN when that is not known
 */
record Pace(double perSecond, double perCpuSecond) {}
