package io.offcut.client;

import org.jspecify.annotations.Nullable;

/**
 * Decides which of n equal tasks a program computes itself and which it hands to workers, so that
 * results from elsewhere arrive before the work here ends. Values in, decisions out: no clock, no
 * thread, no I/O. {@code client/c/src/planner.c} decides the same.
 *
 * <p>The model, times in ns, with n tasks of which k stay and m = n − k go:
 *
 * <pre>
 *   local(k, m) = ⌈k / threads⌉ · localNanos + m · postNanos
 *   remote(m)   = latency + in + out + max(⌈m / workers⌉ · remoteNanos,
 *                                          remoteNanos + (m − 1) · max(in, out))
 *   in = inputBytes / inputBytesPerSecond,  out likewise
 * </pre>
 *
 * The plan is the smallest k with remote(n − k) ≤ local(k): as much goes as can be back in time.
 * One task more goes where waiting for it ends sooner than computing it here, and none where that
 * is not faster than local(n, 0). The idea, to keep as many tasks as hide the latency and to send
 * no more than the bandwidth carries meanwhile, is from Copik et al., "Software Resource
 * Disaggregation for HPC with Serverless Computing", IPDPS 2024; worker counts and the cost of
 * posting are added.
 *
 * <p>While running, {@link #next} says what a thread does now. It hands over one more task when, by
 * the same model and what was measured, its result is here before this program could have computed
 * all it has left. Three rules keep the run within 1/64 of the time without workers:
 *
 * <ul>
 *   <li>Handing over may cost 1/64 of that time, and from then on only what results have saved: the
 *       posts, and whatever the program does less than alone while tasks are out, because who
 *       carries them may share its CPUs. So few tasks are sent at first, and none when it does not
 *       pay.
 *   <li>A thread with nothing left computes a task again that is elsewhere, rather than to wait:
 *       the task must be idempotent, and the late result is dropped.
 *   <li>It waits only for a result that should come before it could compute it, and only while all
 *       that is out can still be computed here without being late.
 * </ul>
 *
 * The rules are as good as the times given and reported: {@link OffloadModel#localNanos} and {@link
 * OffloadModel#postNanos} must be near the truth, or the first 0 and the second not below it. Where
 * tasks are uneven and each thread has but a few, the mean is not known well, and a run may take
 * longer by as much as they differ. For one thread at a time.
 */
public final class OffloadPlanner {
    /** What a thread of the program does next. */
    public enum Step {
        /** Compute a task that nobody has begun, lost ones first; then {@link #computed}. */
        COMPUTE,
        /**
         * Hand over one that nobody has begun nor lost; then {@link #offloaded} or {@link #lost}.
         */
        OFFLOAD,
        /** Compute the task handed over last and drop its result; then {@link #computed}. */
        TAKE_BACK,
        /** Wait for a result, at most until {@link #waitUntilNanos}, and ask again. */
        WAIT,
        /** Nothing is left for this thread. */
        DONE
    }

    /**
     * One task that was handed over; given back when its result is there.
     *
     * @param modelNanos when its result should be there by the model
     * @param expectedNanos the same, by what was seen of other results
     */
    public record Ticket(long postedNanos, long modelNanos, long expectedNanos) {}

    // 2 % less a reserve for what is measured too late: the last post and the last wait.
    private static final int SHARE = 64;
    // Enough, if they took as long as another thread may keep the CPU.
    private static final int LESSON_TASKS = 4;
    private static final long LESSON_NANOS = 2_000_000;
    private static final int LOCAL_WEIGHT = 8;
    private static final int REMOTE_WEIGHT = 4;
    // Some decades; can be added to a clock.
    private static final long FAR_NANOS = 1L << 60;
    private static final long MAX_WINDOW_TASKS = 1 << 20;

    private final long tasks;
    private final long startNanos;
    private OffloadModel estimate;
    // When the result of the last task handed over should be there, and how late results are.
    private long tailNanos;
    private long lateNanos;
    private long fresh;
    private long lost;
    private long out;
    private long computed;
    private long computedNanos;
    private long longestNanos;
    private long arrived;
    private long posted;
    private long postedNanos;
    // Tasks computed since one went or came; what all threads did, and how long it took, while none
    // was out; computed, and the time, at the last step.
    private long here;
    private long calm;
    private long alone;
    private long aloneNanos;
    private long seen;
    private long seenNanos;

    /** A run of so many tasks that begins now. */
    public OffloadPlanner(OffloadModel model, long tasks, long nowNanos) {
        if (tasks < 0) {
            throw new IllegalArgumentException(tasks + " tasks");
        }
        this.estimate = model;
        this.tasks = tasks;
        this.fresh = tasks;
        this.startNanos = nowNanos;
        this.tailNanos = nowNanos;
        this.seenNanos = nowNanos;
        this.calm = model.localThreads();
        if (model.localNanos() > 0) {
            this.alone = 1 + tasks / SHARE;
            this.aloneNanos = times(alone, model.localNanos()) / model.localThreads();
        }
    }

    /** The best split of so many tasks, if the model is right and says how long one takes here. */
    public static OffloadPlan plan(OffloadModel model, long tasks) {
        OffloadPlan none = new OffloadPlan(tasks, 0, localNanos(model, tasks));
        if (model.workers() == 0 || model.postNanos() >= model.localNanos()) {
            return none;
        }
        long low = 0;
        long high = tasks;
        while (low < high) {
            long middle = low + (high - low) / 2;
            if (remoteNanos(model, tasks - middle) <= busyNanos(model, tasks, middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        OffloadPlan best = split(model, tasks, low);
        if (low > 0) {
            OffloadPlan more = split(model, tasks, low - 1);
            best = more.nanos() < best.nanos() ? more : best;
        }
        return best.nanos() < none.nanos() ? best : none;
    }

    private static OffloadPlan split(OffloadModel model, long tasks, long local) {
        long nanos = Math.max(busyNanos(model, tasks, local), remoteNanos(model, tasks - local));
        return new OffloadPlan(local, tasks - local, nanos);
    }

    private static long busyNanos(OffloadModel model, long tasks, long local) {
        return plus(localNanos(model, local), times(tasks - local, model.postNanos()));
    }

    private static long localNanos(OffloadModel model, long count) {
        return times(ceil(count, model.localThreads()), model.localNanos());
    }

    private static long remoteNanos(OffloadModel model, long count) {
        if (count == 0) {
            return 0;
        }
        long each = workNanos(model);
        long wire = Math.max(model.inputNanos(), model.outputNanos());
        long byWorkers = times(ceil(count, model.workers()), each);
        long byWire = plus(each, times(count - 1, wire));
        return plus(wayNanos(model), Math.max(byWorkers, byWire));
    }

    /** There and back. */
    private static long wayNanos(OffloadModel model) {
        return plus(model.latencyNanos(), plus(model.inputNanos(), model.outputNanos()));
    }

    /** Between two results when all workers or a wire are busy. */
    private static long intervalNanos(OffloadModel model) {
        long wire = Math.max(model.inputNanos(), model.outputNanos());
        return Math.max(Math.max(1, workNanos(model) / Math.max(1, model.workers())), wire);
    }

    private static long workNanos(OffloadModel model) {
        return model.remoteNanos() > 0 ? model.remoteNanos() : model.localNanos();
    }

    /**
     * What a thread that is free does now.
     *
     * @param last the task that was handed over last of those that are out; null when none is
     */
    public Step next(long nowNanos, @Nullable Ticket last) {
        look(nowNanos);
        if (fresh > 0 && pays(nowNanos)) {
            fresh--;
            move(1);
            return Step.OFFLOAD;
        }
        if (fresh + lost > 0) {
            fresh -= lost == 0 ? 1 : 0;
            lost -= lost == 0 ? 0 : 1;
            here++;
            return Step.COMPUTE;
        }
        if (out == 0 || last == null) {
            return Step.DONE;
        }
        if (arrived > 0
                && last.expectedNanos() - nowNanos < estimate.localNanos()
                && waitUntilNanos(last) - nowNanos > 0) {
            return Step.WAIT;
        }
        move(-1);
        here++;
        return Step.TAKE_BACK;
    }

    /** Sees how fast the program is alone. */
    private void look(long nowNanos) {
        if (calm > estimate.localThreads()) {
            alone += computed - seen;
            aloneNanos = plus(aloneNanos, nowNanos - seenNanos);
        }
        seen = computed;
        seenNanos = nowNanos;
    }

    /** So many more are out. Whatever each thread computes meanwhile may be slowed down by it. */
    private void move(int by) {
        out += by;
        calm = 0;
    }

    /** Until when waiting for this result cannot make the program late. */
    public long waitUntilNanos(Ticket last) {
        long mean = meanNanos();
        long whole = far(times(tasks, mean)) / estimate.localThreads();
        // The last task taken back may be the longest.
        long again = wholeNanos(out, mean) + Math.max(0, longestNanos - mean);
        long deadline = startNanos + whole - again;
        long patience = last.expectedNanos() + far(estimate.localNanos() / 2);
        return deadline - patience < 0 ? deadline : patience;
    }

    private boolean pays(long nowNanos) {
        if (estimate.workers() == 0
                || !isTaught()
                || estimate.postNanos() >= estimate.localNanos()) {
            return false;
        }
        long each = cautiousNanos();
        long whole = wholeNanos(tasks, each);
        long saved = whole - wholeNanos(tasks - arrived, each);
        long allowed = plus(saved, whole / SHARE);
        return out < windowTasks()
                && spentNanos(nowNanos) <= allowed
                && expectedNanos(nowNanos) - nowNanos < localNanos(estimate, fresh + lost);
    }

    /** When a task handed over now should be back: as remote(m), one task at a time. */
    private long modelNanos(long nowNanos) {
        long behind = far(tailNanos - nowNanos + far(intervalNanos(estimate)));
        return nowNanos + Math.max(aloneNanos(), behind);
    }

    private long expectedNanos(long nowNanos) {
        return nowNanos + Math.max(aloneNanos(), modelNanos(nowNanos) - nowNanos + lateNanos);
    }

    /** Round trip of a task when no other is out. */
    private long aloneNanos() {
        return far(plus(wayNanos(estimate), workNanos(estimate)));
    }

    /**
     * How many may be out: what keeps workers and wires busy while this thread computes one. While
     * nothing is known of the way, one, and one more for each task that was computed beside it.
     */
    private long windowTasks() {
        if (arrived == 0 && estimate.latencyNanos() == 0) {
            return Math.min(estimate.workers(), 1 + Math.max(0, computed - alone));
        }
        long turn = plus(plus(wayNanos(estimate), workNanos(estimate)), estimate.localNanos());
        long filling = ceil(times(2, turn), intervalNanos(estimate));
        return Math.min(MAX_WINDOW_TASKS, estimate.workers() + filling);
    }

    /**
     * What handing over has cost, and will for what is out and one more: the posts, and the time in
     * which the program did less than it does alone. Who carries inputs and results may take it.
     */
    private long spentNanos(long nowNanos) {
        long asAlone = times(2 * computed + here, paceNanos()) / 2;
        long hidden = Math.max(0, nowNanos - startNanos - far(plus(asAlone, postedNanos)));
        long each = hidden / Math.max(1, posted - out);
        return plus(plus(postedNanos, estimate.postNanos()), plus(hidden, times(out + 1, each)));
    }

    /** Whether it is known how fast the program is alone. */
    private boolean isTaught() {
        return alone > tasks / SHARE || (alone >= LESSON_TASKS && aloneNanos >= LESSON_NANOS);
    }

    /** Of the whole program for one task, while none is out. */
    private long paceNanos() {
        return alone == 0 ? FAR_NANOS : aloneNanos / alone;
    }

    /** The time of so many tasks on this program's threads, if one takes so long. */
    private long wholeNanos(long count, long eachNanos) {
        return far(times(ceil(count, estimate.localThreads()), eachNanos));
    }

    /** Less than the mean while few were seen, which may have been long ones. */
    private long cautiousNanos() {
        return eachNanos(computed + 1);
    }

    private long meanNanos() {
        return eachNanos(computed);
    }

    /** What tasks took here, or less where some took longer only because others were out. */
    private long eachNanos(long count) {
        return computed == 0
                ? estimate.localNanos()
                : Math.min(computedNanos / count, times(paceNanos(), estimate.localThreads()));
    }

    // --- what happened

    /** A task was computed here. */
    public void computed(long tookNanos) {
        long took = far(Math.max(1, tookNanos));
        long local = computed == 0 ? took : average(estimate.localNanos(), took, LOCAL_WEIGHT);
        computed++;
        longestNanos = Math.max(longestNanos, took);
        computedNanos = plus(computedNanos, took);
        here--;
        calm += out == 0 ? 1 : 0;
        believe(local, estimate.remoteNanos(), estimate.latencyNanos(), estimate.postNanos());
    }

    /** A task was handed over, which has taken so long. */
    public Ticket offloaded(long nowNanos, long tookNanos) {
        long took = far(Math.max(0, tookNanos));
        long post = posted == 0 ? took : average(estimate.postNanos(), took, LOCAL_WEIGHT);
        posted++;
        postedNanos = plus(postedNanos, took);
        believe(estimate.localNanos(), estimate.remoteNanos(), estimate.latencyNanos(), post);
        Ticket ticket = new Ticket(nowNanos, modelNanos(nowNanos), expectedNanos(nowNanos));
        tailNanos = ticket.modelNanos();
        return ticket;
    }

    /**
     * The result of a task is here that was not taken back.
     *
     * @param executionNanos how long the worker ran; 0 if that is not known
     */
    public void arrived(Ticket ticket, long nowNanos, long executionNanos) {
        long work = estimate.remoteNanos();
        if (executionNanos > 0) {
            long ran = far(executionNanos);
            work = work == 0 ? ran : average(work, ran, REMOTE_WEIGHT);
        }
        // Queues are not latency: the quickest round trip has the least of them.
        long each = work > 0 ? work : estimate.localNanos();
        long way = far(plus(plus(estimate.inputNanos(), estimate.outputNanos()), each));
        long seen = Math.max(0, nowNanos - ticket.postedNanos() - way);
        long latency = arrived == 0 ? seen : Math.min(estimate.latencyNanos(), seen);
        long late = nowNanos - ticket.modelNanos();
        lateNanos = arrived == 0 ? late : average(lateNanos, late, REMOTE_WEIGHT);
        believe(estimate.localNanos(), work, latency, estimate.postNanos());
        arrived++;
        move(-1);
    }

    /** A task that was to be handed over, or was, has no result: it is to be computed here. */
    public void lost() {
        move(-1);
        lost++;
    }

    /** There are now so many workers. */
    public void workers(int count) {
        estimate =
                estimate.with(
                        estimate.localNanos(),
                        estimate.remoteNanos(),
                        estimate.latencyNanos(),
                        estimate.postNanos(),
                        count);
    }

    /** What is believed now. */
    public OffloadModel estimate() {
        return estimate;
    }

    private void believe(long local, long remote, long latency, long post) {
        estimate = estimate.with(local, remote, latency, post, estimate.workers());
    }

    // --- arithmetic that stays at the largest number

    private static long average(long old, long sample, int weight) {
        return old + (sample - old) / weight;
    }

    private static long ceil(long count, long by) {
        return count / by + (count % by == 0 ? 0 : 1);
    }

    /** Of numbers that are not negative. */
    static long times(long a, long b) {
        return Math.multiplyHigh(a, b) != 0 || a * b < 0 ? Long.MAX_VALUE : a * b;
    }

    private static long far(long nanos) {
        return Math.min(FAR_NANOS, nanos);
    }

    private static long plus(long a, long b) {
        return a + b < 0 ? Long.MAX_VALUE : a + b;
    }
}
