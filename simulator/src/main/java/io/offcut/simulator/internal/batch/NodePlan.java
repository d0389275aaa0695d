package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import io.offcut.simulator.internal.cluster.NodeSpace;
import org.jspecify.annotations.Nullable;

/**
 * Where more than a number of cores decides, a reservation is of nodes: the job starts on those it
 * reserved, and until its expected end nobody else has of them what it takes. What is free is known
 * node by node. The earliest start is the first time from which the nodes, each by the least that
 * it has free for as long, have room for all cores of the job; it takes them first fit, in the
 * order of the nodes.
 *
 * <p>Times are not tried one by one: where a job does not fit, the next that matters is the first
 * at which some node has more, and none matters at which all nodes together have too little; and
 * there only those nodes are looked at again that have more or less by then. For one thread.
 */
final class NodePlan extends Plan {
    private final JobsOnNodes placed;
    private final NodeSpace space;

    /** Of all nodes, those that are down among them. */
    private final FreeProfile total;

    private final FreeProfile[] cores;

    /** Empty where jobs hold whole nodes: then nobody else is there to want it. */
    private final FreeProfile[] bytes;

    /** Cores of each node for the job that is looked for, from the time that was tried last. */
    private final int[] usable;

    /** When each may have more. */
    private final long[] moreMillis;

    /** When each may have more or less. */
    private final long[] changeMillis;

    /** What was before is forgotten where something changes. */
    private long movedToMillis;

    /** Of jobs that wait and have a reservation. */
    private final @Nullable Assignment[] reserved;

    NodePlan(BatchJobs jobs, JobsOnNodes placed) {
        super(jobs);
        this.placed = placed;
        this.space = placed.space();
        this.total = new FreeProfile(space.freeTotal());
        this.cores = new FreeProfile[space.nodes()];
        this.bytes = new FreeProfile[space.isWhole() ? 0 : cores.length];
        this.usable = new int[cores.length];
        this.moreMillis = new long[cores.length];
        this.changeMillis = new long[cores.length];
        this.reserved = new Assignment[jobs.size()];
        for (int node = 0; node < cores.length; node++) {
            cores[node] = new FreeProfile(space.cores(node));
        }
        for (int node = 0; node < bytes.length; node++) {
            bytes[node] = new FreeProfile(space.bytes(node));
        }
    }

    @Override
    void moveTo(long nowMillis) {
        movedToMillis = nowMillis;
        total.moveTo(nowMillis);
    }

    @Override
    long reserve(long nowMillis, int job) {
        long found = find(job, nowMillis, NEVER);
        take(job, found);
        return found;
    }

    @Override
    long improve(long nowMillis, int job, long oldMillis, long beforeMillis) {
        long before = Math.min(oldMillis, beforeMillis);
        // From its own reservation on there is room for it.
        long from =
                total.earliest(
                        jobs.cores(job), jobs.estimateMillis(job), nowMillis, before, oldMillis);
        if (from >= before) {
            return oldMillis;
        }
        Assignment old = reserved[job];
        giveBack(job, oldMillis);
        long found = find(job, from, before);
        if (found >= before) {
            reserved[job] = old;
            found = oldMillis;
        }
        take(job, found);
        return found;
    }

    /** The earliest start and, in {@link #reserved}, its nodes; {@code beforeMillis} for none. */
    private long find(int job, long fromMillis, long beforeMillis) {
        int wanted = jobs.cores(job);
        long length = jobs.estimateMillis(job);
        long at = total.earliest(wanted, length, fromMillis, beforeMillis, NEVER);
        for (boolean first = true; at < beforeMillis; first = false) {
            if (fits(job, at, first)) {
                reserved[job] = firstFit(wanted);
                return at;
            }
            long next = total.earliest(wanted, length, nextMoreMillis(), beforeMillis, NEVER);
            if (next < beforeMillis) {
                lookForLess(job, at, first);
            }
            at = next;
        }
        return beforeMillis;
    }

    /**
     * Whether there is room for a job, by looking at those nodes that can have changed since the
     * time that was tried before.
     *
     * @param first whether none was
     */
    private boolean fits(int job, long fromMillis, boolean first) {
        int missing = jobs.cores(job);
        for (int node = 0; node < usable.length && missing > 0; node++) {
            if (first || changeMillis[node] <= fromMillis) {
                usable[node] = usable(node, job, fromMillis);
            }
            missing -= usable[node];
        }
        for (int node = 0; node < usable.length && missing > 0; node++) {
            if (first || changeMillis[node] <= fromMillis) {
                moreMillis[node] = moreMillis(node, job, fromMillis);
            }
        }
        return missing <= 0;
    }

    private int usable(int node, int job, long fromMillis) {
        long bytesPerCore = jobs.neededBytesPerCore(job);
        long toMillis = fromMillis + jobs.estimateMillis(job);
        int free = (int) cores[node].leastFree(fromMillis, toMillis);
        long bytesFree = space.bytes(node);
        if (free > 0 && needsBytes(job)) {
            bytesFree = bytes[node].leastFree(fromMillis, toMillis);
        }
        return Math.max(0, space.usable(node, bytesPerCore, free, bytesFree));
    }

    private long moreMillis(int node, int job, long fromMillis) {
        if (space.isDown(node)) {
            return NEVER;
        }
        long toMillis = fromMillis + jobs.estimateMillis(job);
        long more = cores[node].moreFreeFrom(fromMillis, toMillis);
        return needsBytes(job)
                ? Math.min(more, bytes[node].moreFreeFrom(fromMillis, toMillis))
                : more;
    }

    /** Of the nodes that were looked at for this time: until when they have as much. */
    private void lookForLess(int job, long fromMillis, boolean first) {
        long toMillis = fromMillis + jobs.estimateMillis(job);
        for (int node = 0; node < usable.length; node++) {
            if (first || changeMillis[node] <= fromMillis) {
                long less = cores[node].lessFreeFrom(fromMillis, toMillis);
                if (needsBytes(job)) {
                    less = Math.min(less, bytes[node].lessFreeFrom(fromMillis, toMillis));
                }
                changeMillis[node] = Math.min(moreMillis[node], less);
            }
        }
    }

    private boolean needsBytes(int job) {
        return bytes.length > 0 && jobs.neededBytesPerCore(job) > 0;
    }

    /** Before that no node has more for the job. */
    private long nextMoreMillis() {
        long next = NEVER;
        for (long more : moreMillis) {
            next = Math.min(next, more);
        }
        return next;
    }

    private Assignment firstFit(int wanted) {
        Assignment.Builder where = new Assignment.Builder();
        int missing = wanted;
        for (int node = 0; missing > 0; node++) {
            int here = Math.min(missing, usable[node]);
            if (here > 0) {
                where.add(node, here);
                missing -= here;
            }
        }
        return where.build();
    }

    private void take(int job, long startMillis) {
        if (startMillis != NEVER) {
            long endMillis = startMillis + jobs.estimateMillis(job);
            change(job, reserved(job), startMillis, endMillis, -1);
        }
    }

    @Override
    void giveBack(int job, long startMillis) {
        if (startMillis != NEVER) {
            long endMillis = startMillis + jobs.estimateMillis(job);
            change(job, reserved(job), startMillis, endMillis, 1);
            reserved[job] = null;
        }
    }

    private Assignment reserved(int job) {
        Assignment where = reserved[job];
        if (where == null) {
            throw new IllegalStateException("job " + jobs.number(job) + " has no reservation");
        }
        return where;
    }

    private void change(int job, Assignment where, long fromMillis, long toMillis, int sign) {
        long all = 0;
        for (int part = 0; part < where.parts(); part++) {
            int node = where.node(part);
            int used = where.cores(part);
            long held = space.held(node, used);
            all += held;
            cores[node].moveTo(movedToMillis);
            cores[node].add(fromMillis, toMillis, sign * held);
            if (bytes.length > 0) {
                long heldBytes = space.heldBytes(node, used, jobs.neededBytesPerCore(job));
                bytes[node].moveTo(movedToMillis);
                bytes[node].add(fromMillis, toMillis, sign * heldBytes);
            }
        }
        total.add(fromMillis, toMillis, sign * all);
    }

    @Override
    long mostFree(long untilMillis) {
        return total.mostFree(untilMillis);
    }

    @Override
    void started(long nowMillis, int job) {
        super.started(nowMillis, job);
        if (jobs.estimateMillis(job) > 0) {
            placed.put(job, reserved(job));
        }
        reserved[job] = null;
    }

    @Override
    void ended(long nowMillis, int job) {
        if (jobs.estimateMillis(job) > 0) {
            change(job, placed.where(job), nowMillis, expectedEndMillis[job], 1);
            placed.remove(job);
        }
    }

    @Override
    void longer(int job, long endMillis) {
        change(job, placed.where(job), expectedEndMillis[job], endMillis, -1);
        expectedEndMillis[job] = endMillis;
    }

    @Override
    void down(long nowMillis, int node, boolean down) {
        space.down(node, down);
    }

    @Override
    int[] jobsOn(int node) {
        return placed.jobsOn(node);
    }

    @Override
    @Nullable Assignment assignment(int job) {
        return placed.assignment(job);
    }

    @Override
    int downCores() {
        return space.downCores();
    }
}
