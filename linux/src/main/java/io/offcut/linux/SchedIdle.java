package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The scheduling class SCHED_IDLE (sched(7)): a thread in it runs only where no ordinary thread
 * wants the CPU, and a waking ordinary thread preempts it at once. A process gets into it by
 * chrt(1) before its first instruction; here is whether it did, and the way out for one that must
 * die or stand still, and in again. Nothing here blocks.
 */
public final class SchedIdle {
    /** Ordinary threads. */
    public static final int SCHED_OTHER = 0;

    /** Threads that run on what is left over. */
    public static final int SCHED_IDLE = 5;

    private static final int SCHED_FIFO = 1;

    private static final LibC GETSCHEDULER = new LibC("sched_getscheduler");
    private static final LibC SETSCHEDULER = new LibC("sched_setscheduler");

    private SchedIdle() {}

    /**
     * The scheduling policy of a thread, or of a process's main thread: {@link #SCHED_OTHER},
     * {@link #SCHED_IDLE} or another of the kernel's; −1 when it is gone.
     */
    public static int policyOf(long pid) {
        return (int) GETSCHEDULER.call(pid);
    }

    /**
     * Makes every thread of the process an ordinary one, where the kernel lets us: for a process
     * that is killed. It ends on its own time, which in this class does not come while a job
     * computes on its CPUs.
     */
    public static void leave(long pid) {
        setPolicy(pid, SCHED_OTHER);
    }

    /**
     * Lets every thread of the process run before all others, SCHED_FIFO, or else as an ordinary
     * one, where the kernel lets us: for a process that was asked to freeze and must get a CPU to
     * do so, and then {@link #enter}. Autogroups hold even ordinary threads back (sched(7)).
     */
    public static void hurry(long pid) {
        leave(pid);
        setPolicy(pid, SCHED_FIFO);
    }

    /** Puts every thread of the process into this class. */
    public static void enter(long pid) {
        setPolicy(pid, SCHED_IDLE);
    }

    private static void setPolicy(long pid, int policy) {
        MemorySegment priority = LibC.scratch().timespec;
        priority.set(JAVA_INT, 0, policy == SCHED_FIFO ? 1 : 0);
        for (Path task : KernelFile.list(Path.of("/proc", Long.toString(pid), "task"))) {
            long tid = KernelFile.parseLong(task.getFileName().toString(), 0);
            // 0 would be this thread.
            if (tid > 0) {
                long ignored = SETSCHEDULER.call(tid, policy, priority.address());
            }
        }
    }
}
