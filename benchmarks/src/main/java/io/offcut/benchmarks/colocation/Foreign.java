package io.offcut.benchmarks.colocation;

import io.offcut.linux.KernelFile;
import io.offcut.linux.ProcStat;
import io.offcut.linux.ProcessCpu;
import java.nio.file.Path;

/**
 * How much of the machine others use than this process and all that it started, and how much a
 * hypervisor takes from all.
 */
final class Foreign {
    private static final Path PROC = Path.of("/proc");
    private static final long SELF = ProcessHandle.current().pid();
    private static final int STEAL = 8;

    private final ProcStat before = ProcStat.read(PROC);
    private final long stolenTicksBefore = stolenTicks();
    private final long oursMicrosBefore = ProcessCpu.treeMicros(SELF);

    /** The share of all CPU time since this was made. */
    double share() {
        ProcStat now = ProcStat.read(PROC);
        long taken = stolenTicks() - stolenTicksBefore;
        long whole = 0;
        for (int cpu : now.cpus().toArray()) {
            taken += now.busyTicksSince(before, cpu);
            whole += now.wholeTicksSince(before, cpu);
        }
        double ours = (double) ProcessCpu.treeMicros(SELF) - oursMicrosBefore;
        double foreign = ProcessCpu.ticksToMicros(taken) - ours;
        return Math.max(0, foreign / ProcessCpu.ticksToMicros(Math.max(1, whole)));
    }

    /** Of all CPUs together, in the first line; 0 where the kernel does not say. */
    private static long stolenTicks() {
        String[] fields =
                KernelFile.readOrEmpty(PROC.resolve("stat")).split("\n", 2)[0].split(" +", -1);
        return fields.length > STEAL ? Long.parseLong(fields[STEAL]) : 0;
    }
}
