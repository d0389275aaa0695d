package io.offcut.cli;

import io.offcut.core.IdleEnd;
import io.offcut.scheduler.NodeObservation;
import io.offcut.scheduler.SchedulerServer;
import io.offcut.slurm.ClusterView;
import io.offcut.slurm.NodeChange;
import io.offcut.slurm.SlurmClusterReader;
import io.offcut.slurm.SlurmCommands;
import io.offcut.slurm.SlurmNode;
import io.offcut.slurm.SlurmNode.Availability;
import java.time.Duration;
import java.util.List;

/**
 * Tells the scheduler what Slurm says of its nodes: which are out of service, what jobs hold, and
 * when a node is to be used again. One reader asks for the whole cluster.
 */
final class SlurmWatch implements AutoCloseable {
    private final SlurmDrains drains;
    private final SlurmClusterReader reader;

    private SlurmWatch(SlurmDrains drains, SlurmClusterReader reader) {
        this.drains = drains;
        this.reader = reader;
    }

    /** Begins to follow Slurm, until it is closed. */
    static SlurmWatch start(SchedulerServer server, SlurmCommands commands, Duration interval) {
        SlurmDrains drains = SlurmDrains.start(SlurmDrains.of(server));
        return new SlurmWatch(
                drains, SlurmClusterReader.start(commands, interval, new Teller(server, drains)));
    }

    /** On the reader's thread. */
    private static final class Teller implements SlurmClusterReader.Listener {
        private final SchedulerServer server;
        private final SlurmDrains drains;
        private boolean caughtUp;

        Teller(SchedulerServer server, SlurmDrains drains) {
            this.server = server;
            this.drains = drains;
        }

        @Override
        public void changed(NodeChange change) {
            drains.changed(change);
        }

        @Override
        public void read(ClusterView view) {
            if (!caughtUp) {
                drains.caughtUp(view.nodes());
                caughtUp = true;
            }
            server.observed(
                    view.nodes().stream()
                            .map(node ->
                                    observation(
                                            node, view.ends().getOrDefault(node.name(), List.of())))
                            .toList());
        }

        @Override
        public void silent() {
            server.unobserved();
        }
    }

    private static NodeObservation observation(SlurmNode node, List<IdleEnd> ends) {
        // Of a node whose jobs hold all they may get, some cores can be set aside for the system.
        boolean full = node.state() == SlurmNode.State.ALLOCATED;
        return new NodeObservation(
                node.name(),
                node.partitions(),
                node.cpus(),
                full ? node.cpus() : node.allocatedCpus(),
                node.availability() == Availability.AVAILABLE,
                ends);
    }

    @Override
    public void close() {
        reader.close();
        drains.close();
    }
}
