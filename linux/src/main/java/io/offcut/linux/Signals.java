package io.offcut.linux;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.lang.foreign.MemorySegment;

/** Sends signals to single processes (kill(2), pidfd_send_signal(2)). Never blocks. */
public final class Signals {
    public static final int SIGKILL = 9;
    public static final int SIGTERM = 15;
    public static final int SIGCONT = 18;
    public static final int SIGSTOP = 19;

    private static final long SYS_PIDFD_SEND_SIGNAL = 424;
    private static final long SYS_PIDFD_OPEN = 434;

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
        LibC.Scratch scratch = LibC.scratch();
        int result;
        try {
            result = (int) LibC.KILL.invokeExact(scratch.callState, target, signal);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
        return result == 0 || refused(scratch.errno(), pid, signal);
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
        int target = -checked(leader);
        try {
            int ignored = (int) LibC.KILL.invokeExact(LibC.scratch().callState, target, SIGKILL);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    private static boolean sendTo(int pidfd, long pid, int signal) {
        LibC.Scratch scratch = LibC.scratch();
        long result;
        try {
            result =
                    (long)
                            LibC.SYSCALL_PIDFD.invokeExact(
                                    scratch.callState,
                                    SYS_PIDFD_SEND_SIGNAL,
                                    pidfd,
                                    signal,
                                    MemorySegment.NULL,
                                    0);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
        return result == 0 || refused(scratch.errno(), pid, signal);
    }

    /** A file descriptor, or minus errno. */
    static int pidfdOpen(long pid) {
        int target = checked(pid);
        LibC.Scratch scratch = LibC.scratch();
        long result;
        try {
            result =
                    (long)
                            LibC.SYSCALL_PIDFD.invokeExact(
                                    scratch.callState,
                                    SYS_PIDFD_OPEN,
                                    target,
                                    0,
                                    MemorySegment.NULL,
                                    0);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
        return result >= 0 ? (int) result : -scratch.errno();
    }

    private static boolean refused(int errno, long pid, int signal) {
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
