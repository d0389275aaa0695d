package io.offcut.cli.trace;

/** Shares drawn as bars of text. */
final class Bars {
    private Bars() {}

    /** A bar that is {@code width} long for a share of 1; anything above 0 is seen. */
    static String of(double share, int width) {
        int length = (int) Math.round(Math.min(1, share) * width);
        return "#".repeat(share > 0 ? Math.max(1, length) : 0);
    }
}
