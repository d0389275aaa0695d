package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.offcut.simulator.Distribution;
import io.offcut.simulator.SimulationResult;
import io.offcut.simulator.SimulationResult.IdleTimes;
import io.offcut.simulator.SimulationResult.UtilizationRow;
import io.offcut.simulator.internal.report.Figure.Unit;
import java.util.List;
import java.util.Locale;

/** What the machine did with its cores. */
final class UsageSections {
    private static final int TABLE_ROWS = 40;
    private static final double SECONDS_PER_DAY = 86_400;

    private final Sheet sheet;
    private final SimulationResult result;
    private final boolean functions;

    UsageSections(Sheet sheet, SimulationResult result) {
        this.sheet = sheet;
        this.result = result;
        this.functions = result.functions() != null;
    }

    // --- gains

    void gains() {
        if (!functions || !sheet.has("/gains")) {
            return;
        }
        sheet.begin("gains", "What is gained, against two baselines");
        sheet.html.open("div", "class", "cards");
        card(
                "Against whole-node allocation",
                "/gains/overWholeNodes",
                "If every job held whole nodes, and functions ran packed on nodes of their own, the same"
                        + " work would hold this much more of the machine than the jobs alone.");
        card(
                "Against ideal node sharing",
                "/gains/overIdealSharing",
                "If everything held exactly its cores and nothing were lost in between, the same work"
                        + " would hold this much more than what jobs hold in this schedule.");
        sheet.html.close();
        sheet.paragraph(
                "The two can differ by much. The first holds for a site that hands out"
                        + " whole nodes, the second for one whose jobs share nodes without loss; neither"
                        + " counts what the batch system does by itself. Jobs hold what they would"
                        + " without functions; functions win what they computed, less what jobs held"
                        + " longer for them and what jobs handed over to them.");
        paragraphOfExcess();
        sheet.rows("Baselines, in core-hours", "Baseline", "Jobs hold", "Functions win", "Gain")
                .row(
                        "Whole-node allocation",
                        List.of(Unit.CORE_HOURS, Unit.CORE_HOURS, Unit.GAIN),
                        "/gains/wholeNodeJobCoreSeconds",
                        "/gains/wonCoreSeconds",
                        "/gains/overWholeNodes")
                .row(
                        "Ideal node sharing",
                        List.of(Unit.CORE_HOURS, Unit.CORE_HOURS, Unit.GAIN),
                        "/gains/heldCoreSeconds",
                        "/gains/wonCoreSeconds",
                        "/gains/overIdealSharing")
                .into(sheet.html);
        sheet.end();
    }

    private void paragraphOfExcess() {
        if (sheet.number("/gains/wholeNodeExcessCoreSeconds") > 0) {
            sheet.paragraph(
                    String.format(
                            Locale.ROOT,
                            "In this schedule whole nodes for all jobs would be more than the machine has"
                                    + " for %s of the time, by %,.1f core-hours in all. A site with whole nodes would"
                                    + " run that at another time; it is part of what jobs hold.",
                            Figure.text(
                                    sheet.number("/gains/wholeNodeExcessTimeShare"), Unit.SHARE),
                            sheet.number("/gains/wholeNodeExcessCoreSeconds") / 3600));
        }
    }

    private void card(String title, String pointer, String sentence) {
        Figure figure = Figure.of(sheet.summary, pointer, Unit.GAIN);
        if (figure == null) {
            return;
        }
        sheet.html.open("div", "class", "card").leaf("h3", title).open("p", "class", "big");
        figure.into(sheet.html);
        sheet.html.close().leaf("p", sentence).close();
    }

    // --- where the core-hours went

    void coreHours() {
        sheet.begin("core-hours", "Where the core-hours went");
        Chart chart =
                new Chart("chart-core-hours", Chart.Kind.PARTS, "core-hours of the machine by use")
                        .axes("core-hours", "")
                        .with("whole", number("capacity") / 3600);
        part(chart, "jobs compute", "jobs", "plain", number("work"));
        if (functions) {
            part(chart, "jobs slowed by functions", "held", "dots", number("job") - number("work"));
            part(chart, "functions compute", "functions", "up", number("harvested"));
            part(
                    chart,
                    "functions start up",
                    "start",
                    "dots",
                    number("leased") - number("harvested"));
            part(
                    chart,
                    "offered, nobody asked",
                    "offered",
                    "down",
                    number("offered") - number("leased"));
        }
        part(chart, "held by jobs, not computing", "held", "grid", unusedOfHeld());
        part(chart, "idle, not offered", "idle", "plain", notOffered());
        part(chart, "nodes down", "down", "grid", number("down"));
        sheet.chart(
                chart,
                "Core-hours from the first submission, or the first start of a recorded schedule, to"
                        + " the end of the last job; the parts add up to the whole machine.",
                table());
        sheet.end();
    }

    /** With underused cores offered, what jobs hold is counted as offered, not here. */
    private double unusedOfHeld() {
        return underused() ? 0 : number("allocated") - number("job");
    }

    private double notOffered() {
        return number("idle") - unusedOfHeld() - number("offered");
    }

    private boolean underused() {
        return sheet.summary.at("/functionModel/offerUnderused").asBoolean();
    }

    private static void part(Chart chart, String name, String colour, String pattern, double part) {
        if (part > 0) {
            Chart.point(chart.series(name, colour, pattern), part / 3600, 0);
        }
    }

    private double number(String use) {
        return sheet.number("/coreSeconds/" + use);
    }

    private Rows table() {
        Rows rows = sheet.rows("Core-hours by use", "Use", "Core-hours", "Of capacity");
        use(rows, "capacity", "capacity");
        use(rows, "jobs compute", "job");
        if (number("work") < number("job")) {
            use(rows, "of that, what they would have computed alone", "work");
        }
        use(rows, "jobs hold", "allocated");
        use(rows, "idle: no job computes", "idle");
        if (number("down") > 0) {
            use(rows, "nodes down", "down");
        }
        if (functions) {
            use(rows, "offered", "offered");
            use(rows, "leased", "leased");
            use(rows, "harvested: functions compute", "harvested");
        }
        return rows;
    }

    private void use(Rows rows, String label, String use) {
        rows.row(
                label,
                List.of(Unit.CORE_HOURS),
                List.of(Figure.text(number(use) / number("capacity"), Unit.SHARE)),
                "/coreSeconds/" + use);
    }

    // --- over time

    void overTime() {
        List<UtilizationRow> rows = result.utilization();
        if (rows.size() < 2) {
            return;
        }
        sheet.begin("over-time", "Utilisation over time");
        sheet.rows("Utilisation", "", "Of capacity")
                .row("jobs", Unit.SHARE, "/coreSeconds/utilization")
                .row(
                        "with functions",
                        Unit.SHARE,
                        functions ? "/coreSeconds/utilizationWithFunctions" : "")
                .into(sheet.html);
        List<Integer> drawn =
                Thinning.points(
                        rows.size(),
                        Chart.MAX_POINTS,
                        at -> rows.get(at).jobCores() + rows.get(at).harvestedCores());
        sheet.chart(stack(rows, drawn), timeNote(rows, drawn.size()), timeTable(rows));
        sheet.end();
    }

    private Chart stack(List<UtilizationRow> rows, List<Integer> drawn) {
        int cores = result.config().cluster().cores();
        Chart chart =
                new Chart("chart-over-time", Chart.Kind.STACK, "cores in use over time")
                        .axes("days since the first submission", "cores")
                        .with("greatest", cores)
                        .with("steps", drawn.size() == rows.size());
        long start = rows.getFirst().second();
        ArrayNode jobs = chart.series("jobs", "jobs", "plain");
        ArrayNode harvested = functions ? chart.series("functions", "functions", "up") : null;
        ArrayNode idle = chart.series("idle", "idle", "plain");
        for (int at : drawn) {
            UtilizationRow row = rows.get(at);
            double day = (row.second() - start) / SECONDS_PER_DAY;
            Chart.point(jobs, day, row.jobCores());
            if (harvested != null) {
                Chart.point(harvested, day, row.harvestedCores());
            }
            Chart.point(idle, day, cores - row.jobCores() - row.harvestedCores());
        }
        return chart;
    }

    private String timeNote(List<UtilizationRow> rows, int drawn) {
        long width = rows.get(1).second() - rows.get(0).second();
        String means =
                String.format(Locale.ROOT, "Means over %,d s each, on top of each other. ", width);
        String thinned =
                drawn == rows.size()
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "Drawn are %,d of %,d rows: of each stretch the one with the least and"
                                        + " the one with the most use. ",
                                drawn,
                                rows.size());
        return means + thinned + "All rows are in utilization.csv.";
    }

    private Rows timeTable(List<UtilizationRow> rows) {
        Rows table =
                functions
                        ? sheet.rows("Mean cores over time", "Day", "Jobs", "Functions", "Idle")
                        : sheet.rows("Mean cores over time", "Day", "Jobs", "Idle");
        int stretches = Math.min(TABLE_ROWS, rows.size());
        for (int stretch = 0; stretch < stretches; stretch++) {
            int from = (int) ((long) rows.size() * stretch / stretches);
            int to = (int) ((long) rows.size() * (stretch + 1) / stretches);
            timeRow(table, rows, rows.subList(from, to));
        }
        return table;
    }

    private void timeRow(Rows table, List<UtilizationRow> all, List<UtilizationRow> some) {
        double jobs = some.stream().mapToDouble(UtilizationRow::jobCores).sum() / some.size();
        double harvested =
                some.stream().mapToDouble(UtilizationRow::harvestedCores).sum() / some.size();
        double day = (some.getFirst().second() - all.getFirst().second()) / SECONDS_PER_DAY;
        String label = String.format(Locale.ROOT, "%.2f", day);
        String idle = cores(result.config().cluster().cores() - jobs - harvested);
        if (functions) {
            table.texts(label, cores(jobs), cores(harvested), idle);
        } else {
            table.texts(label, cores(jobs), idle);
        }
    }

    private static String cores(double cores) {
        return String.format(Locale.ROOT, "%,.1f", cores);
    }

    // --- what there is to harvest

    void harvestable() {
        JsonNode policies = sheet.summary.path("harvestable");
        if (policies.isEmpty()) {
            return;
        }
        Rows rows =
                sheet.rows(
                        "What a policy of offering leaves at most",
                        "Offered",
                        "Core-hours",
                        "Of capacity",
                        "Memory",
                        "Of memory");
        for (int at = 0; at < policies.size(); at++) {
            String policy = "/harvestable/" + at;
            rows.row(
                    sheet.text(policy + "/policy"),
                    List.of(Unit.CORE_HOURS, Unit.SHARE, Unit.BYTE_HOURS, Unit.SHARE),
                    policy + "/coreSeconds",
                    policy + "/coreShare",
                    policy + "/memoryByteSeconds",
                    policy + "/memoryShare");
        }
        sheet.begin("harvestable", "What there is to harvest");
        rows.into(sheet.html);
        sheet.paragraph("Without hold-off and start-up, and with a use for every piece.");
        sheet.end();
    }

    // --- idle intervals

    void idleIntervals() {
        IdleTimes idle = result.idle();
        if (idle == null || idle.coreSeconds().isEmpty()) {
            return;
        }
        sheet.begin("idle", "How long cores and nodes stay without a job");
        Chart chart =
                new Chart("chart-idle", Chart.Kind.CUMULATIVE, "cumulative share of idle intervals")
                        .axes("length of the interval", "share of all")
                        .with("seconds", true)
                        .with("least", 1);
        curves(chart, "cores", idle.coreSeconds(), "functions");
        if (!idle.nodeSeconds().isEmpty()) {
            curves(chart, "whole nodes", idle.nodeSeconds(), "jobs");
        }
        sheet.chart(
                chart,
                "Share of the intervals that are no longer than this, and the share of all idle time"
                        + " that lies in them: many intervals are short, and little time is lost in"
                        + " them. The ends of the simulation cut intervals off.",
                Spread.table(
                        sheet,
                        "Lengths of idle intervals",
                        "/distributions/idleCoreSeconds",
                        "Cores",
                        "/distributions/idleNodeSeconds",
                        "Whole nodes"));
        sheet.end();
    }

    private static void curves(Chart chart, String what, Distribution values, String colour) {
        chart.cumulative(what + ": intervals", colour, "solid", values, 1, false);
        chart.cumulative(what + ": idle time", colour, "dashed", values, 1, true);
    }
}
