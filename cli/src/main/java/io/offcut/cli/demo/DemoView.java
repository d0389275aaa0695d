package io.offcut.cli.demo;

import io.offcut.client.PoolStatus;
import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.LeaseState;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Shows what happens: a picture that changes on a terminal, a line now and then elsewhere. For one
 * thread.
 */
final class DemoView {
    private static final long LINE_PERIOD_MILLIS = 2_000;

    private final PrintStream out;
    private final boolean terminal;
    private int linesShown;
    private String lastStep = "";
    private long nextLineMillis;

    DemoView(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Shows one moment. */
    void show(
            long millis,
            String step,
            Map<String, CpuSet> coresOfNodes,
            CpuSet batch,
            List<RequestView> requests,
            List<NodeView> nodes,
            PoolStatus pool,
            long prices,
            long files) {
        Map<String, String> pictures = new TreeMap<>();
        coresOfNodes.forEach(
                (node, cores) -> pictures.put(node, picture(node, cores, batch, requests, nodes)));
        String counts =
                String.format(
                        Locale.ROOT,
                        "%,10d chunks priced %,8d files packed %3d retried",
                        prices,
                        files,
                        pool.retries());
        if (terminal) {
            redraw(millis, step, pictures, counts);
        } else if (!step.equals(lastStep) || millis >= nextLineMillis) {
            out.printf(
                    Locale.ROOT,
                    "%5.1f s  %s %s  %s%n",
                    millis / 1e3,
                    join(pictures),
                    counts,
                    step);
            nextLineMillis = millis + LINE_PERIOD_MILLIS;
        }
        lastStep = step;
    }

    /** One letter a core: F function, B batch job, o offered, - neither. */
    private static String picture(
            String node,
            CpuSet cores,
            CpuSet batch,
            List<RequestView> requests,
            List<NodeView> nodes) {
        CpuSet leased = CpuSet.empty();
        for (RequestView request : requests) {
            for (var lease : request.leases()) {
                if (lease.nodeName().equals(node) && lease.state() != LeaseState.ENDED) {
                    leased = leased.plus(lease.cores());
                }
            }
        }
        CpuSet offered = CpuSet.empty();
        for (NodeView view : nodes) {
            if (view.node().name().equals(node)) {
                for (Offer offer : view.offers()) {
                    offered = offered.plus(offer.cores());
                }
            }
        }
        StringBuilder letters = new StringBuilder();
        for (int core : cores.toArray()) {
            letters.append(
                    batch.contains(core)
                            ? 'B'
                            : leased.contains(core) ? 'F' : offered.contains(core) ? 'o' : '-');
        }
        return letters.toString();
    }

    private static String join(Map<String, String> pictures) {
        List<String> parts = new ArrayList<>();
        pictures.forEach((node, letters) -> parts.add(node + "[" + letters + "]"));
        return String.join(" ", parts);
    }

    private void redraw(long millis, String step, Map<String, String> pictures, String counts) {
        StringBuilder frame = new StringBuilder();
        if (linesShown > 0) {
            frame.append("\033[").append(linesShown).append('A');
        }
        frame.append(String.format(Locale.ROOT, "\033[K  %4.1f s   %s%n", millis / 1e3, step));
        pictures.forEach((node, letters) ->
                frame.append("\033[K  node ")
                        .append(node)
                        .append("   ")
                        .append(letters)
                        .append('\n'));
        frame.append("\033[K ").append(counts).append('\n');
        frame.append("\033[K  F runs functions   B runs the batch job   o offered   - neither\n");
        linesShown = pictures.size() + 3;
        out.print(frame);
        out.flush();
    }
}
