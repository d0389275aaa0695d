package io.offcut.traces.idle;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a reader found wrong with recorded samples: every complaint is counted, the first {@value
 * #MAX_LOCATED} are kept with their place. For one thread while the record is read.
 */
public final class IdleComplaints {
    /** How many complaints are kept with their place. */
    public static final int MAX_LOCATED = 20;

    private static final int MAX_EXCERPT_CHARS = 60;

    /** What can be wrong, and what the reader did about it. */
    public enum Kind {
        /** No time where a sample begins, or no number in a column: the sample is left out. */
        NOT_A_NUMBER,
        /** Not as the format has it, or a list of nodes that makes no sense: it is left out. */
        NOT_A_RECORD,
        /** Longer than any list of nodes: the line is left out. */
        LINE_TOO_LONG,
        /** Not later than the sample before: the sample is left out. */
        OUT_OF_ORDER,
        /** The sample does not end: it is left out. */
        UNFINISHED,
        /** The compressed file ends early or is damaged: what could be read is kept. */
        TRUNCATED
    }

    /**
     * One complaint with its place.
     *
     * @param line counted from 1
     * @param excerpt of what stood there, printable, at most 60 characters
     */
    public record Located(Kind kind, long line, String excerpt) {
        @Override
        public String toString() {
            return "line "
                    + line
                    + ": "
                    + kind.name().toLowerCase(Locale.ROOT).replace('_', ' ')
                    + ": "
                    + excerpt;
        }
    }

    private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
    private final List<Located> located = new ArrayList<>();

    void add(Kind kind, long line, String text) {
        counts.merge(kind, 1L, Long::sum);
        if (located.size() < MAX_LOCATED) {
            String start = text.substring(0, Math.min(text.length(), MAX_EXCERPT_CHARS));
            located.add(new Located(kind, line, start.replaceAll("[^\\x20-\\x7e]", "?")));
        }
    }

    /** All complaints together. */
    public long total() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
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
