package io.offcut.slurm;

import io.offcut.core.IdleEnd;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmNode.Availability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches all nodes and what Slurm means to do with them, for the whole cluster: the nodes' states,
 * the pending jobs and the reservations, with one command each every few seconds.
 *
 * <p>A node not seen before is taken as available, so the first reading reports only the nodes that
 * are not. A node that Slurm no longer lists is reported as down. While the controller is silent
 * nothing is reported and the pauses double up to {@link #MAX_PAUSE}. When only the plan cannot be
 * read the last one stands, and it is asked for again after pauses that grow likewise. One thread
 * reads and calls the listener; {@link #close} may be called by any thread.
 */
public final class SlurmClusterReader implements AutoCloseable {
    /** Longest pause between two readings while the controller is silent. */
    public static final Duration MAX_PAUSE = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(SlurmClusterReader.class);

    /** Who is told. An exception of one call does not keep later ones away. */
    public interface Listener {
        /** Work may go to a node now, or no longer. */
        void changed(NodeChange change);

        /** The cluster was read. */
        void read(ClusterView view);

        /** It could not be read; what was read before is getting old. */
        void silent();
    }

    /** Where the readings come from. */
    interface Source {
        List<SlurmNode> nodes();

        List<PlannedStart> plannedStarts();

        List<SlurmReservation> reservations();
    }

    private final Source source;
    private final Duration interval;
    private final Listener listener;
    private final Differences differences = new Differences();
    private final ClusterPlan plan = new ClusterPlan();
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("slurm-nodes").factory());
    private Map<String, List<IdleEnd>> ends = Map.of();
    private boolean silent;
    private int failures;
    private int planFailures;
    private long planAgainNanos = System.nanoTime();

    private SlurmClusterReader(Source source, Duration interval, Listener listener) {
        this.source = source;
        this.interval = interval;
        this.listener = listener;
    }

    /** Begins to read; the first reading is made at once, on the reader's thread. */
    public static SlurmClusterReader start(
            SlurmCommands commands, Duration interval, Listener listener) {
        return start(
                new Source() {
                    @Override
                    public List<SlurmNode> nodes() {
                        return commands.nodes();
                    }

                    @Override
                    public List<PlannedStart> plannedStarts() {
                        return commands.plannedStarts();
                    }

                    @Override
                    public List<SlurmReservation> reservations() {
                        return commands.reservations();
                    }
                },
                interval,
                listener);
    }

    /** The same with another source, for tests. */
    static SlurmClusterReader start(Source source, Duration interval, Listener listener) {
        if (interval.toMillis() < 1) {
            throw new IllegalArgumentException("an interval of " + interval);
        }
        SlurmClusterReader reader = new SlurmClusterReader(source, interval, listener);
        reader.thread.execute(reader::read);
        return reader;
    }

    private void read() {
        try {
            List<SlurmNode> nodes = source.nodes();
            if (silent) {
                LOG.info("Slurm answers again about its nodes");
            }
            silent = false;
            differences.update(nodes).forEach(listener::changed);
            readPlan();
            listener.read(new ClusterView(nodes, ends));
            failures = 0;
        } catch (OffcutException e) {
            failures++;
            if (!silent) {
                LOG.warn("node states stay as last known: {}", e.getMessage());
                silent = true;
                listener.silent();
            }
        } catch (RuntimeException e) {
            LOG.error("reading the node states failed", e);
            failures++;
        }
        readAgainAfter(pause(interval, failures));
    }

    private void readPlan() {
        if (System.nanoTime() - planAgainNanos < 0) {
            return;
        }
        try {
            ends =
                    plan.update(
                            source.plannedStarts(),
                            source.reservations(),
                            System.currentTimeMillis());
            planFailures = 0;
        } catch (OffcutException e) {
            if (planFailures == 0) {
                LOG.warn("Slurm's plan stays as last known: {}", e.getMessage());
            }
            planFailures++;
            planAgainNanos = System.nanoTime() + pause(interval, planFailures).toNanos();
        }
    }

    private void readAgainAfter(Duration pause) {
        try {
            var _ = thread.schedule(this::read, pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("reading of node states has ended");
        }
    }

    /** The pause after so many failures in a row. */
    static Duration pause(Duration interval, int failures) {
        Duration pause = interval.multipliedBy(1L << Math.min(failures, 12));
        Duration longest = interval.compareTo(MAX_PAUSE) > 0 ? interval : MAX_PAUSE;
        return pause.compareTo(longest) > 0 ? longest : pause;
    }

    /** Stops reading. A command under way is interrupted. */
    @Override
    public void close() {
        thread.shutdownNow();
    }

    /** What was last known of each node, and what is new. */
    static final class Differences {
        private final Map<String, NodeChange> known = new HashMap<>();

        List<NodeChange> update(List<SlurmNode> nodes) {
            List<NodeChange> changes = new ArrayList<>();
            Set<String> gone = new HashSet<>(known.keySet());
            for (SlurmNode node : nodes) {
                gone.remove(node.name());
                note(new NodeChange(node.name(), node.availability(), reason(node)), changes);
            }
            for (String name : gone) {
                note(new NodeChange(name, Availability.DOWN, "no longer in Slurm"), changes);
            }
            return changes;
        }

        private void note(NodeChange now, List<NodeChange> changes) {
            NodeChange before = known.put(now.node(), now);
            Availability was = before == null ? Availability.AVAILABLE : before.availability();
            if (was != now.availability()) {
                changes.add(now);
            }
        }

        private static String reason(SlurmNode node) {
            return node.availability() == Availability.AVAILABLE ? "" : node.reason();
        }
    }
}
