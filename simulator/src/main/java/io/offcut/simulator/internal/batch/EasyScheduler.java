package io.offcut.simulator.internal.batch;

/**
 * EASY backfilling (Lifka 1995; Mu'alem and Feitelson, IEEE TPDS 12(6), 2001). A pass starts jobs
 * from the front while they fit. For the first that does not it finds the <em>shadow time</em>: the
 * first instant at which it fits if all running jobs end when expected. What is free then beyond
 * its need is <em>extra</em>. Behind it a job starts, in order of arrival, if it fits now and
 * either ends by the shadow time or takes no more than what is left of extra.
 *
 * <p>By event: one pass for each end, and for each submission whose job fits what is free. By
 * instant: one pass after all submissions and ends of an instant. Published schedules of the Pyss
 * simulator are by event.
 */
final class EasyScheduler extends SpaceScheduler {
    private final boolean byEvent;

    EasyScheduler(BatchJobs jobs, Room room, Actions actions, boolean byEvent) {
        super(jobs, room, actions);
        this.byEvent = byEvent;
    }

    @Override
    public void submitted(long nowMillis, int job) {
        queue.add(job);
        if (byEvent) {
            release(nowMillis);
            if (room.fits(job)) {
                pass(nowMillis);
            }
        }
    }

    @Override
    public void ended(long nowMillis, int job) {
        release(nowMillis, job);
        if (byEvent) {
            pass(nowMillis);
        }
    }

    @Override
    public void instantOver(long nowMillis) {
        if (!byEvent) {
            release(nowMillis);
            pass(nowMillis);
        }
    }

    /** By instant the pass comes when the instant is over. */
    @Override
    public void nodesChanged(long nowMillis) {
        if (byEvent) {
            super.nodesChanged(nowMillis);
        }
    }

    @Override
    void pass(long nowMillis) {
        startFromFront(nowMillis);
        int head = queue.first();
        if (head != JobQueue.NONE && room.free > 0) {
            backfill(nowMillis, head);
        }
    }

    private void backfill(long nowMillis, int head) {
        long shadowMillis = room.shadowMillis(head, running);
        long seconds =
                shadowMillis == Long.MAX_VALUE
                        ? Long.MAX_VALUE
                        : Math.floorDiv(shadowMillis - nowMillis, 1000L);
        for (int job = queue.after(head, room.free, seconds, room.extra);
                job != JobQueue.NONE;
                job = queue.after(job, room.free, seconds, room.extra)) {
            if (room.takeBeside(job, jobs.estimateSeconds(job) <= seconds)) {
                start(nowMillis, job, true);
            }
        }
    }
}
