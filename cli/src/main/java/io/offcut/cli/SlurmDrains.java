package io.offcut.cli;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.scheduler.SchedulerServer;
import io.offcut.slurm.NodeChange;
import io.offcut.slurm.SlurmNode;
import io.offcut.slurm.SlurmNode.Availability;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the scheduler's nodes out of service while Slurm does not place jobs there, and puts them
 * back. Only what was taken out for Slurm's sake is put back: an operator's own word stands.
 *
 * <p>Slurm may speak of nodes whose daemon has not connected yet, and says it only once: what could
 * not be applied is tried again until it can. Safe for use by any thread.
 */
final class SlurmDrains implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SlurmDrains.class);

    private static final String MARK = "Slurm: ";
    private static final long AGAIN_MILLIS = 1_000;

    /** The scheduler, as far as it is needed here. */
    interface Nodes {
        /** Reasons of the nodes that are out of service. */
        Map<String, String> drained();

        void drain(String node, String reason);

        void resume(String node);
    }

    private final Nodes nodes;

    /** What is to be done yet. */
    private final Map<String, NodeChange> open = new TreeMap<>();

    private final CountDownLatch stopped = new CountDownLatch(1);

    SlurmDrains(Nodes nodes) {
        this.nodes = nodes;
    }

    static Nodes of(SchedulerServer server) {
        return new Nodes() {
            @Override
            public Map<String, String> drained() {
                return server.drained();
            }

            @Override
            public void drain(String node, String reason) {
                server.drain(node, reason);
            }

            @Override
            public void resume(String node) {
                server.resume(node);
            }
        };
    }

    /** Begins to try again what could not be done, until it is closed. */
    static SlurmDrains start(Nodes nodes) {
        SlurmDrains drains = new SlurmDrains(nodes);
        Thread.ofVirtual().name("slurm-drains").start(drains::keepTrying);
        return drains;
    }

    /** Slurm said something about a node. */
    synchronized void changed(NodeChange change) {
        open.put(change.node(), change);
        apply();
    }

    /**
     * Nodes that an earlier run took out of service and that Slurm uses again: Slurm does not
     * mention them.
     */
    synchronized void caughtUp(List<SlurmNode> present) {
        Map<String, String> drained = nodes.drained();
        for (SlurmNode node : present) {
            boolean ours = drained.getOrDefault(node.name(), "").startsWith(MARK);
            if (ours && node.availability() == Availability.AVAILABLE) {
                open.putIfAbsent(
                        node.name(), new NodeChange(node.name(), Availability.AVAILABLE, ""));
            }
        }
        apply();
    }

    /** Does what can be done now; the rest stays. */
    synchronized void apply() {
        open.values().removeIf(this::applied);
    }

    private boolean applied(NodeChange change) {
        String reason = nodes.drained().get(change.node());
        boolean ours = reason == null || reason.startsWith(MARK);
        try {
            if (!ours) {
                return true;
            }
            if (change.availability() != Availability.AVAILABLE) {
                String why = change.reason().isBlank() ? "" : ": " + change.reason();
                nodes.drain(change.node(), MARK + change.availability() + why);
                LOG.info("node {} out of service, Slurm: {}", change.node(), change.availability());
            } else if (reason != null) {
                nodes.resume(change.node());
                LOG.info("node {} in service again, as in Slurm", change.node());
            }
            return true;
        } catch (OffcutException e) {
            if (e.code() != ErrorCode.NOT_FOUND) {
                LOG.warn("node {}: {}", change.node(), e.getMessage());
            }
            return false;
        }
    }

    private void keepTrying() {
        while (awaitNext()) {
            apply();
        }
    }

    private boolean awaitNext() {
        try {
            return !stopped.await(AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    @Override
    public void close() {
        stopped.countDown();
    }
}
