package io.offcut.simulator.internal.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/** Fewer points for a curve, with all its peaks and valleys. */
final class Thinning {
    private Thinning() {}

    /**
     * Which of so many points to draw: all when there are no more than {@code atMost}, else the
     * first and last and, of each of as many equal stretches as fit, the least and the greatest.
     */
    static List<Integer> points(int count, int atMost, IntToDoubleFunction value) {
        List<Integer> kept = new ArrayList<>();
        if (count <= atMost) {
            for (int at = 0; at < count; at++) {
                kept.add(at);
            }
            return kept;
        }
        int stretches = (atMost - 2) / 2;
        kept.add(0);
        for (int stretch = 0; stretch < stretches; stretch++) {
            int from = 1 + (int) ((long) (count - 2) * stretch / stretches);
            int to = 1 + (int) ((long) (count - 2) * (stretch + 1) / stretches);
            addExtremes(from, to, value, kept);
        }
        kept.add(count - 1);
        return kept;
    }

    private static void addExtremes(
            int from, int to, IntToDoubleFunction value, List<Integer> kept) {
        int least = from;
        int greatest = from;
        for (int at = from; at < to; at++) {
            least = value.applyAsDouble(at) < value.applyAsDouble(least) ? at : least;
            greatest = value.applyAsDouble(at) > value.applyAsDouble(greatest) ? at : greatest;
        }
        kept.add(Math.min(least, greatest));
        if (least != greatest) {
            kept.add(Math.max(least, greatest));
        }
    }
}
