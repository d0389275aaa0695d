package io.offcut.traces;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a reader found wrong with a log: every complaint is counted, the first {@value #MAX_LOCATED}
 * are kept with their place. For one thread while the log is read.
 */
public final class SwfComplaints {
    /** How many complaints are kept with their place. */
    public static final int MAX_LOCATED = 20;

    private static final int MAX_EXCERPT_CHARS = 60;

    /** What can be wrong, and what the reader did about it. */
    public enum Kind {
        /** Fewer than the first five fields: the line is left out. */
        TOO_SHORT(true),
        /** One of the first five fields is not a number: the line is left out. */
        NOT_A_NUMBER(true),
        /** One of the first five fields is too large: the line is left out. */
        OUT_OF_RANGE(true),
        /** Longer than any line of numbers: the line is left out. */
        LINE_TOO_LONG(true),
        /** Fields are missing at the end: they are unknown (−1). */
        MISSING_FIELDS(false),
        /** More than 18 fields: the rest is ignored. */
        EXTRA_FIELDS(false),
        /** A later field is no number or too large: it is unknown (−1). */
        FIELD_UNREADABLE(false),
        /** A whole number was written with a fraction: the fraction is dropped. */
        FRACTION(false),
        /** Submitted before the job of the line before: kept where it stands. */
        OUT_OF_ORDER(false),
        /** The compressed file ends early or is damaged: what could be read is kept. */
        TRUNCATED(false);

        private final boolean dropsLine;

        Kind(boolean dropsLine) {
            this.dropsLine = dropsLine;
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

    void add(Kind kind, long line, int field, String text) {
        counts.merge(kind, 1L, Long::sum);
        if (located.size() < MAX_LOCATED) {
            located.add(new Located(kind, line, field, excerpt(text)));
        }
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
