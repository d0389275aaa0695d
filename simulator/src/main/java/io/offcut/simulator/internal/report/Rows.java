package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.simulator.internal.report.Figure.Unit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A table with names in the first column and figures beside them. A row none of whose figures the
 * summary has is not there; a table without rows is not written. For one thread.
 */
final class Rows {
    private final JsonNode summary;
    private final String caption;
    private final List<String> heads;
    private final List<Row> rows = new ArrayList<>();

    private record Row(String label, List<@Nullable Figure> figures, List<String> texts) {}

    Rows(JsonNode summary, String caption, String... heads) {
        this.summary = summary;
        this.caption = caption;
        this.heads = List.of(heads);
    }

    /** Figures of one unit from several places; an empty place leaves its cell empty. */
    Rows row(String label, Unit unit, String... pointers) {
        return row(label, Collections.nCopies(pointers.length, unit), pointers);
    }

    /** Figures with a unit each. */
    Rows row(String label, List<Unit> units, String... pointers) {
        return row(label, units, List.of(), pointers);
    }

    /** Figures, and after them texts that follow from them. */
    Rows row(String label, List<Unit> units, List<String> texts, String... pointers) {
        List<@Nullable Figure> figures = new ArrayList<>();
        for (int at = 0; at < pointers.length; at++) {
            figures.add(
                    pointers[at].isEmpty()
                            ? null
                            : Figure.of(summary, pointers[at], units.get(at)));
        }
        if (figures.stream().anyMatch(Objects::nonNull)) {
            rows.add(new Row(label, figures, texts));
        }
        return this;
    }

    /** Texts that are no figures of the summary. */
    Rows texts(String label, String... texts) {
        rows.add(new Row(label, List.of(), List.of(texts)));
        return this;
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    void into(Html html) {
        if (isEmpty()) {
            return;
        }
        html.open("div", "class", "wide").open("table").leaf("caption", caption);
        html.open("thead").open("tr");
        for (String head : heads) {
            html.leaf("th", head, "scope", "col");
        }
        html.close().close().open("tbody");
        for (Row row : rows) {
            html.open("tr").leaf("th", row.label, "scope", "row");
            for (Figure figure : row.figures) {
                html.open("td");
                if (figure != null) {
                    figure.into(html);
                }
                html.close();
            }
            row.texts.forEach(text -> html.leaf("td", text));
            html.close();
        }
        html.close().close().close();
    }
}
