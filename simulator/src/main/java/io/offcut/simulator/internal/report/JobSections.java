package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.offcut.simulator.Distribution;
import io.offcut.simulator.internal.report.Figure.Unit;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What became of the batch jobs, and of functions. */
final class JobSections {
    private static final int NOT_TOLD = -1;

    /** Of functions, what has a section of its own. */
    private static final Set<String> ELSEWHERE = Set.of("latency", "slowdown");

    private final Sheet sheet;

    JobSections(Sheet sheet) {
        this.sheet = sheet;
    }

    void waits(Distribution seconds) {
        sheet.begin("waits", "How long jobs wait");
        Chart chart =
                new Chart("chart-waits", Chart.Kind.CUMULATIVE, "cumulative share of jobs by wait")
                        .axes("wait", "share of jobs")
                        .with("seconds", true)
                        .with("least", 1)
                        .cumulative("jobs", "jobs", "solid", seconds, 1, false);
        sheet.chart(
                chart,
                String.format(
                        Locale.ROOT,
                        "Share of jobs that wait no longer than this. %s of them start in the second"
                                + " of their submission.",
                        Figure.text(seconds.shareUpTo(0), Unit.SHARE)),
                Spread.table(sheet, "Waits", "/distributions/waitSeconds", "Wait", Unit.SECONDS));
        sheet.end();
    }

    void slowdowns(Distribution slowdowns) {
        sheet.begin("slowdowns", "How much slower jobs are for their wait");
        Chart chart =
                new Chart(
                                "chart-slowdowns",
                                Chart.Kind.CUMULATIVE,
                                "cumulative share of jobs by bounded slowdown")
                        .axes("bounded slowdown", "share of jobs")
                        .with("least", 1)
                        .cumulative("jobs", "jobs", "solid", slowdowns, 1, false);
        sheet.chart(
                chart,
                "Bounded slowdown: wait plus run time over run time, at least 1, where runs under 10 s"
                        + " count as 10 s.",
                Spread.table(
                        sheet,
                        "Bounded slowdowns",
                        "/distributions/boundedSlowdown",
                        "Bounded slowdown",
                        Unit.RATIO));
        sheet.end();
    }

    /** Nothing where all jobs are of one group. */
    void groups(String field, String title, String head) {
        JsonNode groups = sheet.summary.path(field);
        if (groups.size() < 2) {
            return;
        }
        Rows rows =
                sheet.rows(
                        "Jobs by " + head.toLowerCase(Locale.ROOT),
                        head,
                        "Jobs",
                        "Core-hours",
                        "Mean wait",
                        "95 % wait at most",
                        "Mean bounded slowdown",
                        "95 % at most",
                        "Backfilled");
        for (int at = 0; at < groups.size(); at++) {
            String group = "/" + field + "/" + at;
            rows.row(
                    name(groups.get(at)),
                    List.of(
                            Unit.COUNT,
                            Unit.CORE_HOURS,
                            Unit.SECONDS,
                            Unit.SECONDS,
                            Unit.RATIO,
                            Unit.RATIO,
                            Unit.COUNT),
                    group + "/jobs",
                    group + "/coreSeconds",
                    group + "/meanWaitSeconds",
                    group + "/p95WaitSeconds",
                    group + "/meanBoundedSlowdown",
                    group + "/p95BoundedSlowdown",
                    group + "/backfilledJobs");
        }
        sheet.begin(field, title);
        rows.into(sheet.html);
        sheet.end();
    }

    private static String name(JsonNode group) {
        int number = group.path("number").asInt();
        if (number == NOT_TOLD) {
            return "not told by the log";
        }
        return number < NOT_TOLD
                ? "all others"
                : (number + " " + group.path("name").asText()).strip();
    }

    // --- what functions do to jobs

    void stretch() {
        if (!sheet.has("/functions/slowdown")) {
            return;
        }
        sheet.begin("stretch", "How much longer jobs run beside functions");
        sheet.rows("Run time beside functions over that alone", "", "Jobs")
                .row("jobs that run longer", Unit.COUNT, "/functions/slowdown/slowedJobs")
                .row("mean of all jobs", Unit.FACTOR, "/functions/slowdown/mean")
                .row("median", Unit.FACTOR, "/functions/slowdown/p50")
                .row("90 % are at most", Unit.FACTOR, "/functions/slowdown/p90")
                .row("99 % are at most", Unit.FACTOR, "/functions/slowdown/p99")
                .row("greatest", Unit.FACTOR, "/functions/slowdown/max")
                .into(sheet.html);
        sheet.end();
    }

    // --- functions

    void functions() {
        if (!sheet.has("/functions")) {
            return;
        }
        Rows rows = sheet.rows("Requests, leases and evictions", "", "Functions");
        Fields.rows(sheet, rows, "/functions", ELSEWHERE);
        rows.row("memory leased", Unit.BYTE_HOURS, "/byteSeconds/leased");
        rows.row("memory harvested", Unit.BYTE_HOURS, "/byteSeconds/harvested");
        sheet.begin("functions", "Functions: leases and evictions");
        rows.into(sheet.html);
        sheet.end();
    }

    void latency() {
        JsonNode buckets = sheet.summary.at("/functions/calls/latency/histogram");
        if (buckets.isEmpty()) {
            return;
        }
        double all = 0;
        for (JsonNode bucket : buckets) {
            all += bucket.path("calls").asDouble();
        }
        Chart chart =
                new Chart(
                                "chart-latency",
                                Chart.Kind.CUMULATIVE,
                                "cumulative share of calls by latency")
                        .axes("from the arrival of a call to its result", "share of calls")
                        .with("seconds", true)
                        .with("least", buckets.get(0).path("upToMillis").asDouble() / 1000);
        ArrayNode points = chart.series("calls", "functions", "solid");
        double sum = 0;
        for (JsonNode bucket : buckets) {
            sum += bucket.path("calls").asDouble();
            Chart.point(points, bucket.path("upToMillis").asDouble() / 1000, sum / all);
        }
        Rows rows = sheet.rows("Latency of calls", "", "Latency");
        Fields.rows(sheet, rows, "/functions/calls/latency", Set.of());
        sheet.begin("latency", "How long calls take");
        sheet.chart(chart, "Share of the calls done that take no longer than this.", rows);
        sheet.end();
    }
}
