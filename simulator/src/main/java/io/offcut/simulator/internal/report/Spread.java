package io.offcut.simulator.internal.report;

import io.offcut.simulator.internal.report.Figure.Unit;

/** Tables of distributions. */
final class Spread {
    private static final String[] PERCENTILES = {"10", "25", "50", "75", "90", "95", "99"};

    private Spread() {}

    /** Of one distribution. */
    static Rows table(Sheet sheet, String caption, String pointer, String head, Unit unit) {
        Rows rows = sheet.rows(caption, "", head);
        rows.row("how many", Unit.COUNT, pointer + "/count");
        rows.row("mean", unit, pointer + "/mean");
        rows.row("least", unit, pointer + "/least");
        for (String percent : PERCENTILES) {
            rows.row(percentile(percent), unit, pointer + "/p" + percent);
        }
        return rows.row("greatest", unit, pointer + "/greatest");
    }

    /** Of two, in seconds. */
    static Rows table(
            Sheet sheet, String caption, String first, String head, String second, String head2) {
        Rows rows = sheet.rows(caption, "", head, head2);
        rows.row("how many", Unit.COUNT, first + "/count", second + "/count");
        rows.row("mean", Unit.SECONDS, first + "/mean", second + "/mean");
        for (String percent : PERCENTILES) {
            String field = "/p" + percent;
            rows.row(percentile(percent), Unit.SECONDS, first + field, second + field);
        }
        return rows.row("longest", Unit.SECONDS, first + "/greatest", second + "/greatest");
    }

    private static String percentile(String percent) {
        return percent.equals("50") ? "median" : percent + " % are at most";
    }
}
