package io.offcut.traces;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The comment lines of a log, as they stand, without the leading {@code ;}. Many are of the form
 * {@code Label: value}.
 *
 * @param lines in the order of the log
 */
public record SwfHeader(List<String> lines) {
    /** Of a log that does not describe its machine. */
    static final String SEEN =
            " Note: MaxNodes and MaxProcs are what the jobs were seen on, the least there is";

    /** A log without comments. */
    public static final SwfHeader EMPTY = new SwfHeader(List.of());

    public SwfHeader {
        lines = List.copyOf(lines);
    }

    /** Value of the first line with this label, upper and lower case alike; empty when none. */
    public String text(String label) {
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).strip().equalsIgnoreCase(label)) {
                return line.substring(colon + 1).strip();
            }
        }
        return "";
    }

    /** The number at the start of {@link #text}; empty when there is none or it is negative. */
    public OptionalLong number(String label) {
        String text = text(label);
        int digits = 0;
        while (digits < text.length() && digits < 18 && isDigit(text.charAt(digits))) {
            digits++;
        }
        return digits == 0
                ? OptionalLong.empty()
                : OptionalLong.of(Long.parseLong(text.substring(0, digits)));
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** Processors of the machine. */
    public OptionalLong maxProcs() {
        return number("MaxProcs");
    }

    /** Nodes of the machine. */
    public OptionalLong maxNodes() {
        return number("MaxNodes");
    }

    /** Whether the machine is only what jobs were seen on, the least there is. */
    public boolean isOfMachineSeen() {
        return lines.contains(SEEN);
    }

    /** When the log starts, in seconds since the epoch. */
    public OptionalLong unixStartTimeSeconds() {
        return number("UnixStartTime");
    }

    /** This header with another number for a label that it may have. */
    SwfHeader withNumber(String label, long value) {
        List<String> others = new ArrayList<>(lines);
        others.removeIf(
                line -> line.strip().regionMatches(true, 0, label + ":", 0, label.length() + 1));
        return new SwfHeader(others).with(label, Long.toString(value));
    }

    /** This header with one more line at its end. */
    public SwfHeader with(String label, String value) {
        List<String> longer = new ArrayList<>(lines);
        longer.add(" " + label + ": " + value);
        return new SwfHeader(longer);
    }
}
