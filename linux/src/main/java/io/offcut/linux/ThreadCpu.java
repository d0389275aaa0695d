package io.offcut.linux;

import org.jspecify.annotations.Nullable;

/**
 * CPU time of one thread.
 *
 * @param tid thread id
 * @param cpuMicros user and system time, µs
 * @param processor CPU it ran on last; −1 when the kernel does not say
 */
public record ThreadCpu(long tid, long cpuMicros, int processor) {
    /** Numbers of fields, the name being the second. */
    private static final int NAME = 2;

    private static final int USER_TIME = 14;
    private static final int SYSTEM_TIME = 15;
    private static final int PROCESSOR = 39;

    /** Fields of proc_pid_stat(5), counted behind the name, which may hold anything. */
    static @Nullable ThreadCpu parse(KernelText text) {
        int at = text.length() - 1;
        while (at >= 0 && text.at(at) != ')') {
            at--;
        }
        long tid = text.numberAt(0, -1);
        if (at < 0 || tid < 0) {
            return null;
        }
        long ticks = 0;
        int processor = -1;
        int field = NAME;
        for (at++; at < text.length() && field < PROCESSOR; at++) {
            if (text.at(at) != ' ') {
                continue;
            }
            field++;
            if (field == USER_TIME || field == SYSTEM_TIME) {
                ticks += text.numberAt(at + 1, 0);
            } else if (field == PROCESSOR) {
                processor = (int) Math.min(Integer.MAX_VALUE, text.numberAt(at + 1, -1));
            }
        }
        return field < SYSTEM_TIME
                ? null
                : new ThreadCpu(tid, ProcessCpu.ticksToMicros(ticks), processor);
    }
}
