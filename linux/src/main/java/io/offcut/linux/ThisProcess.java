package io.offcut.linux;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a process can do to confine itself and what it starts. Nothing here blocks. */
public final class ThisProcess {
    private static final Path SELF = Path.of("/proc/self");
    private static final Path ORPHANS =
            SELF.resolve("task/" + ProcessHandle.current().pid() + "/children");
    private static final int PR_SET_CHILD_SUBREAPER = 36;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_GET_NO_NEW_PRIVS = 39;
    private static final int MASK_BYTES = (CpuSet.MAX_CPU + 1) / 8;
    private static final int MAX_ROUNDS = 16;
    private static final int WNOHANG = 1;
    private static final long SYS_MEMBARRIER = membarrier(System.getProperty("os.arch", ""));
    private static final int MEMBARRIER_PRIVATE_EXPEDITED = 8;
    private static final int MEMBARRIER_REGISTER_PRIVATE_EXPEDITED = 16;

    private static final LibC PRCTL = new LibC("prctl");
    private static final LibC WAITPID = new LibC("waitpid");
    private static final LibC EXIT = new LibC("_exit");
    private static final LibC SETENV = new LibC("setenv");
    private static final LibC MALLOC_TRIM = new LibC("malloc_trim");

    private ThisProcess() {}

    /**
     * Sets how early the kernel's OOM killer takes this process: −1000 never, 1000 first
     * (proc_pid_oom_score_adj(5)).
     *
     * @return false when it may not
     */
    public static boolean setOomScoreAdj(int score) {
        try {
            Files.writeString(SELF.resolve("oom_score_adj"), Integer.toString(score));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Ends this process at this moment (_exit(2)). {@link Runtime#halt} waits for threads that are
     * in native code, asleep in a system call for example, for 300 ms.
     */
    public static void exit(int code) {
        long ignored = EXIT.call(code);
    }

    /**
     * Sets a variable of this process's environment (setenv(3)). C code sees it, and so do programs
     * that are started from now on; Java's own look at the environment only if it is the first.
     */
    public static void setEnvironment(String name, String value) {
        try (Arena arena = Arena.ofConfined()) {
            int result =
                    (int)
                            SETENV.call(
                                    arena.allocateFrom(name).address(),
                                    arena.allocateFrom(value).address(),
                                    1);
            if (result != 0) {
                throw new OffcutException(
                        ErrorCode.EXHAUSTED, "cannot set " + name + ": no memory for it");
            }
        }
    }

    /**
     * No set-user-id program gains anything any more in the calling thread and in the threads and
     * processes that it starts from now on (PR_SET_NO_NEW_PRIVS(2const)).
     *
     * @return false when the kernel refused
     */
    public static boolean setNoNewPrivileges() {
        return prctl(PR_SET_NO_NEW_PRIVS, 1) == 0;
    }

    /** Whether {@link #setNoNewPrivileges} holds for the calling thread. */
    public static boolean hasNoNewPrivileges() {
        return prctl(PR_GET_NO_NEW_PRIVS, 0) == 1;
    }

    /**
     * Makes this process the parent of descendants whose own parent ends
     * (PR_SET_CHILD_SUBREAPER(2const)): whatever detaches itself stays in its {@link ProcessTree}.
     * They must be waited for, see {@link #orphans} and {@link #reap}.
     *
     * @return false when the kernel refused, or does not tell who the orphans are
     */
    public static boolean adoptOrphans() {
        return Files.isReadable(ORPHANS) && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
    }

    /**
     * The processes that came to this one by {@link #adoptOrphans}, ended ones included until they
     * are reaped. Those are children of the first thread, and it starts none itself: a Java program
     * runs on other threads.
     */
    public static List<Long> orphans() {
        if (Orphans.none()) {
            return List.of();
        }
        String pids = KernelFile.readOrEmpty(ORPHANS).strip();
        List<Long> orphans = new ArrayList<>();
        for (String pid : pids.split(" ", -1)) {
            orphans.add(KernelFile.parseLong(pid, -1));
        }
        orphans.remove(-1L);
        return orphans;
    }

    /**
     * Waits for an orphan that has ended, so that nothing of it is left. Never for a child that
     * this process started: whoever did waits for that one.
     *
     * @return false when it has not ended
     */
    public static boolean reap(long orphan) {
        return reap(orphan, MemorySegment.NULL);
    }

    /** The same for any child; its status goes where this is not {@code NULL}. */
    static boolean reap(long child, MemorySegment status) {
        return (int) WAITPID.call(child, status.address(), WNOHANG) == child;
    }

    /**
     * A full memory fence in every running thread of this process (membarrier(2), private,
     * expedited): what they wrote before is seen, and what this thread wrote before they see from
     * now on. Takes microseconds.
     *
     * @throws IllegalStateException where the kernel has none (before 4.14)
     */
    public static void fenceAllThreads() {
        if (SYS_MEMBARRIER < 0
                || LibC.SYSCALL.call(SYS_MEMBARRIER, MEMBARRIER_REGISTER_PRIVATE_EXPEDITED, 0) != 0
                || LibC.SYSCALL.call(SYS_MEMBARRIER, MEMBARRIER_PRIVATE_EXPEDITED, 0) != 0) {
            throw new IllegalStateException("membarrier: errno " + LibC.scratch().errno());
        }
    }

    /**
     * Gives memory that C code has freed back to the system (malloc_trim(3)). Takes milliseconds
     * where there is much of it.
     */
    public static void giveBackFreed() {
        long ignored = MALLOC_TRIM.call(0);
    }

    private static long membarrier(String architecture) {
        return switch (architecture) {
            case "amd64" -> 324;
            case "aarch64", "riscv64" -> 283;
            default -> -1;
        };
    }

    /**
     * Lets every thread of this process run on these CPUs only, the virtual machine's own included.
     *
     * @return false when the kernel refused for at least one thread
     */
    public static boolean pin(CpuSet cpus) {
        Set<Long> done = new HashSet<>();
        boolean grew = true;
        // A thread that starts while we look may have a free parent: look until none is new.
        for (int round = 0; grew && round < MAX_ROUNDS; round++) {
            grew = false;
            for (Path task : KernelFile.list(SELF.resolve("task"))) {
                long tid = KernelFile.parseLong(task.getFileName().toString(), -1);
                if (tid > 0 && done.add(tid)) {
                    grew = true;
                    if (!pin(tid, cpus) && Files.exists(task)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private static boolean pin(long tid, CpuSet cpus) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] bits = new byte[MASK_BYTES];
            cpus.stream().forEach(cpu -> bits[cpu / 8] |= (byte) (1 << cpu % 8));
            MemorySegment mask = arena.allocate(MASK_BYTES, 8);
            mask.copyFrom(MemorySegment.ofArray(bits));
            return (int) LibC.SCHED_SETAFFINITY.call(tid, MASK_BYTES, mask.address()) == 0;
        }
    }

    private static int prctl(int option, long value) {
        return (int) PRCTL.call(option, value);
    }

    /** The file that names them, kept open: most looks at it find it empty, at one system call. */
    private static final class Orphans {
        private static final @Nullable FileChannel FILE = open();

        private static @Nullable FileChannel open() {
            try {
                return FileChannel.open(ORPHANS);
            } catch (IOException e) {
                return null;
            }
        }

        static boolean none() {
            try {
                return FILE == null || FILE.read(ByteBuffer.allocate(1), 0) < 0;
            } catch (IOException e) {
                return false;
            }
        }
    }
}
