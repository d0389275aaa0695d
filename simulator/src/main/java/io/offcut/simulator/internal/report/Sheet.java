package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** The body of a report as its sections write it, and the charts that they put there. */
final class Sheet {
    final Html html;
    final JsonNode summary;
    private final List<Chart> charts = new ArrayList<>();

    Sheet(Html html, JsonNode summary) {
        this.html = html;
        this.summary = summary;
    }

    List<Chart> charts() {
        return charts;
    }

    boolean has(String pointer) {
        JsonNode node = summary.at(pointer);
        return !node.isMissingNode() && !node.isNull();
    }

    double number(String pointer) {
        return summary.at(pointer).asDouble();
    }

    String text(String pointer) {
        return summary.at(pointer).asText();
    }

    Rows rows(String caption, String... heads) {
        return new Rows(summary, caption, heads);
    }

    void begin(String id, String title) {
        html.open("section", "id", id, "aria-labelledby", id + "-title");
        html.leaf("h2", title, "id", id + "-title");
    }

    void end() {
        html.close();
    }

    void paragraph(String text) {
        html.leaf("p", text);
    }

    void list(List<String> items) {
        html.open("ul");
        items.forEach(item -> html.leaf("li", item));
        html.close();
    }

    /**
     * A chart with its table, which is all there is where no script runs.
     *
     * @param note how to read it and what it leaves out
     */
    void chart(Chart chart, String note, Rows table) {
        charts.add(chart);
        html.open("figure");
        html.open(
                        "div",
                        "class",
                        "chart",
                        "id",
                        chart.id(),
                        "role",
                        "img",
                        "aria-label",
                        note(chart))
                .close();
        html.leaf("figcaption", note);
        if (!table.isEmpty()) {
            html.open("details").leaf("summary", "The same as a table");
            table.into(html);
            html.close();
        }
        html.close();
    }

    private static String note(Chart chart) {
        return "Chart: " + chart.title() + ". The table below it has the same figures.";
    }
}
