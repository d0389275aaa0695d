package io.offcut.linux;

import static io.offcut.linux.ProcessTree.descendantStats;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * CPU time of processes: of one as exactly as the kernel has it, of a tree from /proc/pid/stat,
 * whose grain is one clock tick, usually 10 ms.
 */
public final class ProcessCpu {
    private static final Path PROC = Path.of("/proc");
    private static final LibC CLOCK_GETCPUCLOCKID = new LibC("clock_getcpuclockid");
    private static final LibC CLOCK_GETTIME = new LibC("clock_gettime");
    private static final int SC_CLK_TCK = 2;
    private static final long TICKS_PER_SECOND = ticksPerSecond();

    private ProcessCpu() {}

    /**
     * User and system time of all threads of the process, ended ones included, µs, by its own clock
     * (clock_getcpuclockid(3)); −1 when it is gone.
     */
    public static long cpuMicros(long pid) {
        MemorySegment answer = LibC.scratch().timespec;
        if ((int) CLOCK_GETCPUCLOCKID.call(pid, answer.address()) != 0) {
            return -1;
        }
        int clock = answer.get(JAVA_INT, 0);
        if ((int) CLOCK_GETTIME.call(clock, answer.address()) != 0) {
            return -1;
        }
        return answer.get(JAVA_LONG, 0) * 1_000_000 + answer.get(JAVA_LONG, Long.BYTES) / 1_000;
    }

    /**
     * CPU time of the process, its descendants, and of those of them that ended and were waited
     * for, µs; −1 when the process is gone.
     */
    public static long treeMicros(long pid) {
        return treeMicros(PROC, pid);
    }

    /** The same in another /proc. */
    public static long treeMicros(Path proc, long pid) {
        ProcessStat root = ProcessStat.read(proc.resolve(Long.toString(pid)));
        if (root == null) {
            return -1;
        }
        long ticks = root.ownTicks() + root.childTicks();
        for (ProcessStat stat : descendantStats(proc, pid)) {
            ticks += stat.ownTicks() + stat.childTicks();
        }
        return ticksToMicros(ticks);
    }

    /**
     * Memory of the process and its descendants that belongs to each alone (RssAnon), bytes; 0 when
     * the process is gone.
     */
    public static long treeAnonymousBytes(Path proc, long pid) {
        long bytes = anonymousBytes(proc, pid);
        for (ProcessStat stat : descendantStats(proc, pid)) {
            bytes += anonymousBytes(proc, stat.pid());
        }
        return bytes;
    }

    private static long anonymousBytes(Path proc, long pid) {
        String status = KernelFile.readOrEmpty(proc.resolve(pid + "/status"));
        return Math.max(0, MemInfo.bytes(status, "RssAnon:", 0));
    }

    /** Clock ticks of /proc in microseconds. */
    public static long ticksToMicros(long ticks) {
        return ticks * 1_000_000 / TICKS_PER_SECOND;
    }

    private static long ticksPerSecond() {
        long ticks = LibC.SYSCONF.call(SC_CLK_TCK);
        return ticks > 0 ? ticks : 100;
    }
}
