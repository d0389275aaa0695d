package io.offcut.client;

import io.offcut.client.internal.SchedulerApi;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wish for so many workers, as long as the pool lives. Usually one request at the scheduler
 * serves it. Where that holds fewer workers than wished and waits for no more (it was queued too
 * long, a lease was given back, a restarted scheduler only knows the leases that are left), a
 * further request asks for the missing ones.
 *
 * <p>Safe for use by any thread; one virtual thread does the asking.
 */
final class Wish implements RequestWatcher.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Wish.class);

    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long MAX_PAUSE_MILLIS = 5_000;
    private static final long RECHECK_MILLIS = 1_000;
    private static final int MAX_FRUITLESS = 4;

    /** Who waits again has seen workers before and is in no hurry. */
    private static final long LATER_QUEUE_MILLIS = 3_600_000;

    private final SchedulerApi scheduler;
    private final LeaseRequest wanted;
    private final LeaseBook leases;
    private final PoolCounters counters;
    private final Failure onFailure;
    private final List<RequestWatcher> requests = new ArrayList<>();
    private final Thread keeper;

    private boolean closed;
    private boolean everGranted;
    private boolean reachable = true;
    private long pauseMillis = FIRST_PAUSE_MILLIS;
    private int fruitless;
    private long completedBefore;

    /** Told once when there will be no workers any more. */
    @FunctionalInterface
    interface Failure {
        void failed(OffcutException why);
    }

    /**
     * A wish that was submitted.
     *
     * @param wanted what is asked for when something is missing
     * @param first what the scheduler answered
     * @throws OffcutException if that says that it will never be met
     */
    Wish(
            SchedulerApi scheduler,
            LeaseRequest wanted,
            RequestView first,
            LeaseBook leases,
            PoolCounters counters,
            Failure onFailure) {
        this.scheduler = scheduler;
        this.wanted = wanted;
        this.leases = leases;
        this.counters = counters;
        this.onFailure = onFailure;
        if (first.endReason() != null) {
            Optional<OffcutException> refusal = verdict(first.endReason());
            if (refusal.isPresent()) {
                throw refusal.get();
            }
        }
        watch(first);
        this.keeper = Thread.ofVirtual().name("offcut-wish").unstarted(this::keep);
    }

    /** Begins to use what is granted. */
    synchronized void start() {
        requests.forEach(RequestWatcher::start);
        keeper.start();
    }

    private synchronized RequestWatcher watch(RequestView submitted) {
        RequestWatcher watcher =
                new RequestWatcher(scheduler, submitted, leases, wanted.ttlMillis(), this);
        requests.add(watcher);
        return watcher;
    }

    // --- asking for what is missing

    private void keep() {
        while (awaitMissing()) {
            pause();
            int missing = missing();
            if (missing > 0) {
                ask(missing);
            }
        }
    }

    /** Waits for a lack of workers. Returns false when the wish is over. */
    private synchronized boolean awaitMissing() {
        try {
            while (!closed && missing() == 0) {
                // Also when a worker that the scheduler does not know of has gone.
                wait(RECHECK_MILLIS);
            }
        } catch (InterruptedException e) {
            return false;
        }
        return !closed;
    }

    private synchronized int missing() {
        int served = requests.stream().mapToInt(RequestWatcher::workers).sum();
        return closed ? 0 : Math.max(0, wanted.workers() - served);
    }

    private void ask(int workers) {
        try {
            RequestView fresh = scheduler.submit(rest(workers));
            LOG.info("asked the scheduler for {} workers again", workers);
            synchronized (this) {
                reachable = true;
                if (closed) {
                    scheduler.release(fresh.requestId());
                } else {
                    watch(fresh).start();
                }
            }
        } catch (OffcutException e) {
            refused(e);
        }
    }

    private synchronized LeaseRequest rest(int workers) {
        boolean together = workers == wanted.workers();
        return new LeaseRequest(
                wanted.bundle(),
                workers,
                together ? wanted.minWorkers() : 1,
                wanted.memoryBytesPerWorker(),
                wanted.payloadBytes(),
                wanted.ttlMillis(),
                everGranted
                        ? Math.max(wanted.queueMillis(), LATER_QUEUE_MILLIS)
                        : wanted.queueMillis(),
                wanted.hotTimeoutMicros(),
                wanted.preferredHostId(),
                wanted.regrant());
    }

    private void refused(OffcutException e) {
        switch (e.code()) {
            case NOT_FOUND,
                    UNAUTHORIZED,
                    FORBIDDEN,
                    USAGE,
                    INVALID_INPUT,
                    TOO_LARGE,
                    WRONG_VERSION ->
                    fail(e);
            default -> {
                synchronized (this) {
                    if (!closed && reachable) {
                        LOG.warn("{}; asks again", e.getMessage());
                    }
                    reachable = e.code() != ErrorCode.UNREACHABLE;
                }
            }
        }
    }

    private void pause() {
        long millis;
        synchronized (this) {
            millis = pauseMillis;
            pauseMillis = Math.min(MAX_PAUSE_MILLIS, pauseMillis * 2);
        }
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // --- what watchers say

    @Override
    public synchronized void changed(RequestWatcher request) {
        if (leases.leases() > 0) {
            everGranted = true;
        }
        if (missing() == 0) {
            pauseMillis = FIRST_PAUSE_MILLIS;
        }
        notifyAll();
    }

    @Override
    public void over(RequestWatcher request, Optional<EndReason> reason) {
        Optional<OffcutException> verdict;
        synchronized (this) {
            requests.remove(request);
            verdict = closed ? Optional.empty() : reason.flatMap(this::verdict);
            notifyAll();
        }
        verdict.ifPresent(this::fail);
    }

    @Override
    public void refused(RequestWatcher request, OffcutException why) {
        synchronized (this) {
            requests.remove(request);
        }
        fail(why);
    }

    /** Why there is no use in asking again after such an end; empty when there is. */
    private synchronized Optional<OffcutException> verdict(EndReason reason) {
        return switch (reason) {
            case REVOKED -> refusal(ErrorCode.CONFLICT, "ended by an operator: ask them first");
            case RELEASED ->
                    refusal(ErrorCode.CONFLICT, "given back by someone else: ask for it again");
            case IMPOSSIBLE ->
                    unlessGranted(
                            "cannot be met: over a quota or larger than any node: see 'offcut"
                                    + " nodes', ask for fewer workers or less memory");
            case QUEUE_TIMEOUT, QUEUE_FULL ->
                    unlessGranted(
                            "nothing was free within "
                                    + wanted.queueMillis() / 1000.0
                                    + " s: see 'offcut nodes', wait longer or try later");
            case EXECUTOR_FAILED -> executorFailed();
            case EXPIRED, RECLAIMED, DRAINED, NODE_LOST, REFUSED -> Optional.empty();
        };
    }

    private Optional<OffcutException> unlessGranted(String text) {
        return everGranted ? Optional.empty() : refusal(ErrorCode.NO_CAPACITY, text);
    }

    /** Executors that only die are tried again a few times, as long as something gets done. */
    private Optional<OffcutException> executorFailed() {
        long completed = counters.completed.sum();
        fruitless = completed > completedBefore ? 0 : fruitless + 1;
        completedBefore = completed;
        return fruitless < MAX_FRUITLESS
                ? Optional.empty()
                : refusal(
                        ErrorCode.FUNCTION_FAILED,
                        "its executors keep failing: try the function by itself, see the node"
                                + " daemon's log");
    }

    private Optional<OffcutException> refusal(ErrorCode code, String text) {
        String what = "request for " + wanted.workers() + " workers: ";
        return Optional.of(new OffcutException(code, what + text));
    }

    private void fail(OffcutException why) {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            notifyAll();
        }
        onFailure.failed(why);
    }

    // --- from outside

    /** Ids of the requests at the scheduler, the oldest first. */
    synchronized List<String> requestIds() {
        return requests.stream().map(RequestWatcher::requestId).toList();
    }

    synchronized boolean schedulerReachable() {
        return reachable && requests.stream().allMatch(RequestWatcher::schedulerReachable);
    }

    /** Gives everything back. Blocks for a moment. */
    void close() {
        List<RequestWatcher> last;
        synchronized (this) {
            closed = true;
            last = List.copyOf(requests);
            notifyAll();
        }
        keeper.interrupt();
        last.forEach(RequestWatcher::close);
    }
}
