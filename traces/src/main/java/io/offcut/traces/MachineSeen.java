package io.offcut.traces;

import io.offcut.traces.SwfLog.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the jobs of a log show of a machine that the log does not describe: its nodes, and the most
 * cores seen on each. Makes a log of jobs with absolute times. For one thread.
 */
final class MachineSeen {
    private static final int PROCS_BITS = 27;
    private static final long MAX_PROCS = (1L << PROCS_BITS) - 1;
    private static final long MAX_SECONDS = 1L << 36;

    private final Map<String, Integer> coresOfNode = new HashMap<>();
    private long firstRecord = -1;
    private long lastRecord = -1;

    /** A job had a core on the node with this number, counted from 1, or so many of them. */
    void cores(String node, int cores) {
        coresOfNode.merge(node, cores, Math::max);
    }

    /** The log has a record of this time, in seconds since the epoch. */
    void record(long epochSeconds) {
        firstRecord = firstRecord < 0 ? epochSeconds : Math.min(firstRecord, epochSeconds);
        lastRecord = Math.max(lastRecord, epochSeconds);
    }

    /** The log: jobs by submission, times counted from the first, and the machine as seen. */
    SwfLog log(JobTable absolute, Complaints complaints, NameBook names, String format) {
        int[] rows = absolute.rowsBySubmission();
        long origin = rows.length == 0 ? 0 : absolute.submitSeconds(rows[0]);
        JobTable jobs =
                absolute.select(rows, (row, values) -> values[SwfField.SUBMIT.column()] -= origin);
        @Nullable Window observed =
                firstRecord < 0 ? null : new Window(firstRecord - origin, lastRecord - origin);
        return new SwfLog(
                header(jobs, origin, names, format), jobs, complaints, names.names(), observed);
    }

    private SwfHeader header(JobTable jobs, long origin, NameBook names, String format) {
        List<String> lines = new ArrayList<>();
        lines.add(" Version: 2.2");
        lines.add(" Conversion: Offcut, from " + format);
        lines.add(" MaxJobs: " + jobs.size());
        lines.add(" MaxRecords: " + jobs.size());
        lines.add(" UnixStartTime: " + origin);
        long cores = coresOfNode.values().stream().mapToLong(Integer::longValue).sum();
        if (!coresOfNode.isEmpty()) {
            lines.add(" MaxNodes: " + coresOfNode.size());
        }
        lines.add(" MaxProcs: " + Math.max(cores, mostAtOnce(jobs)));
        lines.add(SwfHeader.SEEN);
        names.names().forEach((field, list) -> describe(field, list, lines));
        return new SwfHeader(lines);
    }

    /** The format has labels for names of queues and partitions; people stay numbers. */
    private static void describe(SwfField field, List<String> names, List<String> lines) {
        String label =
                switch (field) {
                    case QUEUE -> "Queue";
                    case PARTITION -> "Partition";
                    default -> "";
                };
        for (int number = 1; !label.isEmpty() && number <= names.size(); number++) {
            lines.add(" " + label + ": " + number + " " + names.get(number - 1));
        }
    }

    /** The most processors that jobs held at one time. */
    private static long mostAtOnce(JobTable jobs) {
        // Time and processors in one number, so that sorting needs no object a job.
        long[] starts = new long[jobs.size()];
        long[] ends = new long[jobs.size()];
        int kept = 0;
        for (int row = 0; row < jobs.size(); row++) {
            long start = jobs.submitSeconds(row) + jobs.waitSeconds(row);
            long end = start + jobs.runSeconds(row);
            if (jobs.waitSeconds(row) >= 0
                    && end > start
                    && end < MAX_SECONDS
                    && jobs.procs(row) > 0) {
                long procs = Math.min(jobs.procs(row), MAX_PROCS);
                starts[kept] = (start << PROCS_BITS) | procs;
                ends[kept++] = (end << PROCS_BITS) | procs;
            }
        }
        Arrays.sort(starts, 0, kept);
        Arrays.sort(ends, 0, kept);
        long held = 0;
        long most = 0;
        int ended = 0;
        for (int started = 0; started < kept; started++) {
            // What ends at a time has ended when something starts then.
            while ((ends[ended] >> PROCS_BITS) <= (starts[started] >> PROCS_BITS)) {
                held -= ends[ended++] & MAX_PROCS;
            }
            held += starts[started] & MAX_PROCS;
            most = Math.max(most, held);
        }
        return most;
    }
}
