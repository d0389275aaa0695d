package io.offcut.benchmarks.colocation;

import io.offcut.linux.ProcStat;
import io.offcut.linux.ProcessCpu;
import java.nio.file.Path;

/** How much of the machine others use than this process and all that it started. */
final class Foreign {
    private static final Path PROC = Path.of("/proc");
    private static final long SELF = ProcessHandle.current().pid();

    private final ProcStat before = ProcStat.read(PROC);
    private final long oursMicrosBefore = ProcessCpu.treeMicros(SELF);

    /** The share of all CPU time since this was made. */
    double share() {
        ProcStat now = ProcStat.read(PROC);
        long busy = 0;
        long whole = 0;
        for (int cpu : now.cpus().toArray()) {
            busy += now.busyTicksSince(before, cpu);
            whole += now.wholeTicksSince(before, cpu);
        }
        double ours = (double) ProcessCpu.treeMicros(SELF) - oursMicrosBefore;
        double foreign = ProcessCpu.ticksToMicros(busy) - ours;
        return Math.max(0, foreign / ProcessCpu.ticksToMicros(Math.max(1, whole)));
    }
}
