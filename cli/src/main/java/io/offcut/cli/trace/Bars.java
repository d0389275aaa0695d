package io.offcut.cli.trace;

import java.util.List;

/** Shares as block characters, an eighth of a character exact. */
final class Bars {
    private static final String ACROSS = " ▏▎▍▌▋▊▉█";
    private static final String UP = " ▁▂▃▄▅▆▇█";
    private static final int EIGHTHS = 8;

    private Bars() {}

    /**
     * A bar from the left, so many characters wide for a share of 1; what is not nothing is seen.
     */
    static String of(double share, int width) {
        int eighths = (int) Math.round(Math.clamp(share, 0, 1) * width * EIGHTHS);
        eighths = share > 0 ? Math.max(1, eighths) : 0;
        String whole = "█".repeat(eighths / EIGHTHS);
        int rest = eighths % EIGHTHS;
        return rest == 0 ? whole : whole + ACROSS.charAt(rest);
    }

    /** One column of at most one character's height for each share. */
    static String spark(List<Double> shares) {
        StringBuilder line = new StringBuilder();
        for (double share : shares) {
            int eighths = (int) Math.round(Math.clamp(share, 0, 1) * EIGHTHS);
            // What is not nothing is seen.
            line.append(UP.charAt(share > 0 ? Math.max(1, eighths) : 0));
        }
        return line.toString();
    }
}
