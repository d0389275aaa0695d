package io.offcut.linux;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;

/**
 * Sends signals to single processes (kill(2), pidfd_send_signal(2)). Blocks only to {@link
 * #release}.
 */
public final class Signals {
    public static final int SIGKILL = 9;
    public static final int SIGTERM = 15;
    public static final int SIGCONT = 18;
    public static final int SIGSTOP = 19;

    private static final long SYS_PIDFD_SEND_SIGNAL = 424;
    private static final long SYS_PIDFD_OPEN = 434;
    private static final long SYS_PROCESS_MRELEASE = 448;

    private static final LibC KILL = new LibC("kill");

    private Signals() {}

    /**
     * Sends a signal to whatever process has this id now; 0 only asks whether there is one.
     *
     * @return false when there is no such process
     * @throws OffcutException when the process belongs to someone else
     * @throws IllegalArgumentException for a pid below 2: those mean groups, everyone, or init
     */
    public static boolean send(long pid, int signal) {
        int target = checked(pid);
        return (int) KILL.call(target, signal) == 0 || refused(pid, signal);
    }

    /**
     * Sends a signal to exactly this process, never to another that has its id by now.
     *
     * @return false when it is gone
     * @throws OffcutException when the process belongs to someone else
     */
    public static boolean send(ProcessRef process, int signal) {
        int pidfd = pidfdOpen(process.pid());
        if (pidfd == -LibC.ESRCH) {
            return false;
        }
        if (pidfd < 0) {
            // Kernels before 5.3 have no pidfd_open: look and send.
            return process.exists() && send(process.pid(), signal);
        }
        try {
            return process.exists() && sendTo(pidfd, process.pid(), signal);
        } finally {
            Descriptors.close(pidfd);
        }
    }

    /** Kills all of a process group; it is the caller's to know that this is still the one. */
    static void killGroup(long leader) {
        long ignored = KILL.call(-checked(leader), SIGKILL);
    }

    /**
     * Frees the memory that only this process has, which was sent SIGKILL, on the time of the
     * calling thread and its CPU (process_mrelease(2)): some 0.2 ms for each mebibyte.
     *
     * @return false when it is not so, is gone, or before Linux 5.15
     */
    static boolean release(long pid) {
        int pidfd = pidfdOpen(pid);
        if (pidfd < 0) {
            return false;
        }
        try {
            return LibC.SYSCALL.call(SYS_PROCESS_MRELEASE, pidfd, 0) == 0;
        } finally {
            Descriptors.close(pidfd);
        }
    }

    private static boolean sendTo(int pidfd, long pid, int signal) {
        return LibC.SYSCALL.call(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, 0, 0, 0) == 0
                || refused(pid, signal);
    }

    /** A file descriptor, or minus errno. */
    static int pidfdOpen(long pid) {
        long result = LibC.SYSCALL.call(SYS_PIDFD_OPEN, checked(pid), 0);
        return result >= 0 ? (int) result : -LibC.scratch().errno();
    }

    private static boolean refused(long pid, int signal) {
        int errno = LibC.scratch().errno();
        return switch (errno) {
            case LibC.ESRCH -> false;
            case LibC.EPERM ->
                    throw new OffcutException(
                            ErrorCode.FORBIDDEN,
                            "may not send signal "
                                    + signal
                                    + " to process "
                                    + pid
                                    + ": it belongs to another user");
            default ->
                    throw new IllegalArgumentException(
                            "signal " + signal + " to process " + pid + ": errno " + errno);
        };
    }

    private static int checked(long pid) {
        if (pid < 2 || pid > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("not the id of a single process: " + pid);
        }
        return (int) pid;
    }
}
