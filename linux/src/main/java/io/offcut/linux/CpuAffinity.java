package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * Which CPUs a thread or process may run on (sched_setaffinity(2), proc_pid_status(5)). Numbers are
 * the kernel's. Nothing here blocks.
 */
public final class CpuAffinity {
    private static final int MASK_BYTES = (CpuSet.MAX_CPU + 1) / 8;
    private static final Path PROC = Path.of("/proc");
    private static final LibC GETAFFINITY = new LibC("sched_getaffinity");

    private CpuAffinity() {}

    /**
     * Lets the calling platform thread run on these CPUs only. Threads it starts later inherit the
     * mask.
     *
     * @throws OffcutException if none of the CPUs is there or permitted
     * @throws IllegalStateException on a virtual thread, whose carrier would be pinned instead
     */
    public static void pinCurrentThread(CpuSet cpus) {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a virtual thread cannot be pinned to CPUs " + cpus);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, 8);
            cpus.stream().forEach(cpu -> setBit(mask, cpu));
            if ((int) LibC.SCHED_SETAFFINITY.call(0, MASK_BYTES, mask.address()) != 0) {
                throw new OffcutException(
                        ErrorCode.CONFLICT,
                        "cannot pin a thread to CPUs '"
                                + cpus
                                + "' (errno "
                                + LibC.scratch().errno()
                                + "): this process may use '"
                                + current()
                                + "'");
            }
        }
    }

    /** The CPUs the calling thread may run on. */
    public static CpuSet current() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, 8);
            if ((int) GETAFFINITY.call(0, MASK_BYTES, mask.address()) < 0) {
                throw new AssertionError(
                        "sched_getaffinity failed: errno " + LibC.scratch().errno());
            }
            return CpuSet.of(BitSet.valueOf(mask.asByteBuffer()).stream().toArray());
        }
    }

    /** The CPUs that any thread of the process may run on; empty when the process is gone. */
    public static CpuSet ofProcess(long pid) {
        return ofProcess(PROC, pid);
    }

    static CpuSet ofProcess(Path proc, long pid) {
        CpuSet union = CpuSet.empty();
        for (Path task : KernelFile.list(proc.resolve(Long.toString(pid)).resolve("task"))) {
            union = union.plus(allowed(KernelFile.readOrEmpty(task.resolve("status"))));
        }
        return union;
    }

    /** The CPUs the kernel schedules on. */
    public static CpuSet online() {
        CpuSet listed =
                KernelFile.cpuList(
                        KernelFile.readOrEmpty(Path.of("/sys/devices/system/cpu/online")));
        return listed.isEmpty() ? ProcStat.read(PROC).cpus() : listed;
    }

    private static CpuSet allowed(String status) {
        return KernelFile.cpuList(KernelFile.valueAfter(status, "Cpus_allowed_list:"));
    }

    private static void setBit(MemorySegment mask, int cpu) {
        int old = mask.get(JAVA_BYTE, cpu / 8);
        mask.set(JAVA_BYTE, cpu / 8, (byte) (old | 1 << cpu % 8));
    }
}
