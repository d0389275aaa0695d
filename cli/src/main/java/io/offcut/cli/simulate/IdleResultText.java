package io.offcut.cli.simulate;

import io.offcut.cli.output.Table;
import io.offcut.cli.output.Terminal;
import io.offcut.simulator.IdleReading;
import io.offcut.simulator.IdleResult;
import io.offcut.traces.idle.IdleRecord;
import io.offcut.traces.idle.IdleStatistics;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** What policies make of idle nodes, for people: side by side. */
final class IdleResultText {
    private static final String NONE = "-";

    private final PrintWriter out;
    private final IdleRecord record;
    private final IdleStatistics facts;
    private final List<IdleResult> results;

    IdleResultText(PrintWriter out, IdleRecord record, List<IdleResult> results) {
        this.out = out;
        this.record = record;
        this.facts = IdleStatistics.of(record);
        this.results = results;
    }

    void print(Terminal terminal) {
        out.printf(
                Locale.ROOT,
                "%,d samples in %.1f h; %.2f idle nodes at a time, %,.1f node-hours in all%n%n",
                facts.samples(),
                facts.spanSeconds() / 3600.0,
                facts.meanIdleNodes(),
                facts.idleNodeHours());
        out.println(table().render(terminal));
        for (IdleResult result : results) {
            printBounds(result);
        }
        if (hasPilots()) {
            out.println();
            out.println(
                    "recorded: the pilots that the record names; ready or warming up, not told");
            out.println("apart. The other policies may use their nodes.");
        }
    }

    private boolean hasPilots() {
        return record.pilotSamples() > 0;
    }

    private Table table() {
        List<String> head = new ArrayList<>(List.of("of idle node-time"));
        results.forEach(result -> head.add(" " + result.policy().name()));
        if (hasPilots()) {
            head.add(" recorded");
        }
        Table table = new Table(head.toArray(String[]::new));
        double recorded = facts.pilotShare();
        row(table, "ready", percent(recorded), r -> percent(r.use().readyShare()));
        row(table, "warming up", NONE, r -> percent(r.use().warmUpShare()));
        row(table, "unused", percent(1 - recorded), r -> percent(r.use().unusedShare()));
        row(table, "ready when sampled", percent(recorded), r -> percent(sampled(r)));
        row(table, "pilots or leases", NONE, r -> whole(r.workers()));
        row(
                table,
                "samples with none ready",
                whole(facts.samplesWithoutPilot()),
                r -> whole(r.samplesWithoutReady()));
        row(
                table,
                "ready nodes when sampled",
                decimal((double) record.pilotSamples() / record.samples()),
                r -> decimal(r.meanReadyNodes()));
        row(
                table,
                "ready node-hours",
                hours(recorded * facts.idleNodeHours()),
                r -> hours(r.readyNodeHours()));
        return table;
    }

    private void row(
            Table table, String label, String recorded, Function<IdleResult, String> figure) {
        List<String> cells = new ArrayList<>(List.of(label));
        results.forEach(result -> cells.add(figure.apply(result)));
        if (hasPilots()) {
            cells.add(recorded);
        }
        table.row(cells.toArray());
    }

    private double sampled(IdleResult result) {
        return (double) result.readySamples() / Math.max(1, record.idleSamples());
    }

    private void printBounds(IdleResult result) {
        if (result.readings().isEmpty()) {
            return;
        }
        out.printf(
                Locale.ROOT,
                "%n%s: %.2f %% short of the ideal, all idle node-time; the record says nothing of%n"
                        + "the time between samples, %.1f s: ready if nodes were idle there%n",
                result.policy().name(),
                100 * (1 - result.use().readyShare()),
                facts.meanGapSeconds());
        for (IdleResult.Read read : result.readings()) {
            out.printf(
                    Locale.ROOT,
                    "  %-40s %s of %,.1f node-hours%n",
                    meaning(read.reading()),
                    percent(read.use().readyShare()),
                    read.use().idle() / 3_600_000.0);
        }
    }

    private static String meaning(IdleReading reading) {
        return switch (reading) {
            case SHORTEST -> "only between samples that say so";
            case HELD -> "from each of these to the next, as above";
            case LONGEST -> "as long as no sample says otherwise";
        };
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    private static String whole(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String decimal(double number) {
        return String.format(Locale.ROOT, "%.2f", number);
    }

    private static String hours(double hours) {
        return String.format(Locale.ROOT, "%,.1f", hours);
    }
}
