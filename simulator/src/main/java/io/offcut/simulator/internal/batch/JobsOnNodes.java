package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import io.offcut.simulator.internal.cluster.NodeSpace;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which job is on which nodes, what is free there, and, where nodes can be down, which jobs a node
 * has. For one thread.
 */
final class JobsOnNodes {
    private static final int[] NOBODY = {};

    private final BatchJobs jobs;
    private final NodeSpace space;
    private final @Nullable Assignment[] assignments;

    /** By node, in no order, the first so many of each; empty where nobody asks for it. */
    private final int[][] onNode;

    private final int[] counts;

    /**
     * @param asked whether {@link #jobsOn} will be called
     */
    JobsOnNodes(BatchJobs jobs, NodeSpace space, boolean asked) {
        this.jobs = jobs;
        this.space = space;
        this.assignments = new Assignment[jobs.size()];
        this.onNode = new int[asked ? space.nodes() : 0][];
        this.counts = new int[onNode.length];
        Arrays.fill(onNode, NOBODY);
    }

    NodeSpace space() {
        return space;
    }

    /** Where a job would go now; null if it does not fit. */
    @Nullable Assignment find(int job) {
        return space.find(jobs.cores(job), jobs.neededBytesPerCore(job));
    }

    /** A job starts. */
    void put(int job, Assignment where) {
        assignments[job] = where;
        space.take(where, jobs.neededBytesPerCore(job));
        for (int part = 0; part < where.parts() && onNode.length > 0; part++) {
            int node = where.node(part);
            if (counts[node] == onNode[node].length) {
                onNode[node] = Arrays.copyOf(onNode[node], Math.max(4, 2 * counts[node]));
            }
            onNode[node][counts[node]++] = job;
        }
    }

    /** A job has ended. Where it was is forgotten: of millions, few run at a time. */
    void remove(int job) {
        Assignment where = where(job);
        assignments[job] = null;
        space.give(where, jobs.neededBytesPerCore(job));
        for (int part = 0; part < where.parts() && onNode.length > 0; part++) {
            int node = where.node(part);
            int at = 0;
            while (onNode[node][at] != job) {
                at++;
            }
            onNode[node][at] = onNode[node][--counts[node]];
        }
    }

    /** Where a job is that runs. */
    Assignment where(int job) {
        Assignment where = assignments[job];
        if (where == null) {
            throw new IllegalStateException("job " + jobs.number(job) + " is on no node");
        }
        return where;
    }

    /** Where a job is; null if it does not run. */
    @Nullable Assignment assignment(int job) {
        return assignments[job];
    }

    /** Jobs that are on a node, in their order. */
    int[] jobsOn(int node) {
        int[] result = Arrays.copyOf(onNode[node], counts[node]);
        Arrays.sort(result);
        return result;
    }
}
