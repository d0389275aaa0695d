package io.offcut.cli.simulate.compare;

import io.offcut.cli.output.Table;
import io.offcut.cli.output.Terminal;
import io.offcut.cli.simulate.figures.Numbers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A comparison for people. */
record ComparisonText(Comparison comparison, Terminal terminal) {
    String text() {
        List<String> parts = new ArrayList<>();
        if (!comparison.settings().isEmpty()) {
            Table settings = new Table("setting", "A", "B");
            comparison
                    .settings()
                    .forEach((name, both) -> settings.row(name, both.get(0), both.get(1)));
            parts.add(settings.render(terminal));
        }
        List<FigureComparison> differing =
                comparison.figures().stream().filter(figure -> !figure.isSame()).toList();
        if (!differing.isEmpty()) {
            parts.add(figures(differing).render(terminal));
        }
        int same = comparison.figures().size() - differing.size();
        parts.add(same + " figures are the same in both; --format json has them");
        JobComparison jobs = comparison.jobs();
        if (jobs != null) {
            parts.add(jobs(jobs));
            if (!jobs.largest().isEmpty()) {
                parts.add("Waits that differ most:\n" + largest(jobs).render(terminal));
            }
        }
        return String.join("\n\n", parts);
    }

    private static Table figures(List<FigureComparison> figures) {
        Table table = new Table("figure", " A", " B", " difference", " %");
        for (FigureComparison figure : figures) {
            Double difference = figure.difference();
            Double percent = figure.percent();
            table.row(
                    figure.name(),
                    text(figure.a()),
                    text(figure.b()),
                    difference == null ? "-" : Numbers.signed(difference),
                    percent == null ? "-" : String.format(Locale.ROOT, "%.2f", percent));
        }
        return table;
    }

    private static String text(@Nullable Double value) {
        return value == null ? "-" : Numbers.text(value);
    }

    private static String jobs(JobComparison jobs) {
        JobPairs pairs = jobs.pairs();
        StringBuilder text = new StringBuilder();
        text.append(pairs.size()).append(" jobs in both");
        if (pairs.onlyA() + pairs.onlyB() > 0) {
            text.append(", ").append(pairs.onlyA()).append(" in A alone, ");
            text.append(pairs.onlyB()).append(" in B alone");
        }
        text.append(": ").append(jobs.earlier()).append(" start earlier in B, ");
        text.append(jobs.later()).append(" later, ").append(jobs.same()).append(" as in A\n");
        text.append("mean difference of waits, s: ");
        text.append(jobs.waitSeconds().interval().text());
        text.append("\nmean difference of bounded slowdowns: ");
        text.append(jobs.slowdown().interval().text());
        return text.append('\n').append(interval(jobs)).toString();
    }

    private static String interval(JobComparison jobs) {
        BatchMeans waits = jobs.waitSeconds();
        if (waits.batches() == 0) {
            return "too few jobs for a confidence interval";
        }
        String text =
                "±: 95 % confidence interval by the means of "
                        + waits.batches()
                        + " equal parts of the log";
        return waits.partsAreIndependent() && jobs.slowdown().partsAreIndependent()
                ? text
                : text + ";\nneighbouring parts resemble each other: it is too narrow";
    }

    private static Table largest(JobComparison jobs) {
        Table table = new Table(" job", " submit", " wait in A, s", " wait in B, s", " difference");
        JobPairs pairs = jobs.pairs();
        for (int pair : jobs.largest()) {
            table.row(
                    pairs.job(pair),
                    Numbers.text(pairs.submit(pair)),
                    Numbers.text(pairs.waitA(pair)),
                    Numbers.text(pairs.waitB(pair)),
                    Numbers.signed(pairs.laterSeconds(pair)));
        }
        return table;
    }
}
