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
 * at which some node has more, and none matters at which all nodes together have too little. For
 * one thread.
 */
final class NodePlan extends Plan {
    private final JobsOnNodes placed;
    private final NodeSpace space;

    /** Of all nodes, those that are down among them. */
    private final FreeProfile total;

    private final FreeProfile[] cores;

    /** Empty where jobs hold whole nodes: then nobody else is there to want it. */
    private final FreeProfile[] bytes;

    /** Of jobs that wait and have a reservation. */
    private final @Nullable Assignment[] reserved;

    NodePlan(BatchJobs jobs, JobsOnNodes placed) {
        super(jobs);
        this.placed = placed;
        this.space = placed.space();
        this.total = new FreeProfile(space.freeTotal());
        this.cores = new FreeProfile[space.nodes()];
        this.bytes = new FreeProfile[space.isWhole() ? 0 : cores.length];
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
        total.moveTo(nowMillis);
    }

    @Override
    long reserve(long nowMillis, int job) {
        long found = find(nowMillis, job, nowMillis, NEVER);
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
        long found = find(nowMillis, job, from, before);
        if (found >= before) {
            reserved[job] = old;
            found = oldMillis;
        }
        take(job, found);
        return found;
    }

    /** The earliest start and, in {@link #reserved}, its nodes; {@code beforeMillis} for none. */
    private long find(long nowMillis, int job, long fromMillis, long beforeMillis) {
        long length = jobs.estimateMillis(job);
        long at = fromMillis;
        while (at < beforeMillis) {
            at = total.earliest(jobs.cores(job), length, at, beforeMillis, NEVER);
            if (at < beforeMillis) {
                Assignment where = fit(nowMillis, job, at, at + length);
                if (where != null) {
                    reserved[job] = where;
                    return at;
                }
                at = moreFreeFrom(job, at, at + length);
            }
        }
        return beforeMillis;
    }

    private @Nullable Assignment fit(long nowMillis, int job, long fromMillis, long toMillis) {
        long bytesPerCore = jobs.neededBytesPerCore(job);
        Assignment.Builder where = new Assignment.Builder();
        int missing = jobs.cores(job);
        for (int node = 0; node < cores.length && missing > 0; node++) {
            cores[node].moveTo(nowMillis);
            int free = (int) cores[node].leastFree(fromMillis, toMillis);
            int here = Math.min(missing, space.usable(node, bytesPerCore, free, space.bytes(node)));
            if (here > 0 && bytes.length > 0 && bytesPerCore > 0) {
                bytes[node].moveTo(nowMillis);
                long bytesFree = bytes[node].leastFree(fromMillis, toMillis);
                here = Math.min(here, space.usable(node, bytesPerCore, free, bytesFree));
            }
            if (here > 0) {
                where.add(node, here);
                missing -= here;
            }
        }
        return missing > 0 ? null : where.build();
    }

    /** Before that no node has more for the job. */
    private long moreFreeFrom(int job, long fromMillis, long toMillis) {
        boolean needsBytes = bytes.length > 0 && jobs.neededBytesPerCore(job) > 0;
        long next = NEVER;
        for (int node = 0; node < cores.length; node++) {
            if (!space.isDown(node)) {
                next = Math.min(next, cores[node].moreFreeFrom(fromMillis, toMillis));
                if (needsBytes) {
                    next = Math.min(next, bytes[node].moreFreeFrom(fromMillis, toMillis));
                }
            }
        }
        return next;
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
            cores[node].add(fromMillis, toMillis, sign * held);
            if (bytes.length > 0) {
                long heldBytes = space.heldBytes(node, used, jobs.neededBytesPerCore(job));
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
