package io.offcut.client;

import io.offcut.client.OffloadPlanner.Ticket;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One run of a planner over a list of tasks. The program's threads take tasks from the front, the
 * workers from the back; where they meet, the threads go on into what is out, the task handed over
 * last first. A task is at one place at a time:
 *
 * <pre>
 *   FRESH ───────▶ HERE ──▶ DONE
 *     │             ▲  ▲
 *     │  taken back │  │
 *     ▼             │  │
 *    AWAY ──────────┘  │
 *     ├──▶ LOST ───────┘
 *     └──▶ DONE
 * </pre>
 *
 * What comes of a call whose task is not AWAY any more is dropped.
 */
final class OffloadRun {
    private enum Place {
        FRESH,
        HERE,
        AWAY,
        LOST,
        DONE
    }

    private static final int NONE = -1;

    private final WorkerPool pool;
    private final String name;
    private final List<byte[]> inputs;
    private final UnaryOperator<byte[]> function;
    private final int threads;
    private final OffloadPlanner planner;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Place[] places;
    private final @Nullable Ticket[] tickets;
    private final @Nullable CompletableFuture<?>[] calls;
    private final byte[] @Nullable [] results;
    private final ArrayDeque<Integer> lost = new ArrayDeque<>();
    // No task before `low` or after `high` is FRESH, and none before `away` is FRESH or AWAY.
    private int low;
    private int high;
    private int away;
    private long remote;
    private long takenBack;
    private long ended;
    private @Nullable Throwable failure;

    @SuppressWarnings({"unchecked", "rawtypes"})
    OffloadRun(
            WorkerPool pool,
            String name,
            List<byte[]> inputs,
            UnaryOperator<byte[]> function,
            OffloadModel model) {
        this.pool = pool;
        this.name = name;
        this.inputs = inputs;
        this.function = function;
        this.threads = Math.max(1, Math.min(model.localThreads(), inputs.size()));
        this.planner = new OffloadPlanner(model, inputs.size(), System.nanoTime());
        this.places = new Place[inputs.size()];
        Arrays.fill(places, Place.FRESH);
        this.tickets = new Ticket[inputs.size()];
        this.calls = new CompletableFuture[inputs.size()];
        this.results = new byte[inputs.size()][];
        this.high = inputs.size() - 1;
    }

    /** Does it all, with this thread as one of those that compute. */
    OffloadSummary run() throws InterruptedException {
        List<Thread> others = new ArrayList<>();
        for (int i = 1; i < threads; i++) {
            others.add(Thread.ofPlatform().daemon().name("offcut-offload-" + i).start(this::help));
        }
        help();
        try {
            for (Thread other : others) {
                other.join();
            }
        } catch (InterruptedException e) {
            fail(e);
            throw e;
        } finally {
            cancelAll();
        }
        return summary();
    }

    private void help() {
        try {
            compute();
        } catch (InterruptedException | RuntimeException | Error e) {
            fail(e);
        }
    }

    private void compute() throws InterruptedException {
        for (int task = next(); task != NONE; task = next()) {
            long start = System.nanoTime();
            byte[] result = function.apply(inputs.get(task));
            long took = System.nanoTime() - start;
            lock.lock();
            try {
                results[task] = result;
                places[task] = Place.DONE;
                planner.computed(took);
            } finally {
                lock.unlock();
            }
        }
    }

    /** The next task for this thread, after handing over what is better elsewhere. */
    private int next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (failure == null) {
                long now = System.nanoTime();
                planner.workers(pool.workers());
                int last = lastAway();
                Ticket ticket = last == NONE ? null : tickets[last];
                switch (planner.next(now, ticket)) {
                    case COMPUTE -> {
                        Integer task = lost.poll();
                        return here(task == null ? lowestFresh() : task);
                    }
                    case TAKE_BACK -> {
                        takenBack++;
                        here(last);
                        cancel(last);
                        return last;
                    }
                    case OFFLOAD -> handOver(highestFresh(), now);
                    case WAIT -> awaitResult(ticket, now);
                    case DONE -> {
                        return NONE;
                    }
                }
            }
            return NONE;
        } finally {
            lock.unlock();
        }
    }

    private int here(int task) {
        places[task] = Place.HERE;
        return task;
    }

    private void awaitResult(@Nullable Ticket last, long now) throws InterruptedException {
        long left = last == null ? 0 : planner.waitUntilNanos(last) - now;
        long seen = ended;
        while (left > 0 && ended == seen && failure == null) {
            left = changed.awaitNanos(left);
        }
    }

    private void handOver(int task, long start) {
        places[task] = Place.AWAY;
        CompletableFuture<Result> call =
                pool.invokeAsync(name, MemorySegment.ofArray(inputs.get(task)), Duration.ZERO);
        calls[task] = call;
        long now = System.nanoTime();
        tickets[task] = planner.offloaded(now, now - start);
        // Last: it may have ended, then this runs at once.
        var _ = call.whenComplete((result, why) -> arrived(task, why == null ? result : null));
    }

    private void arrived(int task, @Nullable Result result) {
        lock.lock();
        try {
            Ticket ticket = tickets[task];
            if (places[task] != Place.AWAY || ticket == null) {
                return;
            }
            calls[task] = null;
            if (result != null && result.ok()) {
                remote++;
                results[task] = result.payload();
                places[task] = Place.DONE;
                planner.arrived(ticket, System.nanoTime(), result.executionNanos());
            } else {
                places[task] = Place.LOST;
                lost.add(task);
                planner.lost();
            }
            ended++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private int lowestFresh() {
        while (places[low] != Place.FRESH) {
            low++;
        }
        return low;
    }

    private int highestFresh() {
        while (places[high] != Place.FRESH) {
            high--;
        }
        return high;
    }

    /** The task handed over last of those that are out: they are handed over from the end. */
    private int lastAway() {
        while (away < places.length && places[away] != Place.FRESH && places[away] != Place.AWAY) {
            away++;
        }
        return away < places.length && places[away] == Place.AWAY ? away : NONE;
    }

    private void cancel(int task) {
        CompletableFuture<?> call = calls[task];
        calls[task] = null;
        if (call != null) {
            call.cancel(false);
        }
    }

    private void cancelAll() {
        lock.lock();
        try {
            for (int i = 0; i < places.length; i++) {
                if (places[i] == Place.AWAY) {
                    here(i);
                    cancel(i);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void fail(Throwable why) {
        lock.lock();
        try {
            failure = failure == null ? why : failure;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private OffloadSummary summary() throws InterruptedException {
        lock.lock();
        try {
            switch (failure) {
                case InterruptedException e -> throw e;
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case null, default -> {}
            }
            List<byte[]> all = new ArrayList<>(results.length);
            for (byte[] result : results) {
                if (result == null) {
                    throw new NullPointerException("the local function returned null");
                }
                all.add(result);
            }
            return new OffloadSummary(all, all.size() - remote, remote, takenBack);
        } finally {
            lock.unlock();
        }
    }
}
