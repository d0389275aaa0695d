package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.simulator.internal.report.Figure.Unit;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Names of the summary's fields, for people; a field without a name of its own speaks for itself.
 */
final class Fields {
    private static final Map<String, String> LABELS =
            Map.ofEntries(
                    Map.entry("timedOutRequests", "requests that gave up waiting"),
                    Map.entry("reclaims", "evictions: leases that a batch job ended"),
                    Map.entry("refusals", "grants that a node could no longer honour"),
                    Map.entry("harvestedShareOfIdle", "share of idle time harvested"));

    private Fields() {}

    /** A row for each number of one object, and of those in it but some. */
    static void rows(Sheet sheet, Rows rows, String pointer, Set<String> without) {
        rows(rows, "", sheet.summary.at(pointer), pointer, without);
    }

    private static void rows(
            Rows rows, String prefix, JsonNode object, String pointer, Set<String> without) {
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            String label = prefix + label(field.getKey());
            String place = pointer + "/" + field.getKey();
            if (without.contains(field.getKey())) {
                continue;
            }
            if (field.getValue().isObject()) {
                rows(rows, label + ": ", field.getValue(), place, without);
            } else {
                rows.row(label, unit(field.getKey(), field.getValue()), place);
            }
        }
    }

    /** {@code meanLeaseSeconds} becomes {@code mean lease}; the unit is in the value. */
    private static String label(String field) {
        String known = LABELS.get(field);
        return known != null ? known : words(field.replaceAll("(Core|Byte)?(Seconds|Millis)$", ""));
    }

    /** {@code coresPerNode} becomes {@code cores per node}. */
    static String words(String field) {
        return field.replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
    }

    private static Unit unit(String field, JsonNode value) {
        if (field.endsWith("CoreSeconds")) {
            return Unit.CORE_HOURS;
        }
        if (field.endsWith("ByteSeconds")) {
            return Unit.BYTE_HOURS;
        }
        if (field.endsWith("Millis")) {
            return Unit.MILLIS;
        }
        if (field.endsWith("Seconds")) {
            return Unit.SECONDS;
        }
        if (field.contains("Share") || field.startsWith("share")) {
            return Unit.SHARE;
        }
        return value.isIntegralNumber() ? Unit.COUNT : Unit.RATIO;
    }
}
