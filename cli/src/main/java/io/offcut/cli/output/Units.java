package io.offcut.cli.output;

import io.offcut.core.ByteSize;
import java.util.Locale;

/** Numbers as people read them. */
public final class Units {
    private Units() {}

    /** Bytes with a binary prefix and at most one decimal: {@code 1.5 GiB}. */
    public static String bytes(long bytes) {
        return ByteSize.text(bytes);
    }

    /** So many of something: {@code 1 job}, {@code 2 jobs}. */
    public static String counted(long count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }

    /** A number per second: {@code 12.3k/s}. */
    public static String rate(double perSecond) {
        if (perSecond >= 1e6) {
            return decimal(perSecond / 1e6) + "M/s";
        }
        return (perSecond >= 1e4 ? decimal(perSecond / 1e3) + "k" : decimal(perSecond)) + "/s";
    }

    /** A length of time: {@code 950 ms}, {@code 42 s}, {@code 3m 05s}, {@code 2h 07m}. */
    public static String time(long millis) {
        long seconds = millis / 1000;
        if (seconds == 0) {
            return millis + " ms";
        }
        if (seconds < 60) {
            return seconds + " s";
        }
        return seconds < 3600
                ? String.format(Locale.ROOT, "%dm %02ds", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%dh %02dm", seconds / 3600, seconds / 60 % 60);
    }

    private static String decimal(double value) {
        String text = String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }
}
