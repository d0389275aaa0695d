package io.offcut.cli.simulate.figures;

import java.util.Locale;

/** Figures of very different sizes, with decimals that mean something. */
public final class Numbers {
    /** Byte-seconds of a large machine have twenty digits, of which few mean anything. */
    private static final double TOO_WIDE = 1e13;

    private Numbers() {}

    /** How many decimals a figure of this size is shown with; none of a whole number. */
    public static int decimals(double value) {
        double size = Math.abs(value);
        if (value == Math.rint(value)) {
            return 0;
        }
        if (size >= 1000) {
            return 1;
        }
        return size >= 1 ? 2 : 4;
    }

    public static String text(double value) {
        return text(value, decimals(value));
    }

    static String text(double value, int decimals) {
        if (Math.abs(value) >= TOO_WIDE) {
            return String.format(Locale.ROOT, "%.4e", value);
        }
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    /** A difference, with its sign. */
    public static String signed(double value) {
        return (value > 0 ? "+" : "") + text(value);
    }
}
