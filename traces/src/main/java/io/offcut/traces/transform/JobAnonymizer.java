package io.offcut.traces.transform;

import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import io.offcut.traces.SwfHeader;
import io.offcut.traces.SwfLog;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes out of a log what tells of people: users, groups, executables, queues, partitions and jobs
 * become numbers from 1 in the order they are met, nodes too; of the header only numbers of the
 * machine stay, all free text goes. Sizes and times of jobs stay, and may still tell a job to those
 * who know it. The same log gives the same numbers.
 */
public final class JobAnonymizer {
    private static final Set<SwfField> NUMBERED =
            Set.of(
                    SwfField.JOB,
                    SwfField.USER,
                    SwfField.GROUP,
                    SwfField.EXECUTABLE,
                    SwfField.QUEUE,
                    SwfField.PARTITION);
    private static final List<String> KEPT = List.of("MaxNodes", "MaxProcs");
    private static final long WEEK = 7 * 86_400;

    private final Map<SwfField, Map<Long, Integer>> numbers = new EnumMap<>(SwfField.class);
    private final long shiftSeconds;

    private JobAnonymizer(long shiftSeconds) {
        this.shiftSeconds = shiftSeconds;
    }

    /**
     * The log without names.
     *
     * @param shiftTimes whether dates go too: the log begins in the first week of 1970; weekdays
     *     and times of day stay
     */
    public static SwfLog apply(SwfLog log, boolean shiftTimes) {
        JobTable jobs = log.jobs();
        int[] rows = jobs.rowsBySubmission();
        long unixStart = log.header().unixStartTimeSeconds().orElse(0);
        long first = rows.length == 0 ? 0 : jobs.submitSeconds(rows[0]);
        // Whole weeks of what lies before the first job, and of the date itself.
        long shift = shiftTimes ? Math.floorDiv(first, WEEK) * WEEK : 0;
        JobAnonymizer anonymizer = new JobAnonymizer(shift);
        // A job may name one that comes later: all have their number first.
        for (int row : rows) {
            anonymizer.number(SwfField.JOB, jobs.job(row));
        }
        JobTable without = jobs.select(rows, anonymizer::change).withNodes("n");
        boolean dated = log.header().unixStartTimeSeconds().isPresent();
        long start = shiftTimes ? Math.floorMod(unixStart, WEEK) : unixStart;
        return new SwfLog(
                header(log.header(), without.size(), dated ? start : null),
                without,
                log.complaints());
    }

    private void change(int row, long[] values) {
        for (SwfField field : NUMBERED) {
            int column = field.column();
            values[column] = values[column] < 0 ? -1 : number(field, values[column]);
        }
        int preceding = SwfField.PRECEDING_JOB.column();
        Integer known = numbers.getOrDefault(SwfField.JOB, Map.of()).get(values[preceding]);
        values[preceding] = known == null ? -1 : known;
        values[SwfField.SUBMIT.column()] -= shiftSeconds;
    }

    private int number(SwfField field, long value) {
        Map<Long, Integer> known = numbers.computeIfAbsent(field, f -> new HashMap<>());
        return known.computeIfAbsent(value, v -> known.size() + 1);
    }

    private static SwfHeader header(SwfHeader header, int jobs, @Nullable Long unixStart) {
        List<String> lines = new ArrayList<>();
        lines.add(" Version: 2.2");
        lines.add(" Conversion: Offcut, anonymized");
        lines.add(" MaxJobs: " + jobs);
        lines.add(" MaxRecords: " + jobs);
        if (unixStart != null) {
            lines.add(" UnixStartTime: " + unixStart);
        }
        for (String label : KEPT) {
            header.number(label).ifPresent(number -> lines.add(" " + label + ": " + number));
        }
        return new SwfHeader(lines);
    }
}
