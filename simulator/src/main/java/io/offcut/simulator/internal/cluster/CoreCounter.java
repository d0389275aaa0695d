package io.offcut.simulator.internal.cluster;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.ClusterSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Occupancy without nodes, for simulations that do not ask where a job is. Where a scheduler places
 * jobs, what they hold is told by that.
 */
public final class CoreCounter implements Occupancy {
    private final int unit;
    private final ClusterSpec spec;
    private final boolean wholeNodes;

    /** By job: what it holds and computes on while it runs. */
    private final int[] usedBy;

    private final int[] heldBy;
    private int free;
    private int used;

    public CoreCounter(ClusterSpec spec, Allocation allocation, int jobs) {
        this.spec = spec;
        this.wholeNodes = allocation == Allocation.NODES;
        this.unit = wholeNodes ? spec.coresPerNode() : 1;
        this.free = spec.cores();
        this.usedBy = new int[jobs];
        this.heldBy = wholeNodes ? new int[jobs] : usedBy;
    }

    @Override
    public void place(int job, int cores, @Nullable Assignment where) {
        int usedNow = Math.min(cores, free);
        usedBy[job] = usedNow;
        if (wholeNodes) {
            heldBy[job] =
                    where == null
                            ? Math.min(Math.ceilDiv(usedNow, unit) * unit, free)
                            : held(where);
        }
        free -= heldBy[job];
        used += usedNow;
    }

    private int held(Assignment where) {
        int held = 0;
        for (int part = 0; part < where.parts(); part++) {
            held += spec.coresOf(where.node(part));
        }
        return held;
    }

    @Override
    public int coresHeld(int job) {
        return heldBy[job];
    }

    @Override
    public int coresUsed(int job) {
        return usedBy[job];
    }

    @Override
    public void remove(int job) {
        free += heldBy[job];
        used -= usedBy[job];
    }

    @Override
    public void down(int node, boolean down) {}

    @Override
    public int usedCores() {
        return used;
    }

    @Override
    public List<Node> takeChanged() {
        return List.of();
    }
}
