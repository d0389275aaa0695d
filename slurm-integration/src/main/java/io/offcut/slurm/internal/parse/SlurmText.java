package io.offcut.slurm.internal.parse;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Small values as Slurm prints them: times, memory sizes, numbers, free text. Pure, lenient. */
public final class SlurmText {
    private static final int MAX_FREE_TEXT = 256;

    private SlurmText() {}

    /**
     * A point in time as {@code 2026-11-23T07:03:55}, taken as UTC: the commands are run with
     * {@code TZ=UTC}. Null for {@code Unknown}, {@code N/A}, {@code None} and whatever else is not
     * a time.
     */
    public static @Nullable Instant time(@Nullable String text) {
        if (text == null || text.length() < 16 || text.length() > 32) {
            return null;
        }
        try {
            return LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null;
        }
    }

    /**
     * A memory size: {@code 2000} (megabytes, as Slurm counts by default), {@code 500M}, {@code
     * 1.50G}; 2^20 bytes are one megabyte. Zero if the text is not a size.
     */
    public static long memoryBytes(@Nullable String text) {
        if (text == null || text.isEmpty() || text.length() > 20) {
            return 0;
        }
        int shift =
                switch (Character.toUpperCase(text.charAt(text.length() - 1))) {
                    case 'K' -> 10;
                    case 'G' -> 30;
                    case 'T' -> 40;
                    case 'P' -> 50;
                    default -> 20;
                };
        boolean suffixed = !isDigit(text.charAt(text.length() - 1));
        String number = suffixed ? text.substring(0, text.length() - 1) : text;
        if (number.isEmpty() || !number.chars().allMatch(c -> isDigit((char) c) || c == '.')) {
            return 0;
        }
        try {
            double bytes = Double.parseDouble(number) * (1L << shift);
            return bytes >= Long.MAX_VALUE / 4.0 ? Long.MAX_VALUE / 4 : (long) bytes;
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** A non-negative whole number, or the other value if the text is none or too large. */
    public static int number(@Nullable String text, int otherwise) {
        if (text == null || text.isEmpty() || text.length() > 10) {
            return otherwise;
        }
        try {
            int value = Integer.parseInt(text);
            return value < 0 ? otherwise : value;
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    /** True for a job id as Slurm numbers them: digits, at most ten, no leading zero. */
    public static boolean isJobId(String text) {
        return !text.isEmpty()
                && text.length() <= 10
                && text.charAt(0) != '0'
                && text.chars().allMatch(c -> isDigit((char) c));
    }

    /** Free text of users, made fit for a log or a terminal: printable, on one line, not long. */
    public static String free(@Nullable String text) {
        if (text == null || text.equals("(null)")) {
            return "";
        }
        StringBuilder clean = new StringBuilder();
        text.codePoints()
                .limit(MAX_FREE_TEXT)
                .map(c -> Character.isISOControl(c) || isFormat(c) ? '?' : c)
                .forEach(clean::appendCodePoint);
        return clean.toString();
    }

    /** Upper case without regard to the machine's language. */
    public static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    private static boolean isFormat(int c) {
        return Character.getType(c) == Character.FORMAT;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
