package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A figure of the summary, as people read it.
 *
 * @param pointer where it stands in the summary (RFC 6901)
 * @param value as it stands there
 * @param text rounded, with its unit
 */
record Figure(String pointer, String value, String text) {
    private static final double SECONDS_PER_HOUR = 3600;

    /** How a value is shown. */
    enum Unit {
        COUNT,
        RATIO,
        FACTOR,
        SHARE,
        GAIN,
        SECONDS,
        MILLIS,
        DAYS,
        CORE_HOURS,
        BYTE_HOURS,
        MONEY
    }

    /** The figure at this place; null when the summary has none there. */
    static @Nullable Figure of(JsonNode summary, String pointer, Unit unit) {
        JsonNode node = summary.at(pointer);
        return node.isNumber()
                ? new Figure(
                        pointer,
                        new BigDecimal(node.asText()).toPlainString(),
                        text(node.asDouble(), unit))
                : null;
    }

    /** A number keeps to its unit where a line breaks. */
    static String text(double value, Unit unit) {
        return switch (unit) {
            case COUNT -> format("%,.0f", value);
            case RATIO, MONEY -> format("%,.2f", value);
            case FACTOR -> format("%.4f", value);
            case SHARE -> format("%.2f\u00a0%%", 100 * value);
            case GAIN -> format("%+.2f\u00a0%%", 100 * value);
            case SECONDS ->
                    format(value < 100 ? "%.1f\u00a0s" : "%,.0f\u00a0s", value) + longer(value);
            case MILLIS -> format(value < 100 ? "%.2f\u00a0ms" : "%,.0f\u00a0ms", value);
            case DAYS -> format("%,.1f\u00a0days", value / 86_400);
            case CORE_HOURS -> format("%,.1f\u00a0h", value / SECONDS_PER_HOUR);
            case BYTE_HOURS ->
                    format("%,.1f\u00a0GiB\u00a0h", value / SECONDS_PER_HOUR / (1 << 30));
        };
    }

    /** Long times once more in a unit that one can imagine. */
    private static String longer(double seconds) {
        if (seconds < 120) {
            return "";
        }
        if (seconds < 2 * SECONDS_PER_HOUR) {
            return format(" (%.0f\u00a0min)", seconds / 60);
        }
        return seconds < 2 * 86_400
                ? format(" (%.1f\u00a0h)", seconds / SECONDS_PER_HOUR)
                : format(" (%,.1f\u00a0d)", seconds / 86_400);
    }

    private static String format(String pattern, double value) {
        return String.format(Locale.ROOT, pattern, value);
    }

    /** Writes it so that programs find the exact value. */
    void into(Html html) {
        html.leaf("data", text, "value", value, "data-summary", pointer);
    }
}
