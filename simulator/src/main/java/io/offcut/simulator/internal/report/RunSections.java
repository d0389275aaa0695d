package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.SimulationConfig;
import io.offcut.simulator.internal.report.Figure.Unit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What was simulated, from what, and what follows from it and what does not. */
final class RunSections {
    /** Loads that never run out of work. */
    private static final Set<String> UNLIMITED = Set.of("fit");

    private final Sheet sheet;
    private final SimulationConfig config;

    RunSections(Sheet sheet, SimulationConfig config) {
        this.sheet = sheet;
        this.config = config;
    }

    // --- in short

    void inShort() {
        sheet.begin("short", "In short");
        sheet.paragraph(
                String.format(
                        Locale.ROOT,
                        "%,d jobs on %,d nodes of %,d cores, %s; scheduler %s, jobs hold %s.",
                        sheet.summary.at("/batch/jobs").asInt(),
                        config.cluster().nodes(),
                        config.cluster().coresPerNode(),
                        Figure.text(sheet.number("/coreSeconds/spanSeconds"), Unit.DAYS),
                        name(config.batch().scheduler()),
                        name(config.batch().allocation())));
        boolean functions = sheet.has("/functions");
        sheet.html.open("div", "class", "cards");
        if (functions) {
            tile("core-hours harvested", "/coreSeconds/harvested", Unit.CORE_HOURS);
            tile("memory harvested", "/byteSeconds/harvested", Unit.BYTE_HOURS);
            tile("of idle time harvested", "/functions/harvestedShareOfIdle", Unit.SHARE);
        }
        tile("utilisation by jobs", "/coreSeconds/utilization", Unit.SHARE);
        if (functions) {
            tile("with functions", "/coreSeconds/utilizationWithFunctions", Unit.SHARE);
        }
        tile("mean wait of jobs", "/batch/meanWaitSeconds", Unit.SECONDS);
        tile("mean bounded slowdown", "/batch/meanBoundedSlowdown", Unit.RATIO);
        sheet.html.close();
        sheet.end();
    }

    private void tile(String label, String pointer, Unit unit) {
        Figure figure = Figure.of(sheet.summary, pointer, unit);
        if (figure != null) {
            sheet.html.open("div", "class", "card tile").open("p", "class", "big");
            figure.into(sheet.html);
            sheet.html.close().leaf("p", label).close();
        }
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    // --- cost

    void cost() {
        if (!sheet.has("/cost")) {
            return;
        }
        sheet.begin("cost", "Cost");
        Rows rows = sheet.rows("Core-hours at their price", "Use", "Core-hours", "Price");
        priced(rows, "capacity", "capacity");
        priced(rows, "jobs compute", "job");
        priced(rows, "idle", "idle");
        if (sheet.has("/functions")) {
            priced(rows, "harvested by functions", "harvested");
        }
        rows.row("one core-hour", Unit.MONEY, "", "/cost/coreHourPrice");
        rows.into(sheet.html);
        sheet.paragraph(
                "In the currency of the price. What is harvested is worth this much only to who would"
                        + " have bought it.");
        sheet.end();
    }

    private static void priced(Rows rows, String label, String use) {
        rows.row(
                label, List.of(Unit.CORE_HOURS, Unit.MONEY), "/coreSeconds/" + use, "/cost/" + use);
    }

    // --- what was left out

    void leftOut() {
        sheet.begin("left-out", "What was left out");
        Rows rows = sheet.rows("Jobs left out or cut", "", "Of the log");
        present(rows, "jobs without run time, size or recorded wait", "/batch/unknownJobs");
        present(rows, "jobs larger than the machine", "/batch/tooLargeJobs");
        present(rows, "jobs that got fewer cores than recorded", "/batch/clippedJobs");
        present(rows, "jobs without room on the nodes of their record", "/batch/movedJobs");
        present(rows, "runs that an outage cut short and that began again", "/batch/requeues");
        present(rows, "jobs that an outage ended", "/batch/lostJobs");
        if (sheet.number("/batch/clippedCoreSeconds") > 0) {
            rows.row(
                    "core-hours that these did not get",
                    Unit.CORE_HOURS,
                    "/batch/clippedCoreSeconds");
        }
        for (int at = 0; at < sheet.summary.at("/run/logs").size(); at++) {
            String log = "/run/logs/" + at;
            present(rows, "complaints about " + sheet.text(log + "/name"), log + "/complaints");
            present(rows, "lines of it left out", log + "/leftOutLines");
        }
        if (rows.isEmpty()) {
            sheet.paragraph("Nothing: every job of the log was simulated as it stands.");
        }
        rows.into(sheet.html);
        complaints();
        sheet.end();
    }

    private void present(Rows rows, String label, String pointer) {
        if (sheet.number(pointer) > 0) {
            rows.row(label, Unit.COUNT, pointer);
        }
    }

    private void complaints() {
        List<String> lines = new ArrayList<>();
        for (JsonNode log : sheet.summary.at("/run/logs")) {
            log.path("firstComplaints")
                    .forEach(line -> lines.add(log.path("name").asText() + ": " + line.asText()));
        }
        if (!lines.isEmpty()) {
            sheet.html.open("details").leaf("summary", "The first complaints");
            sheet.list(lines);
            sheet.html.close();
        }
    }

    // --- how to repeat it

    void repeat() {
        sheet.begin("repeat", "How to repeat it");
        if (!sheet.text("/run/commandLine").isEmpty()) {
            sheet.html.leaf("pre", sheet.text("/run/commandLine"));
            sheet.paragraph(
                    "With the same logs and version it gives the same results to the last byte; --out"
                            + " says where.");
        }
        Rows rows = sheet.rows("Configuration", "", "Value");
        if (!sheet.text("/run/offcutVersion").isEmpty()) {
            rows.texts("version of Offcut", sheet.text("/run/offcutVersion"));
        }
        for (JsonNode log : sheet.summary.at("/run/logs")) {
            rows.texts(
                    "log",
                    String.format(
                            Locale.ROOT,
                            "%s (%,d jobs)",
                            log.path("name").asText(),
                            log.path("jobs").asInt()));
        }
        for (JsonNode made : sheet.summary.at("/run/machine")) {
            rows.texts("machine", made.asText());
        }
        rows.texts("seed", sheet.text("/seed"));
        configured(rows, "cluster");
        configured(rows, "batchSystem");
        if (sheet.has("/functions")) {
            configured(rows, "functionModel");
        }
        rows.into(sheet.html);
        sheet.end();
    }

    private void configured(Rows rows, String field) {
        for (Map.Entry<String, JsonNode> entry : sheet.summary.path(field).properties()) {
            JsonNode value = entry.getValue();
            rows.texts(
                    Fields.words(field) + ": " + Fields.words(entry.getKey()),
                    value.isTextual()
                            ? value.asText().toLowerCase(Locale.ROOT).replace('_', '-')
                            : value.isValueNode() ? value.asText() : value.toString());
        }
    }

    // --- what not to conclude

    void caution() {
        List<String> items = new ArrayList<>();
        if (config.batch().scheduler() == Scheduler.RECORDED) {
            items.add(
                    "That waits would be these on another machine or under another scheduler: they are"
                            + " those of the log.");
        } else {
            items.add(
                    "That the site's jobs waited like this: the schedule is that of a simulated "
                            + name(config.batch().scheduler())
                            + ", with one queue, no priorities, no reservations and no failures.");
        }
        items.add(
                "That users would submit the same jobs at the same times: a log does not react to what"
                        + " it meets.");
        if (config.batch().allocation() == Allocation.CORES) {
            items.add(
                    "That jobs of a site that hands out whole nodes leave as much: here a job holds"
                            + " exactly its cores, and others may share its nodes.");
        }
        if (sheet.has("/functions")) {
            functionCaution(items);
        }
        items.add(
                "Anything about single cores inside a job: the log says what a job was given, and that"
                        + " is taken for what it computes on.");
        sheet.begin("caution", "What not to conclude");
        sheet.list(items);
        sheet.end();
    }

    private void functionCaution(List<String> items) {
        if (UNLIMITED.contains(sheet.text("/functionModel/load"))) {
            items.add(
                    "That so much would be harvested: there is always one more function waiting here."
                            + " It is an upper bound for this policy; real demand comes and goes.");
        }
        if (sheet.summary.at("/functionModel/offerUnderused").asBoolean()) {
            items.add(
                    "That a node daemon does this: cores that jobs hold and do not compute on are"
                            + " offered here (underused=on), which it does not do by default.");
        }
        items.add(
                "That functions cost the site's jobs what they cost here: what they take from caches"
                        + " and memory bandwidth was measured of one application. Measure that on the"
                        + " site's own nodes.");
        items.add(
                "A gain without its baseline: against whole nodes it is large because whole nodes"
                        + " waste, not because functions win much.");
    }
}
