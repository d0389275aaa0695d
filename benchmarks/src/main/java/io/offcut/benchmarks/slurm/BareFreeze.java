package io.offcut.benchmarks.slurm;

import io.offcut.core.CpuSet;
import io.offcut.linux.Cgroup;
import io.offcut.linux.Cgroups;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** The freezer alone: a control group with two processes that compute. */
final class BareFreeze {
    private static final int PROCESSES = 2;
    private static final long PATIENCE_MILLIS = 5_000;

    private BareFreeze() {}

    /** Freezes and thaws it so many times; the time of each freeze goes into the histogram. */
    static void measure(int times, Histogram nanos) throws IOException, InterruptedException {
        Cgroups cgroups = Cgroups.detect();
        String parent = "offcut_bench_" + ProcessHandle.current().pid();
        Cgroup group = cgroups.create(parent, "spin", new Cgroup.Limits(CpuSet.empty(), 0, 0));
        List<Process> processes = new ArrayList<>();
        try {
            for (int i = 0; i < PROCESSES; i++) {
                Process process =
                        new ProcessBuilder("chrt", "--idle", "0", "sh", "-c", "while :; do :; done")
                                .start();
                processes.add(process);
                group.join(process.pid());
            }
            for (int i = 0; i < times; i++) {
                // As long as a job's start leaves functions alone, or the freeze meets no work.
                Thread.sleep(20);
                long begun = System.nanoTime();
                if (!group.freeze(PATIENCE_MILLIS)) {
                    throw new IllegalStateException("a control group does not freeze");
                }
                nanos.recordValue(System.nanoTime() - begun);
                group.thaw();
            }
        } finally {
            processes.forEach(Process::destroyForcibly);
            group.kill(PATIENCE_MILLIS);
            group.remove();
            cgroups.removeParent(parent);
        }
    }
}
