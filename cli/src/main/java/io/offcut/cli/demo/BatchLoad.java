package io.offcut.cli.demo;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A stand-in for batch jobs: one real process for each core it takes, pinned there, at ordinary
 * priority, never pausing. They end with the thread that started them. Not for several threads.
 */
final class BatchLoad implements AutoCloseable {
    private final Map<Integer, Process> jobs = new HashMap<>();

    /** Holds exactly these cores from now on. */
    void hold(CpuSet cores) {
        jobs.entrySet()
                .removeIf(job -> {
                    boolean over = !cores.contains(job.getKey());
                    if (over) {
                        job.getValue().destroyForcibly();
                    }
                    return over;
                });
        cores.stream().forEach(core -> jobs.computeIfAbsent(core, BatchLoad::spinOn));
    }

    private static Process spinOn(int core) {
        try {
            return new ProcessBuilder(
                            "setpriv",
                            "--pdeathsig",
                            "KILL",
                            "taskset",
                            "-c",
                            String.valueOf(core),
                            "sh",
                            "-c",
                            "while :; do :; done")
                    .inheritIO()
                    .start();
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "the batch load on core " + core + " cannot start: " + e.getMessage(),
                    e);
        }
    }

    /** The cores it holds. */
    CpuSet cores() {
        return CpuSet.of(jobs.keySet().stream().mapToInt(Integer::intValue).toArray());
    }

    @Override
    public void close() {
        hold(CpuSet.empty());
    }
}
