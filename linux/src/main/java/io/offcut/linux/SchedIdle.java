package io.offcut.linux;

/**
 * The scheduling class SCHED_IDLE (sched(7)): a thread in it runs only where no ordinary thread
 * wants the CPU, and a waking ordinary thread preempts it at once. A process gets into it by
 * chrt(1) before its first instruction; here is only whether it did. Nothing here blocks.
 */
public final class SchedIdle {
    /** Ordinary threads. */
    public static final int SCHED_OTHER = 0;

    /** Threads that run on what is left over. */
    public static final int SCHED_IDLE = 5;

    private static final LibC GETSCHEDULER = new LibC("sched_getscheduler");

    private SchedIdle() {}

    /**
     * The scheduling policy of a thread, or of a process's main thread: {@link #SCHED_OTHER},
     * {@link #SCHED_IDLE} or another of the kernel's; −1 when it is gone.
     */
    public static int policyOf(long pid) {
        return (int) GETSCHEDULER.call(pid);
    }
}
