package io.offcut.slurm.internal.cluster;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.slurm.internal.cluster.ClusterState.DaemonId;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A started cluster: its files and the latest state of its daemons, which another process may have
 * changed since. Safe for any thread.
 */
public final class ClusterHandle {
    private final ClusterLayout layout;
    private ClusterState lastKnown;

    private ClusterHandle(ClusterLayout layout, ClusterState state) {
        this.layout = layout;
        this.lastKnown = state;
    }

    public static ClusterHandle start(SlurmClusterConfig config) {
        ClusterStart.Started started = ClusterStart.start(config);
        return new ClusterHandle(started.layout(), started.state());
    }

    public static ClusterHandle load(Path directory) {
        ClusterLayout layout = new ClusterLayout(directory.toAbsolutePath().normalize());
        return new ClusterHandle(layout, ClusterState.load(layout));
    }

    public ClusterLayout layout() {
        return layout;
    }

    /** As the cluster's directory has it; as last known when that is gone. */
    public synchronized ClusterState state() {
        if (Files.isRegularFile(layout.stateFile())) {
            lastKnown = ClusterState.load(layout);
        }
        return lastKnown;
    }

    /** Kills the daemon and waits until it is gone. */
    public synchronized void kill(String daemon) {
        DaemonId id = daemon(daemon);
        if (id.alive()) {
            Processes.kill(id.pid());
        }
        if (!Pause.until(5_000, () -> !id.alive())) {
            throw new OffcutException(
                    ErrorCode.INTERNAL, daemon + " (pid " + id.pid() + ") survived SIGKILL");
        }
    }

    /** Starts the daemon again unless it runs. */
    public synchronized void restart(String daemon) {
        if (!daemon(daemon).alive()) {
            ClusterState changed = state().with(daemon, Daemons.start(layout, daemon));
            changed.store(layout);
        }
    }

    private DaemonId daemon(String name) {
        DaemonId id = state().daemons().get(name);
        if (id == null) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "the cluster has no daemon '" + name + "', only " + state().daemons().keySet());
        }
        return id;
    }

    /** Stops everything; a second time does nothing. */
    public synchronized void stop() {
        if (Files.isDirectory(layout.directory())) {
            lastKnown = ClusterStop.stop(layout, state());
        }
    }

    /** Stops everything and removes the directory if it is the cluster's own. */
    public synchronized void stopAndClean() {
        if (Files.isDirectory(layout.directory())) {
            lastKnown = ClusterStop.stopAndClean(layout, state());
        }
    }
}
