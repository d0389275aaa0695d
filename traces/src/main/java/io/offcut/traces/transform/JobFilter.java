package io.offcut.traces.transform;

import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import io.offcut.traces.SwfLog;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which jobs of a log to keep: those for which all conditions hold.
 *
 * @param fromSeconds submitted then or later
 * @param toSeconds submitted before then
 * @param minProcs cores it got, or where that is unknown asked for
 * @param statuses any of these; empty for all
 * @param names for a field any of these names or numbers; a field that is not in it may be anything
 */
public record JobFilter(
        long fromSeconds,
        long toSeconds,
        long minProcs,
        long maxProcs,
        Set<Integer> statuses,
        Map<SwfField, Set<String>> names) {
    public JobFilter {
        statuses = Set.copyOf(statuses);
        names = Map.copyOf(names);
    }

    /** The log of the jobs that are kept, at their times and with their numbers. */
    public SwfLog apply(SwfLog log) {
        JobTable jobs = log.jobs();
        int[] rows = new int[jobs.size()];
        int kept = 0;
        for (int row = 0; row < jobs.size(); row++) {
            if (keeps(log, row)) {
                rows[kept++] = row;
            }
        }
        return log.with(
                Headers.jobs(log.header(), kept).with("Note", "Offcut kept jobs " + words()),
                jobs.select(Arrays.copyOf(rows, kept)));
    }

    private boolean keeps(SwfLog log, int row) {
        JobTable jobs = log.jobs();
        long submit = jobs.submitSeconds(row);
        int procs = jobs.procs(row) > 0 ? jobs.procs(row) : jobs.requestedProcs(row);
        return submit >= fromSeconds
                && submit < toSeconds
                && procs >= minProcs
                && procs <= maxProcs
                && (statuses.isEmpty() || statuses.contains((int) jobs.value(row, SwfField.STATUS)))
                && names.entrySet().stream().allMatch(one -> named(log, row, one));
    }

    private static boolean named(SwfLog log, int row, Map.Entry<SwfField, Set<String>> wanted) {
        long number = log.jobs().value(row, wanted.getKey());
        return wanted.getValue().contains(log.name(wanted.getKey(), number))
                || wanted.getValue().contains(Long.toString(number));
    }

    /** The conditions, for the header of what is kept. */
    private String words() {
        StringBuilder words = new StringBuilder();
        add(words, fromSeconds != Long.MIN_VALUE, "submitted from " + fromSeconds + " s");
        add(words, toSeconds != Long.MAX_VALUE, "submitted before " + toSeconds + " s");
        add(words, minProcs > Long.MIN_VALUE, "of at least " + minProcs + " cores");
        add(words, maxProcs < Long.MAX_VALUE, "of at most " + maxProcs + " cores");
        add(words, !statuses.isEmpty(), "of status " + new TreeSet<>(statuses));
        // Names stay out of the header: they may be people's.
        new TreeSet<>(names.keySet())
                .forEach(field ->
                        add(words, true, "of some " + field.name().toLowerCase(Locale.ROOT) + "s"));
        return words.isEmpty() ? "of all kinds" : words.toString();
    }

    private static void add(StringBuilder words, boolean holds, String condition) {
        if (holds) {
            words.append(words.isEmpty() ? "" : ", ").append(condition);
        }
    }
}
