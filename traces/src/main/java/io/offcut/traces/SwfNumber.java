package io.offcut.traces;

/** One decimal number read from bytes, without an object for it. For one thread. */
final class SwfNumber {
    private static final int MAX_DIGITS = 18;

    /** The part before the point, with the sign. */
    long whole;

    /** The part behind the point, with the sign. */
    double fraction;

    /** More digits than a long has. */
    boolean tooLarge;

    /** Reads {@code [+-]digits[.digits]}; false if it is something else. */
    boolean parse(byte[] bytes, int from, int to) {
        boolean negative = bytes[from] == '-';
        int at = negative || bytes[from] == '+' ? from + 1 : from;
        int first = at;
        whole = 0;
        fraction = 0;
        while (at < to && isDigit(bytes[at])) {
            if (at - first < MAX_DIGITS) {
                whole = whole * 10 + (bytes[at] - '0');
            }
            at++;
        }
        tooLarge = at - first > MAX_DIGITS;
        int digits = at - first;
        if (at < to && bytes[at] == '.') {
            digits += parseFraction(bytes, at + 1, to);
            at = to;
        }
        if (negative) {
            whole = -whole;
            fraction = -fraction;
        }
        return at == to && digits > 0;
    }

    /** Digits behind the point; a large negative number if there is anything else. */
    private int parseFraction(byte[] bytes, int from, int to) {
        long digits = 0;
        long scale = 1;
        for (int at = from; at < to; at++) {
            if (!isDigit(bytes[at])) {
                return Integer.MIN_VALUE;
            }
            if (at - from < MAX_DIGITS) {
                digits = digits * 10 + (bytes[at] - '0');
                scale *= 10;
            }
        }
        fraction = (double) digits / scale;
        return to - from;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }
}
