package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.offcut.simulator.SimulationResult;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The report: one file that needs no network. All it says stands in it as text and tables; the
 * charts are drawn over it by a script from data in the page. Its content security policy lets run
 * what the policy names by its hash, and nothing else.
 */
public final class Page {
    private static final String ECHARTS = "/META-INF/resources/webjars/echarts/";

    private Page() {}

    /** The same bytes for the same data. */
    public static String html(ReportData data) {
        JsonNode summary = data.summary();
        Html body = new Html();
        Sheet sheet = new Sheet(body, summary);
        body.open("body").open("header").leaf("h1", title(summary)).close().open("main");
        sections(sheet, data);
        body.close();
        String charts = charts(sheet.charts());
        body.code("script", charts, "type", "application/json", "id", "charts");
        List<String> scripts = List.of(library(), resource("report.js"));
        scripts.forEach(script -> body.code("script", script));
        body.close();
        return head(title(summary), resource("report.css"), scripts) + body.page() + "</html>\n";
    }

    private static String title(JsonNode summary) {
        List<String> names = new ArrayList<>();
        summary.at("/run/logs").forEach(log -> names.add(log.path("name").asText()));
        return names.isEmpty() ? "Simulation" : "Simulation of " + String.join(", ", names);
    }

    private static void sections(Sheet sheet, ReportData data) {
        SimulationResult result = data.result();
        RunSections run = new RunSections(sheet, result.config());
        UsageSections usage = new UsageSections(sheet, result);
        JobSections jobs = new JobSections(sheet);
        run.inShort();
        usage.gains();
        usage.overTime();
        usage.coreHours();
        usage.harvestable();
        usage.idleIntervals();
        jobs.functions();
        jobs.latency();
        jobs.waits(data.waitSeconds());
        jobs.slowdowns(data.boundedSlowdowns());
        jobs.stretch();
        jobs.groups("partitions", "Partitions", "Partition");
        jobs.groups("queues", "Queues", "Queue");
        run.cost();
        run.leftOut();
        run.caution();
        run.repeat();
    }

    private static String head(String title, String style, List<String> scripts) {
        Html head = new Html();
        head.open("head").bare("meta", "charset", "utf-8");
        head.bare(
                "meta", "http-equiv", "Content-Security-Policy", "content", policy(style, scripts));
        head.bare("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        head.bare("meta", "name", "color-scheme", "content", "light dark");
        head.leaf("title", title).code("style", style).close();
        return "<!doctype html>\n<html lang=\"en\">\n" + head.page();
    }

    /** The drawing library sets styles of single elements, which cannot run anything. */
    private static String policy(String style, List<String> scripts) {
        StringBuilder policy = new StringBuilder("default-src 'none'; script-src");
        scripts.forEach(script -> policy.append(' ').append(hash(script)));
        return policy.append("; style-src-elem ")
                .append(hash(style))
                .append("; style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'")
                .toString();
    }

    /** As CSP Level 3 names a source by its content. */
    private static String hash(String text) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The less-than sign could end the element that the data stand in. */
    private static String charts(List<Chart> charts) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        charts.forEach(chart -> all.add(chart.json()));
        return all.toString().replace("<", "\\u003c");
    }

    /** Which version it is, its jar says. */
    private static String library() {
        String properties = read("/META-INF/maven/org.webjars.npm/echarts/pom.properties");
        String version =
                properties
                        .lines()
                        .filter(line -> line.startsWith("version="))
                        .map(line -> line.substring("version=".length()).strip())
                        .findFirst()
                        .orElseThrow(() -> new IllegalStateException("no version of echarts"));
        return read(ECHARTS + version + "/dist/echarts.common.min.js");
    }

    private static String resource(String name) {
        return read("/io/offcut/simulator/report/" + name);
    }

    private static String read(String name) {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("missing from the program: " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + name, e);
        }
    }
}
