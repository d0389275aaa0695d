package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import io.offcut.simulator.internal.cluster.FutureSpace;
import org.jspecify.annotations.Nullable;

/**
 * More than a number of free cores decides what fits: a job starts only where it can be placed.
 *
 * <ul>
 *   <li>A job fits if there are nodes for all its cores.
 *   <li>The shadow time of the first in the queue is the first expected end after which, all jobs
 *       expected to end by then taken off their nodes, it fits; if it fits after none because nodes
 *       are down, nobody is held back for it.
 *   <li>Behind it a job that does not end by then may start if the first still fits at the shadow
 *       time with it on the nodes that it takes now.
 * </ul>
 *
 * Where only cores decide, the schedule is that of counting. For one thread.
 */
final class PlacedRoom extends Room {
    private final BatchJobs jobs;
    private final JobsOnNodes placed;
    private final FutureSpace future;

    /** Whom the others leave room for, and whether counting is enough for that. */
    private int first;

    private boolean counted;

    PlacedRoom(BatchJobs jobs, JobsOnNodes placed) {
        this.jobs = jobs;
        this.placed = placed;
        this.future = new FutureSpace(placed.space());
        this.free = placed.space().freeTotal();
    }

    @Override
    boolean fits(int job) {
        return placed.space().isCounted(jobs.neededBytesPerCore(job))
                ? jobs.cores(job) <= free
                : placed.find(job) != null;
    }

    @Override
    boolean take(int job) {
        Assignment where = placed.find(job);
        if (where == null) {
            return false;
        }
        put(job, where);
        return true;
    }

    private void put(int job, Assignment where) {
        placed.put(job, where);
        free = placed.space().freeTotal();
    }

    @Override
    void give(int job) {
        placed.remove(job);
        free = placed.space().freeTotal();
    }

    @Override
    long shadowMillis(int head, RunningJobs running) {
        first = head;
        counted = placed.space().isCounted(jobs.neededBytesPerCore(head));
        if (counted) {
            long millis = running.timeOfFree(jobs.cores(head), free);
            extra = running.freeThen - jobs.cores(head);
            return millis;
        }
        extra = Integer.MAX_VALUE;
        return placedShadow(head, running);
    }

    private long placedShadow(int head, RunningJobs running) {
        future.reset(jobs.neededBytesPerCore(head));
        int at = 0;
        while (at < running.size()) {
            long end = running.endMillis(at);
            for (; at < running.size() && running.endMillis(at) == end; at++) {
                int job = running.job(at);
                future.give(placed.where(job), jobs.neededBytesPerCore(job));
            }
            if (future.usable() >= jobs.cores(head)) {
                return end;
            }
        }
        return Long.MAX_VALUE;
    }

    @Override
    boolean takeBeside(int job, boolean gone) {
        Assignment where = placed.find(job);
        if (where == null || !(gone || counted || leavesRoom(job, where))) {
            return false;
        }
        extra -= counted && !gone ? jobs.cores(job) : 0;
        future.keep(where);
        put(job, where);
        return true;
    }

    /** Whether the first fits at its shadow time beside the job; if not all is as before. */
    private boolean leavesRoom(int job, Assignment where) {
        long bytes = jobs.neededBytesPerCore(job);
        future.take(where, bytes);
        if (future.usable() >= jobs.cores(first)) {
            return true;
        }
        future.give(where, bytes);
        return false;
    }

    @Override
    void down(int node, boolean down) {
        placed.space().down(node, down);
        free = placed.space().freeTotal();
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
        return placed.space().downCores();
    }
}
