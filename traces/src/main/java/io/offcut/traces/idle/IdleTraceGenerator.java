package io.offcut.traces.idle;

import io.offcut.traces.RandomVariates;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Makes samples of idle nodes: each node is in turn idle, for a time drawn from the model, and
 * busy, for an exponential time that gives the mean number of idle nodes. Nodes know nothing of
 * each other and of the time of day, so the number of idle nodes varies less than that of a real
 * machine. Idle times are whole numbers of samples, at least one, as a record shows them.
 *
 * <p>Same model and seed, same bytes, on every machine. Safe for use by any thread.
 */
public final class IdleTraceGenerator {
    private static final int WARM_UP_CYCLES = 3;

    private IdleTraceGenerator() {}

    /** Writes rows {@code unix_seconds,node,state}; the stream stays open. */
    public static void write(IdleTraceModel model, long seed, OutputStream out) throws IOException {
        Node[] nodes = new Node[model.nodes()];
        RandomVariates seeds = new RandomVariates(seed);
        for (int node = 0; node < nodes.length; node++) {
            nodes[node] = new Node(model, (long) (seeds.uniform() * (1L << 53)), name(node, model));
        }
        out.write((CsvFormat.HEAD + "\n").getBytes(StandardCharsets.US_ASCII));
        for (int sample = 0; sample < model.samples(); sample++) {
            out.write(rows(model, nodes, sample).getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static String rows(IdleTraceModel model, Node[] nodes, int sample) {
        long time = model.unixStartSeconds() + (long) sample * model.periodSeconds();
        StringBuilder rows = new StringBuilder().append(time).append(",,\n");
        for (Node node : nodes) {
            if (node.isIdle(sample)) {
                rows.append(time).append(',').append(node.name).append(",idle\n");
            }
        }
        return rows.toString();
    }

    private static String name(int node, IdleTraceModel model) {
        String digits = Integer.toString(node + 1);
        int width = Integer.toString(model.nodes()).length();
        return "n" + "0".repeat(width - digits.length()) + digits;
    }

    /** One node, asked for samples in their order. */
    private static final class Node {
        private final String name;
        private final IdleTraceModel model;
        private final RandomVariates random;
        private final double meanBusySamples;
        private boolean idle;
        private long until;

        Node(IdleTraceModel model, long seed, String name) {
            this.name = name;
            this.model = model;
            this.random = new RandomVariates(seed);
            double meanIdleSamples = model.lengths().mean() / model.periodSeconds();
            double idleShare = model.meanIdleNodes() / model.nodes();
            this.meanBusySamples = meanIdleSamples * (1 - idleShare) / idleShare;
            // Begins long before the first sample, so that nothing of the begin is seen in it.
            double cycle = meanIdleSamples + meanBusySamples;
            this.until = -Math.round(WARM_UP_CYCLES * cycle * (1 + random.uniform()));
        }

        boolean isIdle(int sample) {
            while (until <= sample) {
                idle = !idle;
                double samples =
                        idle
                                ? model.lengths().at(random.uniform()) / model.periodSeconds()
                                : random.exponential(meanBusySamples);
                // A busy time that no sample sees would join two idle ones.
                until += Math.max(1, Math.round(samples));
            }
            return idle;
        }
    }
}
