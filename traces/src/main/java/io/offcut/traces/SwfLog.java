package io.offcut.traces;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A whole log in memory, in the fields of the Standard Workload Format whatever format it was read
 * from.
 *
 * @param complaints what was wrong with it
 * @param names of the numbers in a field, from 1, where the log has names
 * @param observed when the log was written, where it tells; else null
 */
public record SwfLog(
        SwfHeader header,
        JobTable jobs,
        Complaints complaints,
        Map<SwfField, List<String>> names,
        @Nullable Window observed) {

    /**
     * A piece of time, in seconds as {@link SwfField#SUBMIT}.
     *
     * @param toSeconds exclusive
     */
    public record Window(long fromSeconds, long toSeconds) {
        public Window {
            if (toSeconds < fromSeconds) {
                throw new IllegalArgumentException(fromSeconds + " is after " + toSeconds);
            }
        }

        /** How long it is. */
        public long seconds() {
            return toSeconds - fromSeconds;
        }
    }

    public SwfLog {
        names = Map.copyOf(names);
    }

    /** A log without names. */
    public SwfLog(SwfHeader header, JobTable jobs, Complaints complaints) {
        this(header, jobs, complaints, Map.of(), null);
    }

    /** Name of a number; the number itself where the log has no names. */
    public String name(SwfField field, long number) {
        List<String> known = names.getOrDefault(field, List.of());
        return number >= 1 && number <= known.size()
                ? known.get((int) number - 1)
                : Long.toString(number);
    }

    /** This log with other jobs and another header. */
    public SwfLog with(SwfHeader otherHeader, JobTable otherJobs) {
        return new SwfLog(otherHeader, otherJobs, complaints, names, null);
    }
}
