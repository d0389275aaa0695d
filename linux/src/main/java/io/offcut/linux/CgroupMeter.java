package io.offcut.linux;

import io.offcut.core.CpuSet;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what one control group uses, again and again, without garbage: its files stay open. For a
 * group of anybody's. For one thread; close it when the group is gone.
 *
 * <p>A figure that is not there is −1. Kernel documents: admin-guide/cgroup-v1/memory.rst (the
 * {@code total_} figures are those of the group and all below it), cpuacct.rst, cpusets.rst;
 * admin-guide/cgroup-v2.rst.
 */
public final class CgroupMeter implements AutoCloseable {
    private final KernelText text;
    private final boolean version1;
    private final KeptFile cpuTime;
    private final KeptFile perCpu;
    private final KeptFile cpuList;
    private final KeptFile usage;
    private final KeptFile stat;
    private final KeptFile limit;
    private final KeptFile pressure;

    private int cpuCount;
    private byte[] cpusBytes = new byte[0];
    private CpuSet cpus = CpuSet.empty();
    private long usageBytes = -1;
    private long inactiveFileBytes;
    private long activeFileBytes;

    private CgroupMeter(
            KernelText text,
            boolean version1,
            @Nullable Path cpuTimes,
            @Nullable Path cpusets,
            @Nullable Path memory) {
        this.text = text;
        this.version1 = version1;
        this.cpuTime = file(cpuTimes, version1 ? "cpuacct.usage" : "cpu.stat");
        this.perCpu = file(cpuTimes, "cpuacct.usage_percpu");
        this.cpuList = file(cpusets, version1 ? "cpuset.cpus" : "cpuset.cpus.effective");
        this.usage = file(memory, version1 ? "memory.usage_in_bytes" : "memory.current");
        this.stat = file(memory, "memory.stat");
        this.limit = file(memory, version1 ? "memory.limit_in_bytes" : "memory.max");
        this.pressure = file(memory, "memory.pressure");
    }

    private static KeptFile file(@Nullable Path directory, String name) {
        return new KeptFile(directory == null ? null : directory.resolve(name));
    }

    /**
     * A group of version 1, by its directory below each controller; null where it has none.
     *
     * @param text where what was read is held meanwhile; may be that of other meters
     */
    public static CgroupMeter version1(
            @Nullable Path cpuacct, @Nullable Path cpuset, @Nullable Path memory, KernelText text) {
        return new CgroupMeter(text, true, cpuacct, cpuset, memory);
    }

    /** A group of version 2. */
    public static CgroupMeter version2(Path directory, KernelText text) {
        return new CgroupMeter(text, false, directory, directory, directory);
    }

    /** CPU time used in it since it was made, also by what has ended, µs. */
    public long cpuMicros() {
        if (!cpuTime.read(text)) {
            return -1;
        }
        if (version1) {
            long nanos = text.number(-1);
            return nanos < 0 ? -1 : nanos / 1000;
        }
        return text.field("usage_usec", -1);
    }

    /** The same by CPU number, ns; null where the kernel does not keep it (version 2). */
    public long @Nullable [] cpuNanosPerCpu() {
        if (!version1 || !perCpu.read(text)) {
            return null;
        }
        long[] nanos = new long[cpuCount];
        int cpu = 0;
        for (int at = 0; text.numberEnd(at) > at && cpu <= CpuSet.MAX_CPU; cpu++) {
            nanos = cpu < nanos.length ? nanos : Arrays.copyOf(nanos, cpu + 16);
            nanos[cpu] = text.numberAt(at, 0);
            at = text.numberEnd(at) + 1;
        }
        cpuCount = cpu;
        return cpu == nanos.length ? nanos : Arrays.copyOf(nanos, cpu);
    }

    /** The CPUs the kernel lets it use; empty when it does not say. */
    public CpuSet cpus() {
        if (!cpuList.read(text)) {
            return CpuSet.empty();
        }
        if (!text.isSame(cpusBytes)) {
            cpusBytes = text.copy();
            cpus = KernelFile.cpuList(text.toString());
        }
        return cpus;
    }

    /** Looks at its memory; the next three methods tell what was seen. */
    public CgroupMeter lookAtMemory() {
        usageBytes = usage.read(text) ? text.number(-1) : -1;
        boolean known = usageBytes >= 0 && stat.read(text);
        inactiveFileBytes =
                known ? text.field(version1 ? "total_inactive_file" : "inactive_file", 0) : 0;
        activeFileBytes = known ? text.field(version1 ? "total_active_file" : "active_file", 0) : 0;
        return this;
    }

    /** Memory charged to it, page cache included. */
    public long memoryBytes() {
        return usageBytes;
    }

    /** Memory without the part of the page cache that can be dropped at once. */
    public long workingSetBytes() {
        return usageBytes < 0 ? -1 : Math.max(0, usageBytes - inactiveFileBytes);
    }

    /**
     * Memory that comes free only when what is in the group ends: without the page cache, which the
     * kernel counts as available wherever it was charged.
     */
    public long heldBytes() {
        return usageBytes < 0 ? -1 : Math.max(0, usageBytes - inactiveFileBytes - activeFileBytes);
    }

    /** What may be charged to it; a very large number, or −1, without a limit. */
    public long memoryLimitBytes() {
        return limit.read(text) ? text.number(-1) : -1;
    }

    /** Time since it was made in which a task of it waited for memory, µs (version 2 with PSI). */
    public long memoryStallMicros() {
        return version1 ? -1 : Psi.readSomeTotalMicros(pressure, text);
    }

    @Override
    public void close() {
        List.of(cpuTime, perCpu, cpuList, usage, stat, limit, pressure).forEach(KeptFile::close);
    }
}
