package io.offcut.cli.simulate.compare;

import io.offcut.cli.simulate.figures.Numbers;
import io.offcut.cli.simulate.figures.Summary;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How much a figure may change, for scripts.
 *
 * @param percent positive: how much it may rise; negative: how much it may fall
 */
record Bound(String figure, double percent, boolean rise) {
    /** Reads {@code batch.meanWaitSeconds:+5} or {@code functions.harvestedShareOfIdle:-2}. */
    static Bound parse(String text) {
        int colon = text.lastIndexOf(':');
        String percent = text.substring(colon + 1);
        if (colon < 1 || !percent.matches("[+-][0-9]{1,9}(\\.[0-9]{1,9})?")) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "--fail-on-worse "
                            + text
                            + ": give FIGURE:+PERCENT for one that may not rise by more, or"
                            + " FIGURE:-PERCENT for one that may not fall by more");
        }
        return new Bound(
                text.substring(0, colon),
                Math.abs(Double.parseDouble(percent)),
                percent.startsWith("+"));
    }

    /**
     * What is wrong; null if nothing.
     *
     * @throws OffcutException {@link ErrorCode#USAGE} if not both results have the figure
     */
    @Nullable String worse(List<FigureComparison> figures) {
        FigureComparison found =
                figures.stream()
                        .filter(each -> each.name().equals(figure))
                        .findFirst()
                        .orElseThrow(() -> unknown(figures));
        Double difference = found.difference();
        if (difference == null) {
            throw refused("only one result has " + figure);
        }
        Double change = found.percent();
        double towardsWorse = rise ? difference : -difference;
        // From nothing, anything is more than any percentage.
        boolean worse = towardsWorse > 0 && (change == null || Math.abs(change) > percent);
        return worse
                ? figure
                        + (rise ? " rose by " : " fell by ")
                        + Numbers.text(Math.abs(difference))
                        + (change == null
                                ? " from 0"
                                : ", " + Numbers.text(Math.abs(change)) + " %")
                        + ": more than "
                        + Numbers.text(percent)
                        + " %"
                : null;
    }

    private OffcutException unknown(List<FigureComparison> figures) {
        return refused(
                "no result has "
                        + figure
                        + Summary.hint(
                                figures.stream().map(FigureComparison::name).toList(), figure));
    }

    private static OffcutException refused(String what) {
        return new OffcutException(ErrorCode.USAGE, "--fail-on-worse: " + what);
    }
}
