package io.offcut.cli;

import io.offcut.cli.output.Table;
import io.offcut.cli.output.Units;
import io.offcut.client.OffcutClient;
import io.offcut.core.IdleEnd;
import io.offcut.core.Offer;
import io.offcut.core.api.NodeView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code offcut nodes}. */
@Command(
        name = "nodes",
        description = "Lists the nodes, what they offer and until when, and what of it is leased.",
        footerHeading = "%nExample:%n",
        footer = "  offcut nodes --format json")
final class NodesCommand implements Callable<Integer> {
    private final Io io;

    @Mixin ClientOptions client = new ClientOptions();
    @Mixin FormatOption format = new FormatOption();

    NodesCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() {
        try (OffcutClient offcut = client.connect(io)) {
            List<NodeView> nodes = offcut.nodes();
            format.print(io, nodes, () -> table(nodes, System.currentTimeMillis()));
            return 0;
        }
    }

    static Table table(List<NodeView> nodes, long nowMillis) {
        boolean withGpus = nodes.stream().anyMatch(view -> offeredGpus(view) > 0);
        List<String> head =
                new ArrayList<>(
                        List.of("NODE", "STATE", " CORES", " OFFERED", " LEASED", " OFFERED MEM"));
        if (withGpus) {
            head.add(" IDLE GPUS");
        }
        head.add("UNTIL");
        head.add("REASON");
        Table table = new Table(head.toArray(String[]::new)).expendable("CORES", "OFFERED MEM");
        for (NodeView view : nodes) {
            List<Object> row =
                    new ArrayList<>(
                            List.of(
                                    view.node().name(),
                                    view.state(),
                                    view.node().cpus().size(),
                                    offeredCores(view),
                                    view.leasedCores(),
                                    Units.bytes(
                                            view.offers().stream()
                                                    .mapToLong(Offer::memoryBytes)
                                                    .sum())));
            if (withGpus) {
                row.add(offeredGpus(view));
            }
            row.add(until(view, nowMillis));
            row.add(reason(view));
            table.row(row.toArray());
        }
        return table;
    }

    /** When the first of its offers is expected to end, and why. */
    private static String until(NodeView view, long nowMillis) {
        return view.ends().values().stream()
                .min(Comparator.comparingLong(IdleEnd::atEpochMillis))
                .map(end -> until(end, nowMillis))
                .orElse("-");
    }

    private static String until(IdleEnd end, long nowMillis) {
        long seconds = Math.max(0, end.atEpochMillis() - nowMillis) / 1_000;
        String in = seconds == 0 ? "now" : coarse(seconds);
        return switch (end.why()) {
            case PLAN -> in + " (job " + end.name() + ")";
            case RESERVATION -> in + " (" + end.name() + ")";
            case HISTORY -> "~" + in + " (history)";
            case NODE -> in;
        };
    }

    private static String coarse(long seconds) {
        return seconds < 48 * 3_600 ? Units.time(seconds * 1_000) : seconds / 86_400 + " d";
    }

    private static int offeredGpus(NodeView view) {
        return view.offers().stream().mapToInt(offer -> offer.gpus().size()).sum();
    }

    private static String reason(NodeView view) {
        if (view.drainReason() != null) {
            return view.drainReason();
        }
        boolean idle = view.state() != NodeView.State.UP || offeredCores(view) > 0;
        String what = view.offers().isEmpty() ? "nothing idle" : "only memory idle";
        return idle ? "" : what;
    }

    static int offeredCores(NodeView view) {
        return view.offers().stream().mapToInt(offer -> offer.cores().size()).sum();
    }
}
