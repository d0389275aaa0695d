package io.offcut.executor;

/** With what code an executor process ends itself. Any other code is a crash or a function's. */
public final class ExecutorExit {
    /** The daemon said so. */
    public static final int ENDED = 0;

    /** The command line or the specification is not one. */
    public static final int BAD_SPEC = 64;

    /** A defect of Offcut. */
    public static final int INTERNAL = 70;

    /** No daemon was there for the orphan time. */
    public static final int ORPHANED = 75;

    /** A function ran over its time and could only be ended with its process. */
    public static final int TIMED_OUT = 79;

    private ExecutorExit() {}
}
