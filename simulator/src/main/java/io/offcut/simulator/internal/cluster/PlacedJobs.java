package io.offcut.simulator.internal.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Jobs on the nodes of a cluster. For one thread. */
public final class PlacedJobs implements Occupancy {
    private final Cluster cluster;
    private final @Nullable Placement[] placements;

    public PlacedJobs(Cluster cluster, int jobs) {
        this.cluster = cluster;
        this.placements = new Placement[jobs];
    }

    @Override
    public void place(int job, int cores, @Nullable Assignment where) {
        placements[job] = cluster.place(cores, where);
    }

    /** Where a job is that was placed and not removed. */
    public Placement placement(int job) {
        Placement placement = placements[job];
        if (placement == null) {
            throw new IllegalStateException("job at " + job + " is not on the machine");
        }
        return placement;
    }

    @Override
    public int coresHeld(int job) {
        return placement(job).coresHeld();
    }

    @Override
    public int coresUsed(int job) {
        return placement(job).coresUsed();
    }

    @Override
    public void remove(int job) {
        cluster.remove(placement(job));
        placements[job] = null;
    }

    @Override
    public void down(int node, boolean down) {
        cluster.down(node, down);
    }

    @Override
    public int usedCores() {
        return cluster.usedCores();
    }

    @Override
    public List<Node> takeChanged() {
        return cluster.takeChanged();
    }
}
