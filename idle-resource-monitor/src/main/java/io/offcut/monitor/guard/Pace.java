package io.offcut.monitor.guard;

/**
 * How a job fared in one short window of time. What is not known is NaN.
 *
 * @param progressPerSecond how fast the job's own counter grew
 * @param waiting share of the time in which its threads could run and stood in line for a CPU
 * @param cpuStall share of the window in which a task of it waited for a CPU, by PSI
 * @param memoryStall share of the window in which a task of it waited for memory, by PSI
 */
public record Pace(double progressPerSecond, double waiting, double cpuStall, double memoryStall) {
    /** Nothing is known. */
    public static final Pace UNKNOWN = new Pace(Double.NaN, Double.NaN, Double.NaN, Double.NaN);

    /** Of the job's own counter alone. */
    public static Pace ofProgress(double perSecond) {
        return new Pace(perSecond, Double.NaN, Double.NaN, Double.NaN);
    }

    /** Of its threads' wait alone. */
    public static Pace ofWaiting(double share) {
        return new Pace(Double.NaN, share, Double.NaN, Double.NaN);
    }
}
