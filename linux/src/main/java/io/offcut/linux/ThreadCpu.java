package io.offcut.linux;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * CPU time of one thread.
 *
 * @param tid thread id
 * @param cpuMicros user and system time, µs
 * @param processor CPU it ran on last; −1 when the kernel does not say
 */
public record ThreadCpu(long tid, long cpuMicros, int processor) {
    private static final int MAX_THREADS = 4096;

    /**
     * The threads of a process in this /proc, at most {@value #MAX_THREADS}; none when it is gone.
     */
    public static List<ThreadCpu> of(Path proc, long pid) {
        List<ThreadCpu> threads = new ArrayList<>();
        for (Path task : KernelFile.list(proc.resolve(Long.toString(pid)).resolve("task"))) {
            ProcessStat stat = ProcessStat.read(task);
            if (stat != null && threads.size() < MAX_THREADS) {
                threads.add(
                        new ThreadCpu(
                                stat.pid(),
                                ProcessCpu.ticksToMicros(stat.ownTicks()),
                                stat.processor()));
            }
        }
        return threads;
    }
}
