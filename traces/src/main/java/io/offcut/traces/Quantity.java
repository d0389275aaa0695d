package io.offcut.traces;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneId;

/**
 * Quantities as batch systems write them. Numbers are −1 for what is empty, unknown or not of the
 * form; no method throws.
 */
final class Quantity {
    private static final int MAX_CHARS = 32;
    private static final double MAX = 1e18;

    private Quantity() {}

    /** A whole number without a sign. */
    static long whole(String text) {
        if (text.isEmpty() || text.length() > 18) {
            return -1;
        }
        long value = 0;
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + (c - '0');
        }
        return value;
    }

    /** {@code 12} of {@code 12[3].server}. */
    static String leadingDigits(String id) {
        int end = 0;
        while (end < id.length() && id.charAt(end) >= '0' && id.charAt(end) <= '9') {
            end++;
        }
        return id.substring(0, end);
    }

    /** A number with or without a fraction. */
    private static double number(String text) {
        boolean digits = false;
        int points = 0;
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '.') {
                points++;
            } else if (c < '0' || c > '9') {
                return -1;
            } else {
                digits = true;
            }
        }
        return digits && points <= 1 && text.length() <= MAX_CHARS ? Double.parseDouble(text) : -1;
    }

    /**
     * Memory in KiB: a number with K, M, G, T or P, with or without a b behind it, as in {@code
     * 3.5G} or {@code 249172kb}.
     *
     * @param bareShift of a number without a letter: 0 for bytes, 20 for MiB
     */
    static long kib(String text, int bareShift) {
        int end = text.length();
        if (end > 1 && (text.charAt(end - 1) == 'b' || text.charAt(end - 1) == 'B')) {
            end--;
        }
        if (end == 0) {
            return -1;
        }
        int shift =
                switch (text.charAt(end - 1)) {
                    case 'k', 'K' -> 10;
                    case 'm', 'M' -> 20;
                    case 'g', 'G' -> 30;
                    case 't', 'T' -> 40;
                    case 'p', 'P' -> 50;
                    default -> -1;
                };
        double value = number(text.substring(0, shift < 0 ? end : end - 1));
        double kib = value * Math.scalb(1.0, (shift < 0 ? bareShift : shift) - 10);
        return value < 0 || kib > MAX ? -1 : (long) kib;
    }

    /** A time in seconds: {@code 1-02:03:04}, {@code 02:03:04}, {@code 03:04.123}, {@code 4}. */
    static double seconds(String text) {
        int dash = text.indexOf('-');
        double days = dash < 0 ? 0 : number(text.substring(0, dash));
        double rest = 0;
        int from = dash + 1;
        int colons = 0;
        while (true) {
            int colon = text.indexOf(':', from);
            double part = number(text.substring(from, colon < 0 ? text.length() : colon));
            if (part < 0 || days < 0) {
                return -1;
            }
            rest = rest * 60 + part;
            if (colon < 0) {
                break;
            }
            from = colon + 1;
            if (++colons > 2) {
                return -1;
            }
        }
        double seconds = days * 86_400 + rest;
        return seconds > MAX ? -1 : seconds;
    }

    /** A point in time in seconds since the epoch: {@code 2021-10-05T11:26:12} or the seconds. */
    static long epochSeconds(String text, ZoneId zone) {
        long seconds = whole(text);
        if (seconds >= 0 || text.length() < 16 || text.length() > MAX_CHARS) {
            return seconds;
        }
        try {
            return LocalDateTime.parse(text.replace(' ', 'T')).atZone(zone).toEpochSecond();
        } catch (DateTimeException e) {
            return -1;
        }
    }
}
