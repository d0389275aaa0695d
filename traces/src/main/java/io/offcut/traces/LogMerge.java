package io.offcut.traces;

import java.util.List;
import java.util.OptionalLong;

/**
 * Several logs of one machine as one. If each says when it started ({@code UnixStartTime}), times
 * count from the earliest start; else all are taken to have started together. Jobs of the same
 * second stay in the order of their numbers, then of the logs.
 */
public final class LogMerge {
    private LogMerge() {}

    /**
     * The jobs of all logs, with the header of the one that started first.
     *
     * @param logs at least one
     * @throws IllegalArgumentException if there is none
     */
    public static SwfLog of(List<SwfLog> logs) {
        if (logs.isEmpty()) {
            throw new IllegalArgumentException("no logs to merge");
        }
        if (logs.size() == 1) {
            return logs.getFirst();
        }
        SwfLog first = logs.getFirst();
        boolean dated = logs.stream().allMatch(log -> start(log).isPresent());
        for (SwfLog log : logs) {
            first = dated && seconds(log) < seconds(first) ? log : first;
        }
        JobTable.Builder jobs = new JobTable.Builder();
        for (SwfLog log : logs) {
            add(log.jobs(), dated ? seconds(log) - seconds(first) : 0, jobs);
        }
        return new SwfLog(first.header(), jobs.build(), first.complaints());
    }

    private static OptionalLong start(SwfLog log) {
        return log.header().unixStartTimeSeconds();
    }

    private static long seconds(SwfLog log) {
        return start(log).orElse(0);
    }

    private static void add(JobTable table, long laterSeconds, JobTable.Builder jobs) {
        long[] values = new long[SwfField.COUNT];
        for (int row = 0; row < table.size(); row++) {
            for (SwfField field : SwfField.values()) {
                values[field.column()] = table.value(row, field);
            }
            values[SwfField.SUBMIT.column()] += laterSeconds;
            jobs.add(values, table.averageCpuSeconds(row));
        }
    }
}
