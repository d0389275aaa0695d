package io.offcut.simulator.internal.measure;

import io.offcut.simulator.Distribution;
import io.offcut.simulator.SimulationResult.IdleTimes;
import io.offcut.simulator.internal.cluster.Cluster;
import io.offcut.simulator.internal.cluster.Node;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * How long cores and whole nodes stay without a job. A core's interval lasts while no job holds it,
 * a node's while no job holds any of its cores; neither while the node is down. Intervals are cut
 * off at both ends of the simulation; what is free for no time at all is none. Takes eight bytes a
 * core. For one thread.
 */
public final class IdleIntervals {
    private static final int MILLIS = 1000;

    private final Cluster cluster;
    private final BitSet[] held;
    private final long[][] coreFreeSinceMillis;
    private final long[] nodeFreeSinceMillis;
    private final Distribution.Builder nodes = new Distribution.Builder(MILLIS);
    private final Distribution.Builder cores = new Distribution.Builder(MILLIS);

    /** Everything is free from now on. */
    public IdleIntervals(Cluster cluster, long nowMillis) {
        this.cluster = cluster;
        this.held = new BitSet[cluster.size()];
        this.coreFreeSinceMillis = new long[cluster.size()][];
        this.nodeFreeSinceMillis = new long[cluster.size()];
        Arrays.fill(nodeFreeSinceMillis, nowMillis);
        for (int index = 0; index < held.length; index++) {
            held[index] = new BitSet();
            coreFreeSinceMillis[index] = new long[cluster.node(index).cores()];
            Arrays.fill(coreFreeSinceMillis[index], nowMillis);
        }
    }

    /** Jobs of these nodes started or ended. */
    public void changed(long nowMillis, List<Node> changedNodes) {
        for (Node node : changedNodes) {
            changed(nowMillis, node);
        }
    }

    private void changed(long nowMillis, Node node) {
        BitSet before = held[node.index()];
        boolean wasFree = before.isEmpty();
        long[] freeSinceMillis = coreFreeSinceMillis[node.index()];
        for (int core = 0; core < freeSinceMillis.length; core++) {
            boolean isHeld = !node.isFree(core);
            if (isHeld && !before.get(core)) {
                add(cores, nowMillis - freeSinceMillis[core]);
            } else if (!isHeld && before.get(core)) {
                freeSinceMillis[core] = nowMillis;
            }
            before.set(core, isHeld);
        }
        if (wasFree && !before.isEmpty()) {
            add(nodes, nowMillis - nodeFreeSinceMillis[node.index()]);
        } else if (!wasFree && before.isEmpty()) {
            nodeFreeSinceMillis[node.index()] = nowMillis;
        }
    }

    private static void add(Distribution.Builder to, long millis) {
        if (millis > 0) {
            to.add(millis);
        }
    }

    /** The simulation is over: what is free is so up to now. */
    public IdleTimes finish(long nowMillis) {
        for (int index = 0; index < held.length; index++) {
            if (held[index].isEmpty()) {
                add(nodes, nowMillis - nodeFreeSinceMillis[index]);
            }
            for (int core = 0; core < cluster.node(index).cores(); core++) {
                if (!held[index].get(core)) {
                    add(cores, nowMillis - coreFreeSinceMillis[index][core]);
                }
            }
        }
        return new IdleTimes(nodes.build(), cores.build());
    }
}
