package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.offcut.simulator.Distribution;
import java.util.List;

/**
 * A chart as {@code report.js} draws it: a title for those who do not see it, axes, and series of
 * points. Colours are names of the style sheet. For one thread.
 */
final class Chart {
    /** No series has more points. */
    static final int MAX_POINTS = 2_000;

    private static final double DIGITS = 1e6;

    private final ObjectNode json = JsonNodeFactory.instance.objectNode();
    private final ArrayNode series = JsonNodeFactory.instance.arrayNode();

    /** How series are drawn. */
    enum Kind {
        /** Areas on top of each other. */
        STACK,
        /** Cumulative curves over a logarithmic axis; shares of 1. */
        CUMULATIVE,
        /** One bar from parts. */
        PARTS
    }

    Chart(String id, Kind kind, String title) {
        json.put("id", id);
        json.put("kind", kind.name());
        json.put("title", title);
        json.set("series", series);
    }

    Chart axes(String x, String y) {
        json.put("x", x);
        json.put("y", y);
        return this;
    }

    /** Any other thing that the drawing knows. */
    Chart with(String name, double value) {
        json.put(name, rounded(value));
        return this;
    }

    Chart with(String name, boolean value) {
        json.put(name, value);
        return this;
    }

    /** A series without points yet; x and y are added in turn. */
    ArrayNode series(String name, String colour, String pattern) {
        ObjectNode one = series.addObject();
        one.put("name", name);
        one.put("colour", colour);
        one.put("pattern", pattern);
        return one.putArray("points");
    }

    /**
     * The cumulative curve of a distribution from the value {@code from} on, where the axis begins.
     *
     * @param weighted shares of the sum of the values and not of their number
     */
    Chart cumulative(
            String name,
            String colour,
            String pattern,
            Distribution values,
            double from,
            boolean weighted) {
        ArrayNode points = series(name, colour, pattern);
        List<Distribution.Point> curve = values.curve(MAX_POINTS / 2);
        double before = 0;
        boolean begun = false;
        for (Distribution.Point point : curve) {
            double share = weighted ? point.shareOfSum() : point.shareOfCount();
            if (point.value() >= from) {
                if (!begun) {
                    point(points, from, before);
                    begun = true;
                }
                point(points, point.value(), share);
            }
            before = share;
        }
        if (!begun) {
            point(points, from, before);
        }
        return this;
    }

    static void point(ArrayNode points, double x, double y) {
        points.addArray().add(rounded(x)).add(rounded(y));
    }

    private static double rounded(double value) {
        return Math.rint(value * DIGITS) / DIGITS;
    }

    String id() {
        return json.get("id").asText();
    }

    String title() {
        return json.get("title").asText();
    }

    ObjectNode json() {
        return json;
    }
}
