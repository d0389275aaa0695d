package io.offcut.simulator.internal.batch;

/**
 * Conservative backfilling (Mu'alem and Feitelson, IEEE TPDS 12(6), 2001): every job that waits has
 * a reservation, and a job may overtake if that delays none of them. At each instant, once all its
 * submissions and ends are known:
 *
 * <ol>
 *   <li>If a job ended before it was expected to, the schedule is compressed: each job that waits,
 *       in order of arrival, gives its reservation back and takes the earliest one there is then.
 *       That is one pass; none becomes later.
 *   <li>Each new job, in order of arrival, takes the earliest reservation that fits between those
 *       there are.
 *   <li>Jobs whose reservation is now start.
 * </ol>
 *
 * <p>A pass looks only at what can have changed: room grows by an early end up to the expected one,
 * and by a job that moves up to the end of its old reservation. A job can only move to a time
 * before the last of these, in front of its own, and only if so many slots are free at all there.
 */
public final class ConservativeScheduler implements BatchScheduler {
    private final BatchJobs jobs;
    private final Actions actions;
    private final JobQueue queue;
    private final FreeProfile profile;
    private final Reservations reservations;
    private final long[] expectedEndMillis;
    private int firstNew;
    private int endNew;
    private boolean endedEarly;
    private boolean runsLonger;

    /** Nothing was given back at or behind this time since all jobs were last looked at. */
    private long grownUntilMillis = Long.MIN_VALUE;

    public ConservativeScheduler(BatchJobs jobs, int slots, Actions actions) {
        this.jobs = jobs;
        this.actions = actions;
        this.queue = new JobQueue(jobs);
        this.profile = new FreeProfile(slots);
        this.reservations = new Reservations(jobs.size());
        this.expectedEndMillis = new long[jobs.size()];
    }

    @Override
    public void submitted(long nowMillis, int job) {
        endNew = job + 1;
    }

    @Override
    public void ended(long nowMillis, int job) {
        if (expectedEndMillis[job] > nowMillis) {
            profile.add(nowMillis, expectedEndMillis[job], jobs.slots(job));
            grownUntilMillis = Math.max(grownUntilMillis, expectedEndMillis[job]);
            endedEarly = true;
        }
    }

    /**
     * Reservations may not hold any more: all are given back, and taken anew in order of arrival.
     */
    @Override
    public void slower(long nowMillis, int job, long endMillis) {
        if (endMillis > expectedEndMillis[job]) {
            profile.add(expectedEndMillis[job], endMillis, -jobs.slots(job));
            expectedEndMillis[job] = endMillis;
            runsLonger = true;
        }
    }

    private void reserveAllAnew(long nowMillis) {
        for (int job = queue.first(); job != JobQueue.NONE; job = next(job, Integer.MAX_VALUE)) {
            long old = reservations.startMillis(job);
            profile.add(old, old + jobs.estimateMillis(job), jobs.slots(job));
        }
        for (int job = queue.first(); job != JobQueue.NONE; job = next(job, Integer.MAX_VALUE)) {
            reserve(job, earliest(nowMillis, job));
        }
        grownUntilMillis = Long.MIN_VALUE;
    }

    private long earliest(long nowMillis, int job) {
        return profile.earliest(
                jobs.slots(job),
                jobs.estimateMillis(job),
                nowMillis,
                Long.MAX_VALUE,
                Long.MAX_VALUE);
    }

    @Override
    public void instantOver(long nowMillis) {
        profile.moveTo(nowMillis);
        if (runsLonger) {
            reserveAllAnew(nowMillis);
        } else if (endedEarly) {
            compress(nowMillis);
        }
        runsLonger = false;
        endedEarly = false;
        for (; firstNew < endNew; firstNew++) {
            queue.add(firstNew);
            reserve(firstNew, earliest(nowMillis, firstNew));
        }
        startDue(nowMillis);
    }

    private void compress(long nowMillis) {
        long untilMillis = grownUntilMillis;
        grownUntilMillis = Long.MIN_VALUE;
        int most = profile.mostFree(untilMillis);
        for (int job = queue.first(); job != JobQueue.NONE; job = next(job, most)) {
            long old = reservations.startMillis(job);
            // From its own reservation on there is room for it.
            long found =
                    profile.earliest(
                            jobs.slots(job),
                            jobs.estimateMillis(job),
                            nowMillis,
                            Math.min(old, untilMillis),
                            old);
            if (found < Math.min(old, untilMillis)) {
                long oldEnd = old + jobs.estimateMillis(job);
                profile.add(old, oldEnd, jobs.slots(job));
                reserve(job, found);
                // Those behind it see the room that it left now, those in front the next time.
                grownUntilMillis = Math.max(grownUntilMillis, oldEnd);
                untilMillis = Math.max(untilMillis, oldEnd);
                most = profile.mostFree(untilMillis);
            }
        }
    }

    private int next(int job, int free) {
        return queue.after(job, free, Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    private void reserve(int job, long startMillis) {
        profile.add(startMillis, startMillis + jobs.estimateMillis(job), -jobs.slots(job));
        reservations.set(job, startMillis);
    }

    private void startDue(long nowMillis) {
        for (int job = reservations.takeDue(nowMillis);
                job != Reservations.NONE;
                job = reservations.takeDue(nowMillis)) {
            boolean overtaking = queue.first() != job;
            queue.remove(job);
            expectedEndMillis[job] = nowMillis + jobs.estimateMillis(job);
            actions.start(job, overtaking);
        }
    }

    @Override
    public long nextWakeMillis() {
        return reservations.nextMillis();
    }
}
