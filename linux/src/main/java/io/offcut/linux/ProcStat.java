package io.offcut.linux;

import io.offcut.core.CpuSet;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What each CPU has done since boot, from /proc/stat (proc_stat(5)), in clock ticks. An immutable
 * snapshot.
 *
 * <p>Busy is user, nice, system, irq and softirq. Waiting for I/O is idle. Time that a hypervisor
 * took away (steal) is part of the whole and not busy: nobody on this machine used it.
 */
public final class ProcStat {
    private static final int BUSY = 0;
    private static final int WHOLE = 1;

    private final CpuSet cpus;
    private final long[] ticks;

    private ProcStat(CpuSet cpus, long[] ticks) {
        this.cpus = cpus;
        this.ticks = ticks;
    }

    /** Reads {@code stat} in this /proc; without CPUs when there is none. */
    public static ProcStat read(Path proc) {
        return parse(KernelFile.readOrEmpty(proc.resolve("stat")));
    }

    /** Reads the {@code cpuN} lines and skips what it does not understand. */
    public static ProcStat parse(String text) {
        CpuSet cpus = CpuSet.empty();
        long[] ticks = new long[16];
        for (int start = 0; start < text.length(); ) {
            int end = text.indexOf('\n', start);
            end = end < 0 ? text.length() : end;
            if (!text.startsWith("cpu", start)) {
                // The CPU lines come first; what follows is long and of no use here.
                break;
            }
            String[] fields = text.substring(start + 3, end).split(" +", 12);
            long cpu = KernelFile.parseLong(fields[0], -1);
            if (cpu >= 0 && cpu <= CpuSet.MAX_CPU && fields.length >= 5) {
                int slot = 2 * (int) cpu;
                ticks = slot + 1 < ticks.length ? ticks : Arrays.copyOf(ticks, 2 * (slot + 2));
                ticks[slot + BUSY] = sum(fields, 1, 2, 3, 6, 7);
                ticks[slot + WHOLE] = sum(fields, 1, 2, 3, 4, 5, 6, 7, 8);
                cpus = cpus.plus(CpuSet.of((int) cpu));
            }
            start = end + 1;
        }
        return new ProcStat(cpus, ticks);
    }

    private static long sum(String[] fields, int... numbers) {
        long sum = 0;
        for (int number : numbers) {
            sum += number < fields.length ? KernelFile.parseLong(fields[number], 0) : 0;
        }
        return sum;
    }

    /** The CPUs that are online. */
    public CpuSet cpus() {
        return cpus;
    }

    /** Ticks the CPU was busy; 0 for one that is not online. */
    public long busyTicks(int cpu) {
        return cpus.contains(cpu) ? ticks[2 * cpu + BUSY] : 0;
    }

    /** Ticks the CPU was not busy, time taken by a hypervisor included. */
    public long idleTicks(int cpu) {
        return cpus.contains(cpu) ? ticks[2 * cpu + WHOLE] - ticks[2 * cpu + BUSY] : 0;
    }

    /** Ticks busy between the two snapshots; never negative. */
    public long busyTicksSince(ProcStat earlier, int cpu) {
        return Math.max(0, busyTicks(cpu) - earlier.busyTicks(cpu));
    }

    /** All ticks between the two snapshots; never negative. */
    public long wholeTicksSince(ProcStat earlier, int cpu) {
        long idle = Math.max(0, idleTicks(cpu) - earlier.idleTicks(cpu));
        return busyTicksSince(earlier, cpu) + idle;
    }
}
