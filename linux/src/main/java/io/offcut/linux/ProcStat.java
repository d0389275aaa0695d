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

    /** Places in a line: user nice system idle iowait irq softirq steal. */
    private static final int IDLE = 3;

    private static final int IOWAIT = 4;
    private static final int STEAL = 7;
    private static final int FIELDS = 8;

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
        return parse(KernelText.of(text));
    }

    /** The same of a file that is read again and again. */
    public static ProcStat read(KeptFile file, KernelText text) {
        file.read(text);
        return parse(text);
    }

    private static ProcStat parse(KernelText text) {
        int[] cpus = new int[8];
        int count = 0;
        long[] ticks = new long[16];
        // The CPU lines come first; what follows is long and of no use here.
        for (int start = 0; text.startsWith("cpu", start); start = text.lineEnd(start) + 1) {
            int end = text.numberEnd(start + 3);
            long cpu = text.numberAt(start + 3, -1);
            if (cpu < 0 || cpu > CpuSet.MAX_CPU || text.at(end) != ' ') {
                continue;
            }
            int slot = 2 * (int) cpu;
            ticks = slot + 1 < ticks.length ? ticks : Arrays.copyOf(ticks, 2 * (slot + 2));
            if (addTicks(text, end, ticks, slot)) {
                cpus = count < cpus.length ? cpus : Arrays.copyOf(cpus, 2 * count);
                cpus[count++] = (int) cpu;
            }
        }
        return new ProcStat(CpuSet.of(Arrays.copyOf(cpus, count)), ticks);
    }

    /** Sums the fields of one line; false when it has too few. */
    private static boolean addTicks(KernelText text, int start, long[] ticks, int slot) {
        long busy = 0;
        long whole = 0;
        int fields = 0;
        for (int at = start; text.at(at) == ' ' && fields < FIELDS; fields++) {
            while (text.at(at) == ' ') {
                at++;
            }
            long value = text.numberAt(at, 0);
            whole += value;
            busy += fields == IDLE || fields == IOWAIT || fields == STEAL ? 0 : value;
            at = text.numberEnd(at);
        }
        ticks[slot + BUSY] = busy;
        ticks[slot + WHOLE] = whole;
        return fields > IDLE;
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
