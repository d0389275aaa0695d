package io.offcut.simulator.internal.measure;

import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.cluster.Cluster;
import io.offcut.simulator.internal.cluster.Node;
import io.offcut.simulator.internal.cluster.Placement;
import java.util.Arrays;

/**
 * How much memory of each node no job holds, and how much none fills, over time. Counted node by
 * node: jobs that asked for more than their node has leave nothing there, and take nothing from
 * what other nodes have free. A node that is down has none. For one thread.
 */
public final class FreeMemory {
    private final BatchJobs jobs;
    private final Cluster cluster;
    private final boolean wholeNodes;
    private final long[] heldBytes;
    private final long[] filledBytes;
    private final long[] sinceMillis;

    /** Of how many outages each node is part now. */
    private final int[] outages;

    private final MemoryTime[] unheld;
    private final MemoryTime[] unfilled;

    /**
     * What was free in all, in byte-seconds.
     *
     * @param unheld no job asked for it, or had it with its cores
     * @param unfilled nothing of a job was resident in it, as far as that was measured
     */
    public record Total(double unheld, double unfilled) {}

    /**
     * Everything is free from now on.
     *
     * @param wholeNodes whether a job holds all memory of its nodes
     */
    public FreeMemory(BatchJobs jobs, Cluster cluster, boolean wholeNodes, long nowMillis) {
        this.jobs = jobs;
        this.cluster = cluster;
        this.wholeNodes = wholeNodes;
        this.heldBytes = new long[cluster.size()];
        this.filledBytes = new long[cluster.size()];
        this.outages = new int[cluster.size()];
        this.sinceMillis = new long[cluster.size()];
        Arrays.fill(sinceMillis, nowMillis);
        this.unheld = new MemoryTime[cluster.size()];
        this.unfilled = new MemoryTime[cluster.size()];
        Arrays.setAll(unheld, node -> new MemoryTime());
        Arrays.setAll(unfilled, node -> new MemoryTime());
    }

    /** A job took its nodes. */
    public void jobStarted(long nowMillis, int job, Placement placement) {
        change(nowMillis, job, placement, 1);
    }

    /** A job left its nodes. */
    public void jobEnded(long nowMillis, int job, Placement placement) {
        change(nowMillis, job, placement, -1);
    }

    private void change(long nowMillis, int job, Placement placement, int sign) {
        for (Placement.Part part : placement.parts()) {
            Node node = part.node();
            count(nowMillis, node.index());
            long share = node.memoryBytes() / node.cores();
            long held = wholeNodes ? node.memoryBytes() : part.used() * held(job, node, share);
            heldBytes[node.index()] += held * sign;
            long filled = Math.min(jobs.usedBytesPerCore(job, share), node.memoryBytes());
            filledBytes[node.index()] += filled * part.used() * sign;
        }
    }

    private long held(int job, Node node, long share) {
        return Math.min(jobs.heldBytesPerCore(job, share), node.memoryBytes());
    }

    /** An outage of a node begins or ends. */
    public void down(long nowMillis, int node, boolean down) {
        count(nowMillis, node);
        outages[node] += down ? 1 : -1;
    }

    private void count(long nowMillis, int node) {
        long millis = nowMillis - sinceMillis[node];
        sinceMillis[node] = nowMillis;
        if (outages[node] == 0) {
            long bytes = cluster.node(node).memoryBytes();
            unheld[node].add(Math.max(0, bytes - heldBytes[node]), millis);
            unfilled[node].add(Math.max(0, bytes - filledBytes[node]), millis);
        }
    }

    /** The simulation is over. */
    public Total finish(long nowMillis) {
        double unheldByteSeconds = 0;
        double unfilledByteSeconds = 0;
        for (int node = 0; node < unheld.length; node++) {
            count(nowMillis, node);
            unheldByteSeconds += unheld[node].byteSeconds();
            unfilledByteSeconds += unfilled[node].byteSeconds();
        }
        return new Total(unheldByteSeconds, unfilledByteSeconds);
    }
}
