package io.offcut.simulator.internal.batch;

import java.util.Arrays;

/**
 * Waiting jobs in the order of their numbers, which is that of arrival, indexed by what they need:
 * above blocks of 64 jobs lies a binary tree with the least slots and the shortest estimate below
 * each of its nodes, so that a search passes over whole stretches of jobs that cannot start. For
 * one thread.
 */
final class JobQueue {
    static final int NONE = -1;

    private static final int NOBODY = Integer.MAX_VALUE;
    private static final int ROOT = 1;

    private final BatchJobs jobs;
    private final long[] waiting;

    /** Of the tree: the children of node n are 2n and 2n + 1; blocks are the nodes from here on. */
    private final int leaves;

    private final int[] leastSlots;
    private final int[] shortest;

    /** Nobody waits in a block before it. */
    private int firstBlock;

    private int size;

    JobQueue(BatchJobs jobs) {
        this.jobs = jobs;
        int blocks = (jobs.size() + 63) >>> 6;
        this.waiting = new long[blocks];
        this.leaves = Math.max(1, Integer.highestOneBit(Math.max(1, 2 * blocks - 1)));
        this.leastSlots = new int[2 * leaves];
        this.shortest = new int[2 * leaves];
        Arrays.fill(leastSlots, NOBODY);
        Arrays.fill(shortest, NOBODY);
    }

    int size() {
        return size;
    }

    void add(int job) {
        int block = job >>> 6;
        waiting[block] |= 1L << job;
        firstBlock = size == 0 ? block : Math.min(firstBlock, block);
        size++;
        int slots = jobs.slots(job);
        int seconds = jobs.estimateSeconds(job);
        for (int node = leaves + block;
                node >= ROOT && (leastSlots[node] > slots || shortest[node] > seconds);
                node >>>= 1) {
            leastSlots[node] = Math.min(leastSlots[node], slots);
            shortest[node] = Math.min(shortest[node], seconds);
        }
    }

    void remove(int job) {
        int block = job >>> 6;
        waiting[block] &= ~(1L << job);
        size--;
        int node = leaves + block;
        if (leastSlots[node] == jobs.slots(job) || shortest[node] == jobs.estimateSeconds(job)) {
            recount(node, block);
        }
    }

    private void recount(int leaf, int block) {
        int slots = NOBODY;
        int seconds = NOBODY;
        for (long left = waiting[block]; left != 0; left &= left - 1) {
            int job = (block << 6) + Long.numberOfTrailingZeros(left);
            slots = Math.min(slots, jobs.slots(job));
            seconds = Math.min(seconds, jobs.estimateSeconds(job));
        }
        int node = leaf;
        while (leastSlots[node] != slots || shortest[node] != seconds) {
            leastSlots[node] = slots;
            shortest[node] = seconds;
            if (node == ROOT) {
                return;
            }
            slots = Math.min(slots, leastSlots[node ^ 1]);
            seconds = Math.min(seconds, shortest[node ^ 1]);
            node >>>= 1;
        }
    }

    /** The one that waits longest, or {@link #NONE}. */
    int first() {
        if (size == 0) {
            return NONE;
        }
        while (waiting[firstBlock] == 0) {
            firstBlock++;
        }
        return (firstBlock << 6) + Long.numberOfTrailingZeros(waiting[firstBlock]);
    }

    /** The one behind, which need not wait itself, or {@link #NONE}. */
    int after(int job) {
        return after(job, NOBODY - 1, NOBODY - 1, NOBODY - 1);
    }

    /**
     * The first behind a job, or {@link #NONE}, that takes at most {@code free} slots and is either
     * gone within {@code seconds} or takes at most {@code extra}.
     */
    int after(int job, int free, long seconds, int extra) {
        int block = (job + 1) >>> 6;
        if (block >= waiting.length) {
            return NONE;
        }
        int found = inBlock(block, waiting[block] & (-1L << (job + 1)), free, seconds, extra);
        for (int node = leaves + block; found == NONE; found = inLeaf(node, free, seconds, extra)) {
            node = nextLeaf(node, free, seconds, extra);
            if (node == NONE) {
                return NONE;
            }
        }
        return found;
    }

    private int inLeaf(int node, int free, long seconds, int extra) {
        int block = node - leaves;
        return inBlock(block, waiting[block], free, seconds, extra);
    }

    private int inBlock(int block, long candidates, int free, long seconds, int extra) {
        for (long left = candidates; left != 0; left &= left - 1) {
            int job = (block << 6) + Long.numberOfTrailingZeros(left);
            int slots = jobs.slots(job);
            if (slots <= free && (slots <= extra || jobs.estimateSeconds(job) <= seconds)) {
                return job;
            }
        }
        return NONE;
    }

    /** The next leaf below which, going by the two minima, there may be one. */
    private int nextLeaf(int leaf, int free, long seconds, int extra) {
        int node = leaf;
        do {
            while ((node & 1) == 1) {
                node >>>= 1;
            }
            if (node == 0) {
                return NONE;
            }
            node++;
            while (node < leaves && mayHold(node, free, seconds, extra)) {
                node <<= 1;
            }
        } while (!mayHold(node, free, seconds, extra));
        return node;
    }

    private boolean mayHold(int node, int free, long seconds, int extra) {
        int slots = leastSlots[node];
        return slots <= free && (slots <= extra || shortest[node] <= seconds);
    }
}
