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
public final class EasyScheduler extends SpaceScheduler {
    private final boolean byEvent;

    public EasyScheduler(BatchJobs jobs, int slots, Actions actions, boolean byEvent) {
        super(jobs, slots, actions);
        this.byEvent = byEvent;
    }

    @Override
    public void submitted(long nowMillis, int job) {
        queue.add(job);
        if (byEvent) {
            release(nowMillis);
            if (jobs.slots(job) <= free) {
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

    @Override
    void pass(long nowMillis) {
        startFromFront(nowMillis);
        int head = queue.first();
        if (head != JobQueue.NONE) {
            backfill(nowMillis, head);
        }
    }

    private void backfill(long nowMillis, int head) {
        long shadowMillis = running.timeOfFree(jobs.slots(head), free);
        int extra = running.freeThen - jobs.slots(head);
        long seconds = Math.floorDiv(shadowMillis - nowMillis, 1000L);
        for (int job = queue.after(head, free, seconds, extra);
                job != JobQueue.NONE;
                job = queue.after(job, free, seconds, extra)) {
            if (jobs.estimateSeconds(job) > seconds) {
                extra -= jobs.slots(job);
            }
            start(nowMillis, job, true);
        }
    }
}
