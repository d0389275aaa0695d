package io.offcut.executor.internal.process;

import io.offcut.core.CpuSet;
import io.offcut.linux.SchedIdle;
import io.offcut.linux.ThisProcess;
import java.util.ArrayList;
import java.util.List;

/**
 * What an executor does to itself before it runs foreign code, so that it never gets in a batch
 * job's way: the daemon may have done the same, but may also lack the rights or the cgroups.
 */
final class Confinement {
    private static final int FIRST_TO_GO = 1000;

    private Confinement() {}

    /** What holds from the beginning. @return one line for each part that could not be had */
    static List<String> apply(CpuSet cpus) {
        List<String> problems = new ArrayList<>();
        if (!ThisProcess.setOomScoreAdj(FIRST_TO_GO)) {
            problems.add(
                    "oom_score_adj could not be raised: the OOM killer may choose a job first");
        }
        if (!ThisProcess.pin(cpus)) {
            problems.add("the process could not be kept on CPUs " + cpus);
        }
        if (!ThisProcess.hasNoNewPrivileges() && !ThisProcess.setNoNewPrivileges()) {
            problems.add("no_new_privs was refused: functions may use set-user-id programs");
        }
        return problems;
    }

    /**
     * Gives way to everything else, for good. Last, because a virtual machine that starts in the
     * idle class beside a busy neighbour may take a minute to become ready, on cores that are its
     * own.
     *
     * @return as {@link #apply}
     */
    static List<String> giveWay() {
        return SchedIdle.applyToCurrentProcess()
                ? List.of()
                : List.of("SCHED_IDLE was refused: functions compete with jobs for their cores");
    }
}
