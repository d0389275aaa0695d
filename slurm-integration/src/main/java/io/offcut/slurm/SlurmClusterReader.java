package io.offcut.slurm;

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
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the states of all nodes with one command every few seconds, for the whole cluster, and
 * tells what has changed.
 *
 * <p>A node not seen before is taken as available, so the first reading reports only the nodes that
 * are not. A node that Slurm no longer lists is reported as down. While the controller is silent
 * nothing is reported and the pauses double up to {@link #MAX_PAUSE}. One thread reads and calls
 * the consumer; {@link #close} may be called by any thread.
 */
public final class SlurmClusterReader implements AutoCloseable {
    /** Longest pause between two readings while the controller is silent. */
    public static final Duration MAX_PAUSE = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(SlurmClusterReader.class);

    private final Supplier<List<SlurmNode>> source;
    private final Duration interval;
    private final Consumer<NodeChange> changes;
    private final Differences differences = new Differences();
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("slurm-nodes").factory());
    private int failures;

    private SlurmClusterReader(
            Supplier<List<SlurmNode>> source, Duration interval, Consumer<NodeChange> changes) {
        this.source = source;
        this.interval = interval;
        this.changes = changes;
    }

    /** Begins to read; the first reading is made at once, on the reader's thread. */
    public static SlurmClusterReader start(
            SlurmCommands commands, Duration interval, Consumer<NodeChange> changes) {
        return start(commands::nodes, interval, changes);
    }

    /** The same with another source of node states, for tests. */
    static SlurmClusterReader start(
            Supplier<List<SlurmNode>> source, Duration interval, Consumer<NodeChange> changes) {
        if (interval.toMillis() < 1) {
            throw new IllegalArgumentException("an interval of " + interval);
        }
        SlurmClusterReader reader = new SlurmClusterReader(source, interval, changes);
        reader.thread.execute(reader::read);
        return reader;
    }

    private void read() {
        try {
            differences.update(source.get()).forEach(changes);
            if (failures > 0) {
                LOG.info("Slurm answers again about its nodes");
            }
            failures = 0;
        } catch (OffcutException e) {
            if (failures == 0) {
                LOG.warn("node states stay as last known: {}", e.getMessage());
            }
            failures++;
        } catch (RuntimeException e) {
            LOG.error("reading the node states failed", e);
            failures++;
        }
        readAgainAfter(pause(interval, failures));
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
