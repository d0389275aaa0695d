package io.offcut.cli.simulate.sweep;

import io.offcut.cli.output.Table;
import io.offcut.cli.output.Terminal;
import io.offcut.cli.simulate.figures.Interval;
import io.offcut.cli.simulate.figures.Summary;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The report of a sweep for people: as many figures beside each other as the terminal has room. */
final class SweepText {
    /** Of a simulation with functions on the nodes of a batch system. */
    private static final List<String> MAIN =
            List.of(
                    "batch.meanWaitSeconds",
                    "batch.meanBoundedSlowdown",
                    "coreSeconds.utilization",
                    "coreSeconds.utilizationWithFunctions",
                    "functions.harvestedShareOfIdle",
                    "functions.reclaims",
                    "gains.overWholeNodes",
                    "gains.overIdealSharing");

    private static final int MOST_OTHERS = 6;
    private static final Terminal ENDLESS = new Terminal(false, false, 10_000, false);

    private final SweepReport report;
    private final Terminal terminal;
    private final List<String> figures;

    /**
     * @param wanted figures to show; the main ones if empty
     */
    SweepText(SweepReport report, Terminal terminal, List<String> wanted) {
        this.report = report;
        this.terminal = terminal;
        this.figures = wanted.isEmpty() ? mainOf(report) : wanted;
        checkFigures(figures, report.figures());
    }

    /**
     * Refuses figures that no run has.
     *
     * @throws OffcutException {@link ErrorCode#USAGE} with the first
     */
    static void checkFigures(List<String> wanted, Set<String> known) {
        for (String figure : wanted) {
            if (!known.contains(figure)) {
                throw new OffcutException(
                        ErrorCode.USAGE,
                        "--figures: no run has " + figure + Summary.hint(known, figure));
            }
        }
    }

    private static List<String> mainOf(SweepReport report) {
        List<String> main = MAIN.stream().filter(report.figures()::contains).toList();
        return main.isEmpty()
                ? report.figures().stream().filter(report::varies).limit(MOST_OTHERS).toList()
                : main;
    }

    String text() {
        StringBuilder text = new StringBuilder(tables(0, report::at));
        if (report.plan().points() > 1) {
            text.append("\n\nMore than at point 0");
            text.append(report.replications() > 1 ? ", paired by replication:\n" : ":\n");
            text.append(tables(1, report::difference));
        }
        return text.append("\n\n").append(remark()).toString();
    }

    private String remark() {
        int replications = report.replications();
        if (replications == 1) {
            return "One replication: no intervals; --replications gives them.";
        }
        long fixed =
                IntStream.range(0, report.plan().points())
                        .filter(point -> !report.dependsOnSeed(point))
                        .count();
        String intervals =
                "±: 95 % confidence interval by Student's t over "
                        + replications
                        + " replications.";
        if (fixed == 0) {
            return intervals;
        }
        int points = report.plan().points();
        String which =
                fixed == points
                        ? "No point depends"
                        : fixed + " of " + points + " points do not depend";
        return intervals
                + "\n"
                + which
                + " on the seed: their replications are equal, their intervals 0.";
    }

    private String tables(int firstPoint, BiFunction<Integer, String, @Nullable Interval> cell) {
        List<String> tables = new ArrayList<>();
        int from = 0;
        while (from < figures.size()) {
            int to = from + 1;
            while (to < figures.size()
                    && fits(table(figures.subList(from, to + 1), firstPoint, cell))) {
                to++;
            }
            tables.add(table(figures.subList(from, to), firstPoint, cell).render(terminal));
            from = to;
        }
        return String.join("\n\n", tables);
    }

    /** As much of a figure's end as tells it from the others. */
    private String shortName(String figure) {
        String name = figure.substring(figure.lastIndexOf('.') + 1);
        while (name.length() < figure.length() && isOfMany(name)) {
            int dot = figure.lastIndexOf('.', figure.length() - name.length() - 2);
            name = figure.substring(dot + 1);
        }
        return name;
    }

    private boolean isOfMany(String name) {
        return figures.stream()
                        .filter(other -> other.equals(name) || other.endsWith("." + name))
                        .distinct()
                        .count()
                > 1;
    }

    private boolean fits(Table table) {
        return table.render(ENDLESS).lines().allMatch(line -> line.length() <= terminal.columns());
    }

    private Table table(
            List<String> shown,
            int firstPoint,
            BiFunction<Integer, String, @Nullable Interval> cell) {
        List<String> head = new ArrayList<>(List.of(" point"));
        report.plan().vary().forEach(axis -> head.add(axis.name()));
        shown.forEach(figure -> head.add(" " + shortName(figure)));
        Table table = new Table(head.toArray(String[]::new));
        for (int point = firstPoint; point < report.plan().points(); point++) {
            List<Object> row = new ArrayList<>(List.of(point));
            row.addAll(report.values(point));
            for (String figure : shown) {
                Interval interval = cell.apply(point, figure);
                row.add(interval == null ? "-" : interval.text());
            }
            table.row(row.toArray());
        }
        return table;
    }
}
