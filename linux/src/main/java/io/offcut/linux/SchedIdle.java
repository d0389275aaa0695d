package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * The scheduling class SCHED_IDLE (sched(7)): a thread in it runs only where no ordinary thread
 * wants the CPU, and a waking ordinary thread preempts it at once. Nothing here blocks.
 */
public final class SchedIdle {
    /** Ordinary threads. */
    public static final int SCHED_OTHER = 0;

    /** Threads that run on what is left over. */
    public static final int SCHED_IDLE = 5;

    private static final int MAX_ROUNDS = 16;

    private SchedIdle() {}

    /**
     * Puts every thread of this process into SCHED_IDLE. Threads and processes they start inherit
     * it.
     *
     * @return false when the kernel refused for at least one thread
     */
    public static boolean applyToCurrentProcess() {
        Set<Long> done = new HashSet<>();
        boolean grew = true;
        // A thread that starts while we look may have an ordinary parent: look until none is new.
        for (int round = 0; grew && round < MAX_ROUNDS; round++) {
            grew = false;
            for (Path task : KernelFile.list(Path.of("/proc/self/task"))) {
                long tid = KernelFile.parseLong(task.getFileName().toString(), -1);
                if (tid > 0 && done.add(tid)) {
                    grew = true;
                    if (!apply(tid) && policyOf(tid) >= 0) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    /** Puts one thread, or the main thread of a process, into SCHED_IDLE; false when refused. */
    public static boolean apply(long threadId) {
        LibC.Scratch scratch = LibC.scratch();
        scratch.timespec.set(JAVA_INT, 0, 0);
        try {
            return (int)
                            LibC.SCHED_SETSCHEDULER.invokeExact(
                                    scratch.callState,
                                    Math.toIntExact(threadId),
                                    SCHED_IDLE,
                                    scratch.timespec)
                    == 0;
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    /**
     * The scheduling policy of a thread, or of a process's main thread: {@link #SCHED_OTHER},
     * {@link #SCHED_IDLE} or another of the kernel's; −1 when it is gone.
     */
    public static int policyOf(long pid) {
        try {
            return (int)
                    LibC.SCHED_GETSCHEDULER.invokeExact(
                            LibC.scratch().callState, Math.toIntExact(pid));
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }
}
