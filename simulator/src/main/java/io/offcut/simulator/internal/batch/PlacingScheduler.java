package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import io.offcut.simulator.internal.cluster.FutureSpace;
import io.offcut.simulator.internal.cluster.NodeSpace;
import org.jspecify.annotations.Nullable;

/**
 * First come, first served and EASY for machines on which not only the number of free cores decides
 * what fits: a job starts only where it can be placed. The rules are those of {@link FcfsScheduler}
 * and {@link EasyScheduler}, with these in the place of counting:
 *
 * <ul>
 *   <li>a job fits if the {@link NodeSpace} finds nodes for all its cores;
 *   <li>the shadow time of the first in the queue is the first expected end after which, all jobs
 *       expected to end by then taken off their nodes, it fits; if it fits after none because nodes
 *       are down, nobody is held back for it;
 *   <li>behind it a job that does not end by then may start if the first still fits at the shadow
 *       time with it on the nodes that it takes now.
 * </ul>
 *
 * Where only cores decide, the schedule is that of counting.
 */
public final class PlacingScheduler implements BatchScheduler {
    /** When it looks at its queue, and whether anybody overtakes. */
    public enum Rule {
        FCFS,
        EASY_PER_EVENT,
        EASY_PER_INSTANT
    }

    private final BatchJobs jobs;
    private final Actions actions;
    private final Rule rule;
    private final NodeSpace space;
    private final FutureSpace future;
    private final JobQueue queue;
    private final RunningJobs running = new RunningJobs();
    private final @Nullable Assignment[] assignments;
    private final long[] expectedEndMillis;

    public PlacingScheduler(BatchJobs jobs, NodeSpace space, Actions actions, Rule rule) {
        this.jobs = jobs;
        this.actions = actions;
        this.rule = rule;
        this.space = space;
        this.future = new FutureSpace(space);
        this.queue = new JobQueue(jobs);
        this.assignments = new Assignment[jobs.size()];
        this.expectedEndMillis = new long[jobs.size()];
    }

    @Override
    public void submitted(long nowMillis, int job) {
        queue.add(job);
        release(nowMillis);
        if (rule == Rule.FCFS || (rule == Rule.EASY_PER_EVENT && fits(job))) {
            pass(nowMillis);
        }
    }

    @Override
    public void ended(long nowMillis, int job) {
        release(nowMillis);
        takeOff(job);
        if (rule != Rule.EASY_PER_INSTANT) {
            pass(nowMillis);
        }
    }

    @Override
    public void slower(long nowMillis, int job, long endMillis) {
        if (endMillis > expectedEndMillis[job]) {
            int slots = running.remove(job, expectedEndMillis[job]);
            expectedEndMillis[job] = endMillis;
            running.add(job, slots, endMillis);
        }
    }

    @Override
    public void killed(long nowMillis, int job, boolean requeue) {
        takeOff(job);
        if (requeue) {
            queue.add(job);
        }
    }

    @Override
    public void instantOver(long nowMillis) {
        if (rule == Rule.EASY_PER_INSTANT) {
            release(nowMillis);
            pass(nowMillis);
        }
    }

    @Override
    public void nodesChanged(long nowMillis) {
        release(nowMillis);
        if (rule != Rule.EASY_PER_INSTANT) {
            pass(nowMillis);
        }
    }

    @Override
    public void down(int node, boolean down) {
        space.down(node, down);
    }

    @Override
    public int downCores() {
        return space.downCores();
    }

    @Override
    public @Nullable Assignment assignment(int job) {
        return assignments[job];
    }

    private @Nullable Assignment find(int job) {
        return space.find(jobs.cores(job), jobs.neededBytesPerCore(job));
    }

    private boolean fits(int job) {
        return space.isCounted(jobs.neededBytesPerCore(job))
                ? jobs.cores(job) <= space.freeTotal()
                : find(job) != null;
    }

    private void release(long nowMillis) {
        while (running.size() > 0 && running.endMillis(0) <= nowMillis) {
            giveBack(running.job(0));
            running.removeFirst();
        }
    }

    private void takeOff(int job) {
        if (running.remove(job, expectedEndMillis[job]) > 0) {
            giveBack(job);
        }
    }

    private void giveBack(int job) {
        space.give(placed(job), jobs.neededBytesPerCore(job));
    }

    private Assignment placed(int job) {
        Assignment where = assignments[job];
        if (where == null) {
            throw new IllegalStateException("job " + jobs.number(job) + " is on no node");
        }
        return where;
    }

    private void start(long nowMillis, int job, Assignment where, boolean overtaking) {
        queue.remove(job);
        assignments[job] = where;
        space.take(where, jobs.neededBytesPerCore(job));
        expectedEndMillis[job] = nowMillis + jobs.estimateMillis(job);
        running.add(job, jobs.cores(job), expectedEndMillis[job]);
        actions.start(job, overtaking);
    }

    private void pass(long nowMillis) {
        int head = queue.first();
        while (head != JobQueue.NONE) {
            Assignment where = find(head);
            if (where == null) {
                break;
            }
            start(nowMillis, head, where, false);
            head = queue.first();
        }
        if (head != JobQueue.NONE && rule != Rule.FCFS && space.freeTotal() > 0) {
            backfill(nowMillis, head);
        }
    }

    private void backfill(long nowMillis, int head) {
        boolean counted = space.isCounted(jobs.neededBytesPerCore(head));
        long shadowMillis = counted ? countedShadow(head) : placedShadow(head);
        long seconds =
                shadowMillis == Long.MAX_VALUE
                        ? Long.MAX_VALUE
                        : Math.floorDiv(shadowMillis - nowMillis, 1000L);
        int extra = counted ? running.freeThen - jobs.cores(head) : Integer.MAX_VALUE;
        for (int job = behind(head, seconds, extra);
                job != JobQueue.NONE;
                job = behind(job, seconds, extra)) {
            Assignment where = find(job);
            boolean gone = jobs.estimateSeconds(job) <= seconds;
            if (where == null || !(gone || counted || leavesRoom(head, job, where))) {
                continue;
            }
            extra -= counted && !gone ? jobs.cores(job) : 0;
            future.keep(where);
            start(nowMillis, job, where, true);
        }
    }

    private int behind(int job, long seconds, int extra) {
        return queue.after(job, space.freeTotal(), seconds, extra);
    }

    private long countedShadow(int head) {
        return running.timeOfFree(jobs.cores(head), space.freeTotal());
    }

    private long placedShadow(int head) {
        future.reset(jobs.neededBytesPerCore(head));
        int at = 0;
        while (at < running.size()) {
            long end = running.endMillis(at);
            for (; at < running.size() && running.endMillis(at) == end; at++) {
                int job = running.job(at);
                future.give(placed(job), jobs.neededBytesPerCore(job));
            }
            if (future.usable() >= jobs.cores(head)) {
                return end;
            }
        }
        return Long.MAX_VALUE;
    }

    /** Whether the first fits at its shadow time beside the job; if not all is as before. */
    private boolean leavesRoom(int head, int job, Assignment where) {
        long bytes = jobs.neededBytesPerCore(job);
        future.take(where, bytes);
        if (future.usable() >= jobs.cores(head)) {
            return true;
        }
        future.give(where, bytes);
        return false;
    }
}
