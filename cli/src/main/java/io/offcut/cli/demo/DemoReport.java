package io.offcut.cli.demo;

import io.offcut.core.api.UsageView;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What the demonstration showed.
 *
 * @param cores that the nodes may offer
 * @param elapsedMillis from the first worker to the last result
 * @param retries invocations that were interrupted and run again
 * @param usage what the scheduler accounted for
 */
record DemoReport(
        List<Function> functions, int cores, long elapsedMillis, long retries, UsageView usage) {
    /**
     * One function.
     *
     * @param verified invocations whose result was compared and right
     * @param firstFailure null when all are
     */
    record Function(
            String name,
            long invocations,
            long verified,
            @Nullable String firstFailure,
            long p50Nanos,
            long p99Nanos) {}

    /**
     * Whether it showed what it is to show: every result right, and at least one reclaim survived.
     */
    boolean succeeded() {
        return failure() == null;
    }

    /** Why not, in one line; null when it succeeded. */
    @Nullable String failure() {
        for (Function function : functions) {
            if (function.firstFailure() != null) {
                return function.name() + ": " + function.firstFailure();
            }
            if (function.invocations() == 0 || function.verified() != function.invocations()) {
                return function.name()
                        + ": "
                        + function.verified()
                        + " of "
                        + function.invocations()
                        + " results verified";
            }
        }
        return usage.leasesReclaimed() == 0
                ? "no worker was reclaimed: the batch load was not noticed"
                : null;
    }

    /** The table that a person reads. */
    String table() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "  %-26s", ""));
        functions.forEach(f -> text.append(String.format(Locale.ROOT, "%14s", f.name())));
        text.append('\n');
        row(text, "invocations", f -> String.format(Locale.ROOT, "%,d", f.invocations()));
        row(text, "results verified", f -> String.format(Locale.ROOT, "%,d", f.verified()));
        row(text, "round trip p50", f -> millis(f.p50Nanos()));
        row(text, "round trip p99", f -> millis(f.p99Nanos()));
        double coreSeconds = usage.coreMillis() / 1e3;
        line(
                text,
                "cores harvested, mean",
                String.format(
                        Locale.ROOT,
                        "%.2f of %d",
                        coreSeconds * 1e3 / Math.max(1, elapsedMillis),
                        cores));
        line(text, "core-seconds harvested", String.format(Locale.ROOT, "%.1f", coreSeconds));
        line(text, "workers reclaimed", String.valueOf(usage.leasesReclaimed()));
        line(text, "invocations retried", String.valueOf(retries));
        return text.toString();
    }

    private void row(
            StringBuilder text, String name, java.util.function.Function<Function, String> value) {
        text.append(String.format(Locale.ROOT, "  %-26s", name));
        functions.forEach(f -> text.append(String.format(Locale.ROOT, "%14s", value.apply(f))));
        text.append('\n');
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(String.format(Locale.ROOT, "  %-26s%14s%n", name, value));
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }
}
