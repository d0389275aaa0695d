package io.offcut.traces;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a reader found wrong with a trace: every complaint is counted, the first {@value
 * #MAX_LOCATED} are kept with their place. For one thread while the log is read.
 */
public final class Complaints {
    /** How many complaints are kept with their place. */
    public static final int MAX_LOCATED = 20;

    private static final int MAX_EXCERPT_CHARS = 60;

    /** What can be wrong, and what the reader did about it. */
    public enum Kind {
        /** A line that lacks fields it cannot do without: it is left out. */
        TOO_SHORT(true, "the line lacks fields it cannot do without; left out"),
        /** A needed field is not a number: the line is left out. */
        NOT_A_NUMBER(true, "a needed field is not a number; the line is left out"),
        /** A needed field is too large: the line is left out. */
        OUT_OF_RANGE(true, "a needed field is out of any range; the line is left out"),
        /** Longer than any record: it is left out. */
        LINE_TOO_LONG(true, "longer than any record; left out"),
        /** Not of the form the format has: it is left out. */
        NOT_A_RECORD(true, "not of the form the format has; left out"),
        /** The log ends before the job does: a job that waits is kept without times. */
        UNFINISHED(false, "the job waits or runs when the log ends; kept with what is known"),
        /** A step of a job that is not in the log: it is left out. */
        STEP_WITHOUT_JOB(true, "a step whose job is not before it; left out"),
        /** Fields are missing at the end: they are unknown (−1). */
        MISSING_FIELDS(false, "fields are missing at the end; taken as unknown"),
        /** More fields than the format has: the rest is ignored. */
        EXTRA_FIELDS(false, "more fields than the format has; the rest is ignored"),
        /** A field that can be done without is unreadable: it is unknown (−1). */
        FIELD_UNREADABLE(false, "the field is unreadable; taken as unknown"),
        /** A whole number was written with a fraction: the fraction is dropped. */
        FRACTION(false, "a whole number with a fraction; the fraction is dropped"),
        /** Not later than the sample before: the sample is left out. */
        NOT_LATER(true, "not later than the sample before; the sample is left out"),
        /** A sample that does not end: it is left out. */
        SAMPLE_UNFINISHED(true, "the sample does not end; left out"),
        /** Submitted before the job of the line before: kept where it stands. */
        OUT_OF_ORDER(false, "submitted before the job above it; kept where it stands"),
        /** More different names than are kept: the name is unknown (−1). */
        TOO_MANY_NAMES(false, "more different names than are kept; taken as unknown"),
        /** The compressed file ends early or is damaged: what could be read is kept. */
        TRUNCATED(false, "the compressed file ends early or is damaged; what came before is kept");

        private final boolean dropsLine;
        private final String meaning;

        Kind(boolean dropsLine, String meaning) {
            this.dropsLine = dropsLine;
            this.meaning = meaning;
        }

        /** What it means and what was done about it, in words. */
        public String meaning() {
            return meaning;
        }
    }

    /**
     * One complaint with its place.
     *
     * @param line counted from 1
     * @param field number of the field counted from 1, 0 for the whole line
     * @param excerpt of what stood there, printable, at most 60 characters
     */
    public record Located(Kind kind, long line, int field, String excerpt) {
        @Override
        public String toString() {
            return "line "
                    + line
                    + (field > 0 ? ", field " + field : "")
                    + ": "
                    + kind.name().toLowerCase(Locale.ROOT).replace('_', ' ')
                    + ": "
                    + excerpt;
        }
    }

    private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
    private final List<Located> located = new ArrayList<>();

    /** Counts a complaint. */
    public void add(Kind kind, long line, int field, String text) {
        if (hasRoom()) {
            located.add(new Located(kind, line, field, excerpt(text)));
        }
        add(kind);
    }

    /** One more that is only counted. */
    void add(Kind kind) {
        counts.merge(kind, 1L, Long::sum);
    }

    /** Whether the next one is kept with its place. */
    boolean hasRoom() {
        return located.size() < MAX_LOCATED;
    }

    private static String excerpt(String text) {
        String start =
                text.length() > MAX_EXCERPT_CHARS ? text.substring(0, MAX_EXCERPT_CHARS) : text;
        return start.replaceAll("[^\\x20-\\x7e]", "?");
    }

    /** How often it was found. */
    public long count(Kind kind) {
        return counts.getOrDefault(kind, 0L);
    }

    /** All complaints together. */
    public long total() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Lines that were left out. */
    public long droppedLines() {
        long dropped = 0;
        for (Map.Entry<Kind, Long> entry : counts.entrySet()) {
            dropped += entry.getKey().dropsLine ? entry.getValue() : 0;
        }
        return dropped;
    }

    /** The first ones, with their place. */
    public List<Located> located() {
        return List.copyOf(located);
    }

    /** Counts by kind, in the order of {@link Kind}; kinds never found are not in it. */
    public Map<Kind, Long> counts() {
        return Collections.unmodifiableMap(counts);
    }
}
