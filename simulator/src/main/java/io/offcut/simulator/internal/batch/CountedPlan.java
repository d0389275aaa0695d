package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import io.offcut.simulator.internal.cluster.NodeSpace;
import org.jspecify.annotations.Nullable;

/**
 * A number of slots is all that decides when a job can start. Where nodes are known, a job is put
 * on some of them when it starts; which does not matter to any reservation. For one thread.
 */
final class CountedPlan extends Plan {
    private final FreeProfile profile;

    /** Null where nodes are not known. */
    private final @Nullable JobsOnNodes placed;

    CountedPlan(BatchJobs jobs, int slots) {
        super(jobs);
        this.profile = new FreeProfile(slots);
        this.placed = null;
    }

    /** Slots are cores, which jobs share, of these nodes. */
    CountedPlan(BatchJobs jobs, JobsOnNodes placed) {
        super(jobs);
        this.profile = new FreeProfile(placed.space().freeTotal());
        this.placed = placed;
    }

    @Override
    void moveTo(long nowMillis) {
        profile.moveTo(nowMillis);
    }

    @Override
    long reserve(long nowMillis, int job) {
        return take(
                job,
                profile.earliest(
                        jobs.slots(job), jobs.estimateMillis(job), nowMillis, NEVER, NEVER));
    }

    private long take(int job, long startMillis) {
        change(job, startMillis, -1);
        return startMillis;
    }

    private void change(int job, long startMillis, int sign) {
        if (startMillis != NEVER) {
            profile.add(
                    startMillis,
                    startMillis + jobs.estimateMillis(job),
                    (long) sign * jobs.slots(job));
        }
    }

    @Override
    long improve(long nowMillis, int job, long oldMillis, long beforeMillis) {
        long before = Math.min(oldMillis, beforeMillis);
        // From its own reservation on there is room for it.
        long found =
                profile.earliest(
                        jobs.slots(job), jobs.estimateMillis(job), nowMillis, before, oldMillis);
        if (found >= before) {
            return oldMillis;
        }
        giveBack(job, oldMillis);
        return take(job, found);
    }

    @Override
    void giveBack(int job, long startMillis) {
        change(job, startMillis, 1);
    }

    @Override
    long mostFree(long untilMillis) {
        return profile.mostFree(untilMillis);
    }

    @Override
    void started(long nowMillis, int job) {
        super.started(nowMillis, job);
        if (placed != null && jobs.estimateMillis(job) > 0) {
            Assignment where = placed.find(job);
            if (where == null) {
                throw new IllegalStateException(
                        "no room at its reservation for job " + jobs.number(job));
            }
            placed.put(job, where);
        }
    }

    @Override
    void ended(long nowMillis, int job) {
        profile.add(nowMillis, expectedEndMillis[job], upSlots(job));
        if (placed != null && jobs.estimateMillis(job) > 0) {
            placed.remove(job);
        }
    }

    @Override
    void longer(int job, long endMillis) {
        profile.add(expectedEndMillis[job], endMillis, -upSlots(job));
        expectedEndMillis[job] = endMillis;
    }

    /** Those of a running job that others can have after it. */
    private int upSlots(int job) {
        return placed == null || jobs.estimateMillis(job) == 0
                ? jobs.slots(job)
                : placed.space().upCores(placed.where(job));
    }

    /** What a node has and what its running jobs leave of it, as if it had never been there. */
    @Override
    void down(long nowMillis, int node, boolean down) {
        JobsOnNodes nodes = nodes();
        NodeSpace space = nodes.space();
        boolean was = space.isDown(node);
        space.down(node, down);
        if (space.isDown(node) == was) {
            return;
        }
        long sign = was ? 1 : -1;
        profile.add(nowMillis, NEVER, sign * space.cores(node));
        for (int job : nodes.jobsOn(node)) {
            profile.add(nowMillis, expectedEndMillis[job], -sign * nodes.where(job).coresOn(node));
        }
    }

    private JobsOnNodes nodes() {
        if (placed == null) {
            throw new IllegalStateException("nodes are not known");
        }
        return placed;
    }

    @Override
    int[] jobsOn(int node) {
        return nodes().jobsOn(node);
    }

    @Override
    @Nullable Assignment assignment(int job) {
        return placed == null ? null : placed.assignment(job);
    }

    @Override
    int downCores() {
        return placed == null ? 0 : placed.space().downCores();
    }
}
