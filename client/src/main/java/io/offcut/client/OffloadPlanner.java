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
 *   <li>Posting may cost 1/64 of that time, and from then on only what results have saved. So few
 *       tasks are sent at first, and none when it does not pay.
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
        if (fresh > 0 && pays(nowNanos)) {
            fresh--;
            out++;
            return Step.OFFLOAD;
        }
        if (fresh + lost > 0) {
            fresh -= lost == 0 ? 1 : 0;
            lost -= lost == 0 ? 0 : 1;
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
        out--;
        return Step.TAKE_BACK;
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
        if (estimate.workers() == 0 || estimate.postNanos() >= estimate.localNanos()) {
            return false;
        }
        long each = cautiousNanos();
        long whole = wholeNanos(tasks, each);
        long saved = whole - wholeNanos(tasks - arrived, each);
        long allowed = plus(saved, whole / SHARE);
        return out < windowTasks()
                && plus(postedNanos, estimate.postNanos()) <= allowed
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

    /** How many may be out: what keeps workers and wires busy while this thread computes one. */
    private long windowTasks() {
        long turn = plus(plus(wayNanos(estimate), workNanos(estimate)), estimate.localNanos());
        long filling = ceil(times(2, turn), intervalNanos(estimate));
        return Math.min(MAX_WINDOW_TASKS, estimate.workers() + filling);
    }

    /** The time of so many tasks on this program's threads, if one takes so long. */
    private long wholeNanos(long count, long eachNanos) {
        return far(times(ceil(count, estimate.localThreads()), eachNanos));
    }

    /** Less than the mean while few were seen, which may have been long ones. */
    private long cautiousNanos() {
        return computed == 0 ? estimate.localNanos() : computedNanos / (computed + 1);
    }

    private long meanNanos() {
        return computed == 0 ? estimate.localNanos() : computedNanos / computed;
    }

    // --- what happened

    /** A task was computed here. */
    public void computed(long tookNanos) {
        long took = far(Math.max(1, tookNanos));
        long local = computed == 0 ? took : average(estimate.localNanos(), took, LOCAL_WEIGHT);
        computed++;
        longestNanos = Math.max(longestNanos, took);
        computedNanos = plus(computedNanos, took);
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
        out--;
    }

    /** A task that was to be handed over, or was, has no result: it is to be computed here. */
    public void lost() {
        out--;
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
