package io.offcut.traces;

/**
 * The 18 fields of a line of the Standard Workload Format, version 2.2, in their order. In every
 * field −1 means unknown.
 *
 * <p>Source: Chapin et al., "Benchmarks and Standards for the Evaluation of Parallel Job
 * Schedulers", JSSPP 1999, and the definition kept with the Parallel Workloads Archive.
 */
public enum SwfField {
    /** Number of the job, from 1. */
    JOB(1, Kind.LONG),
    /** Submission, in seconds after the start of the log. */
    SUBMIT(2, Kind.LONG),
    /** Time between submission and start, in seconds. */
    WAIT(3, Kind.INT),
    /** Time between start and end, in seconds. */
    RUN(4, Kind.INT),
    /** Processors it got. */
    PROCS(5, Kind.INT),
    /** CPU time used, averaged over its processors, in seconds; the one field with a fraction. */
    AVERAGE_CPU(6, Kind.DOUBLE),
    /** Memory used by each processor, in KiB. */
    USED_MEMORY(7, Kind.LONG),
    /** Processors it asked for. */
    REQUESTED_PROCS(8, Kind.INT),
    /** Time it asked for, in seconds. */
    REQUESTED_TIME(9, Kind.INT),
    /** Memory it asked for, for each processor, in KiB. */
    REQUESTED_MEMORY(10, Kind.LONG),
    /** 1 completed, 0 failed, 5 cancelled, 2 to 4 parts of a job that was checkpointed. */
    STATUS(11, Kind.INT),
    USER(12, Kind.INT),
    GROUP(13, Kind.INT),
    EXECUTABLE(14, Kind.INT),
    QUEUE(15, Kind.INT),
    PARTITION(16, Kind.INT),
    /** This job was submitted only after that one ended. */
    PRECEDING_JOB(17, Kind.INT),
    /** Time between the end of the preceding job and this submission, in seconds. */
    THINK_TIME(18, Kind.INT);

    /** How a column of this field is kept. */
    enum Kind {
        INT(4),
        LONG(8),
        DOUBLE(8);

        final int bytes;

        Kind(int bytes) {
            this.bytes = bytes;
        }
    }

    /** How many fields a line has. */
    public static final int COUNT = values().length;

    private final int number;
    final Kind kind;

    SwfField(int number, Kind kind) {
        this.number = number;
        this.kind = kind;
    }

    /** Number of the field in the format's own counting, from 1. */
    public int number() {
        return number;
    }

    /** Place of the field in an array of values, from 0. */
    public int column() {
        return number - 1;
    }

    /** Whether a {@link JobTable} can keep this value of this field. */
    boolean holds(long value) {
        return kind != Kind.INT || value == (int) value;
    }
}
