package io.offcut.core;

import java.util.Locale;

/** Sizes as people read them. */
public final class ByteSize {
    private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

    private ByteSize() {}

    /** With a binary prefix and at most one decimal: {@code 1.5 GiB}. */
    public static String text(long bytes) {
        double value = bytes;
        int prefix = 0;
        while (value >= 1024 && prefix < BINARY.length - 1) {
            value /= 1024;
            prefix++;
        }
        String number = String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
        return (number.endsWith(".0") ? number.substring(0, number.length() - 2) : number)
                + " "
                + BINARY[prefix];
    }
}
