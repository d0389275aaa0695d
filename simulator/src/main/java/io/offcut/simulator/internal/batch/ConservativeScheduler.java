package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import org.jspecify.annotations.Nullable;

/**
 * Conservative backfilling (Mu'alem and Feitelson, IEEE TPDS 12(6), 2001): every job that waits has
 * a reservation, and a job may overtake if that delays none of them. At each instant, once all its
 * submissions and ends are known:
 *
 * <ol>
 *   <li>If a node went down, or a running job is expected to end later than it was, all
 *       reservations are given back, and taken anew in order of arrival.
 *   <li>Else, if a job ended before it was expected to or a node came back, the schedule is
 *       compressed: each job that waits, in order of arrival, gives its reservation back and takes
 *       the earliest one there is then. That is one pass; none becomes later.
 *   <li>Each new job, in order of arrival, takes the earliest reservation that fits between those
 *       there are.
 *   <li>Jobs whose reservation is now start.
 * </ol>
 *
 * <p>A job that fits on none of the nodes that are up has no reservation until one comes back.
 *
 * <p>A pass looks only at what can have changed: room grows by an early end up to the expected one,
 * and by a job that moves up to the end of its old reservation. A job can only move to a time
 * before the last of these, in front of its own, and only if so many slots are free at all there.
 */
final class ConservativeScheduler implements BatchScheduler {
    private final BatchJobs jobs;
    private final Actions actions;
    private final JobQueue queue;
    private final Plan plan;
    private final Reservations reservations;
    private int firstNew;
    private int endNew;
    private boolean roomGrew;
    private boolean roomShrank;

    /** Nothing was given back at or behind this time since all jobs were last looked at. */
    private long grownUntilMillis = Long.MIN_VALUE;

    ConservativeScheduler(BatchJobs jobs, Plan plan, Actions actions) {
        this.jobs = jobs;
        this.actions = actions;
        this.queue = new JobQueue(jobs);
        this.plan = plan;
        this.reservations = new Reservations(jobs.size());
    }

    @Override
    public void submitted(long nowMillis, int job) {
        endNew = job + 1;
    }

    @Override
    public void ended(long nowMillis, int job) {
        if (plan.expectedEndMillis[job] > nowMillis) {
            grewUntil(plan.expectedEndMillis[job]);
        }
        plan.ended(nowMillis, job);
    }

    private void grewUntil(long untilMillis) {
        grownUntilMillis = Math.max(grownUntilMillis, untilMillis);
        roomGrew = true;
    }

    @Override
    public void slower(long nowMillis, int job, long endMillis) {
        if (endMillis > plan.expectedEndMillis[job]) {
            plan.longer(job, endMillis);
            roomShrank = true;
        }
    }

    @Override
    public void killed(long nowMillis, int job, boolean requeue) {
        plan.ended(nowMillis, job);
        if (requeue) {
            queue.add(job);
        }
    }

    @Override
    public void down(long nowMillis, int node, boolean down) {
        plan.moveTo(nowMillis);
        plan.down(nowMillis, node, down);
        if (down) {
            roomShrank = true;
        } else {
            grewUntil(Long.MAX_VALUE);
        }
    }

    private void reserveAllAnew(long nowMillis) {
        for (int job = queue.first(); job != JobQueue.NONE; job = queue.after(job)) {
            plan.giveBack(job, reservations.startMillis(job));
        }
        for (int job = queue.first(); job != JobQueue.NONE; job = queue.after(job)) {
            reservations.set(job, plan.reserve(nowMillis, job));
        }
        grownUntilMillis = Long.MIN_VALUE;
    }

    @Override
    public void instantOver(long nowMillis) {
        plan.moveTo(nowMillis);
        if (roomShrank) {
            reserveAllAnew(nowMillis);
        } else if (roomGrew) {
            compress(nowMillis);
        }
        roomShrank = false;
        roomGrew = false;
        for (; firstNew < endNew; firstNew++) {
            queue.add(firstNew);
            reservations.set(firstNew, plan.reserve(nowMillis, firstNew));
        }
        startDue(nowMillis);
    }

    private void compress(long nowMillis) {
        long untilMillis = grownUntilMillis;
        grownUntilMillis = Long.MIN_VALUE;
        int most = mostFree(untilMillis);
        for (int job = queue.first(); job != JobQueue.NONE; job = next(job, most)) {
            long old = reservations.startMillis(job);
            long found = plan.improve(nowMillis, job, old, untilMillis);
            if (found < old) {
                reservations.set(job, found);
                if (old != Plan.NEVER) {
                    // Those behind it see the room that it left now, those in front the next time.
                    long oldEnd = old + jobs.estimateMillis(job);
                    grownUntilMillis = Math.max(grownUntilMillis, oldEnd);
                    untilMillis = Math.max(untilMillis, oldEnd);
                    most = mostFree(untilMillis);
                }
            }
        }
    }

    private int mostFree(long untilMillis) {
        return (int) Math.max(0, plan.mostFree(untilMillis));
    }

    private int next(int job, int free) {
        return queue.after(job, free, Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    private void startDue(long nowMillis) {
        for (int job = reservations.takeDue(nowMillis);
                job != Reservations.NONE;
                job = reservations.takeDue(nowMillis)) {
            boolean overtaking = queue.first() != job;
            queue.remove(job);
            plan.started(nowMillis, job);
            actions.start(job, overtaking);
        }
    }

    @Override
    public long nextWakeMillis() {
        return reservations.nextMillis();
    }

    /** When a waiting job is to start at the latest; {@code Long.MAX_VALUE} for no promise. */
    long reservedMillis(int job) {
        return reservations.startMillis(job);
    }

    @Override
    public int[] jobsOn(int node) {
        return plan.jobsOn(node);
    }

    @Override
    public @Nullable Assignment assignment(int job) {
        return plan.assignment(job);
    }

    @Override
    public int downCores() {
        return plan.downCores();
    }
}
