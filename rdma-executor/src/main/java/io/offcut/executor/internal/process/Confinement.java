package io.offcut.executor.internal.process;

import io.offcut.core.CpuSet;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.SchedIdle;
import io.offcut.linux.ThisProcess;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an executor does to itself before it runs foreign code, so that it never gets in a batch
 * job's way: the daemon may have done the same, but may also lack the rights or the cgroups.
 */
final class Confinement {
    private static final int FIRST_TO_GO = 1000;

    /** What lasts from the first time on, and what of it could not be had. */
    private static @Nullable List<String> lasting;

    private Confinement() {}

    /**
     * Confines this process.
     *
     * @param cpus none to leave it where it was started
     * @return one line for each part that could not be had
     */
    static synchronized List<String> apply(CpuSet cpus) {
        List<String> known = lasting;
        boolean foreign = known != null;
        if (known == null) {
            known = applyOnce();
            lasting = known;
        }
        List<String> problems = new ArrayList<>(known);
        if (!cpus.isEmpty() && !isWithin(cpus, foreign) && !ThisProcess.pin(cpus)) {
            problems.add("the process could not be kept on CPUs " + cpus);
        }
        return problems;
    }

    /** Before foreign code ran, all threads may run where the one that looks may. */
    private static boolean isWithin(CpuSet cpus, boolean foreign) {
        return !foreign && cpus.containsAll(CpuAffinity.current());
    }

    private static List<String> applyOnce() {
        List<String> problems = new ArrayList<>();
        if (!ThisProcess.setOomScoreAdj(FIRST_TO_GO)) {
            problems.add(
                    "oom_score_adj could not be raised: the OOM killer may choose a job first");
        }
        if (!ThisProcess.hasNoNewPrivileges() && !ThisProcess.setNoNewPrivileges()) {
            problems.add("no_new_privs was refused: functions may use set-user-id programs");
        }
        if (!ThisProcess.adoptOrphans()) {
            problems.add("it cannot adopt orphans: what a command leaves running may outlive it");
        }
        // Whoever starts an executor does so by chrt: it must give way from its first instruction.
        if (SchedIdle.policyOf(ProcessHandle.current().pid()) != SchedIdle.SCHED_IDLE) {
            problems.add("it was not started in SCHED_IDLE: functions compete with jobs for cores");
        }
        return List.copyOf(problems);
    }
}
