package io.offcut.simulator.internal.cluster;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.ClusterSpec;
import java.util.List;

/** Occupancy without nodes, for simulations that do not ask where a job is. */
public final class CoreCounter implements Occupancy {
    private final int unit;
    private int free;
    private int used;

    public CoreCounter(ClusterSpec spec, Allocation allocation) {
        this.unit = allocation == Allocation.NODES ? spec.coresPerNode() : 1;
        this.free = spec.cores();
    }

    @Override
    public Placement place(int cores, long memoryBytesPerCore) {
        int usedNow = Math.min(cores, free);
        Placement placement = new Placement();
        placement.count(Math.ceilDiv(usedNow, unit) * unit, usedNow);
        free -= placement.coresHeld();
        used += usedNow;
        return placement;
    }

    @Override
    public void remove(Placement placement, long nowMillis) {
        free += placement.coresHeld();
        used -= placement.coresUsed();
    }

    @Override
    public int usedCores() {
        return used;
    }

    @Override
    public List<Node> takeChanged() {
        return List.of();
    }
}
