package io.offcut.client;

import io.offcut.client.internal.SchedulerApi;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one request alive at the scheduler, in one virtual thread: waits for changes, passes them
 * on, and renews at a third of the ttl, or of what its leases have left if that is less: a
 * restarted scheduler does not know the ttl and may give them less.
 *
 * <pre>
 *   KNOWN ──scheduler away──▶ KNOWN (tries again; leases go on meanwhile)
 *     ├──restarted scheduler does not know it──▶ FORGOTTEN ──nodes told it of the leases──▶ KNOWN
 *     │                                             └──no worker left, or too long──▶ OVER
 *     └──ended──▶ OVER
 * </pre>
 */
final class RequestWatcher {
    private static final Logger LOG = LoggerFactory.getLogger(RequestWatcher.class);

    private static final long MAX_WAIT_MILLIS = 20_000;
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long MAX_PAUSE_MILLIS = 3_000;
    private static final long MIN_RENEWAL_MILLIS = 1_000;
    private static final long FORGOTTEN_MILLIS = 30_000;

    private final SchedulerApi scheduler;
    private final LeaseBook leases;
    private final Listener listener;
    private final long ttlNanos;
    private final Thread thread;

    private volatile RequestView view;
    private volatile boolean reachable = true;
    private volatile boolean stopped;
    private volatile boolean over;
    private volatile boolean forgotten;
    private long forgottenNanos;
    private long nextRenewalNanos;
    private long pauseMillis = FIRST_PAUSE_MILLIS;

    /** Told by the watcher's thread. */
    interface Listener {
        /** Something changed: what it holds, or whether the scheduler answers. */
        void changed(RequestWatcher request);

        /**
         * It is over; the last call.
         *
         * @param reason empty when the scheduler has forgotten it
         */
        void over(RequestWatcher request, Optional<EndReason> reason);

        /** The scheduler does not want to hear of it any more; the last call. */
        void refused(RequestWatcher request, OffcutException why);
    }

    RequestWatcher(
            SchedulerApi scheduler,
            RequestView submitted,
            LeaseBook leases,
            long ttlMillis,
            Listener listener) {
        this.scheduler = scheduler;
        this.view = submitted;
        this.leases = leases;
        this.ttlNanos = ttlMillis * 1_000_000;
        this.listener = listener;
        this.thread = Thread.ofVirtual().name("offcut-watch").unstarted(this::run);
    }

    void start() {
        renewed();
        thread.start();
    }

    String requestId() {
        return view.requestId();
    }

    boolean schedulerReachable() {
        return reachable;
    }

    /** Workers it holds or still waits for. */
    int workers() {
        if (over) {
            return 0;
        }
        // Those that can be called count, also while a restarted scheduler has not heard of them.
        int known = forgotten ? 0 : granted(view) + view.pendingWorkers();
        return Math.max(known, leases.workersOf(requestId()));
    }

    private static int granted(RequestView view) {
        return view.leases().stream()
                .filter(l -> l.state() == LeaseState.GRANTED || l.state() == LeaseState.ACTIVE)
                .mapToInt(l -> l.cores().size())
                .sum();
    }

    /** Ends the watch and gives the request back, as far as the scheduler can be reached. */
    void close() {
        stopped = true;
        thread.interrupt();
        try {
            thread.join(1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try {
            scheduler.release(requestId());
        } catch (OffcutException e) {
            if (e.code() != ErrorCode.NOT_FOUND && e.code() != ErrorCode.CONFLICT) {
                LOG.info("workers not given back, they end by themselves: {}", e.getMessage());
            }
        }
    }

    private void run() {
        accept(view);
        while (!stopped && !over) {
            try {
                accept(ask());
            } catch (OffcutException e) {
                failed(e);
            }
        }
    }

    private RequestView ask() {
        long untilRenewalMillis = (nextRenewalNanos - System.nanoTime()) / 1_000_000;
        if (untilRenewalMillis <= 0) {
            RequestView renewed = scheduler.renew(requestId());
            renewed();
            return renewed;
        }
        boolean settled = reachable && !forgotten;
        long waitMillis = settled ? Math.min(MAX_WAIT_MILLIS, untilRenewalMillis) : 0;
        return scheduler.await(requestId(), view.version(), waitMillis);
    }

    private void renewed() {
        nextRenewalNanos = System.nanoTime() + ttlNanos / 3;
    }

    /** Clocks may differ: what seems to be over already is renewed soon, not without end. */
    private void renewBefore(RequestView fresh) {
        long nowMillis = System.currentTimeMillis();
        long leftMillis =
                fresh.leases().stream()
                        .filter(lease -> lease.state() != LeaseState.ENDED)
                        .mapToLong(lease -> lease.expiresAtEpochMillis() - nowMillis)
                        .min()
                        .orElse(Long.MAX_VALUE);
        long atMostMillis = Math.max(MIN_RENEWAL_MILLIS, leftMillis / 3);
        long nowNanos = System.nanoTime();
        nextRenewalNanos =
                nowNanos
                        + Math.min(
                                nextRenewalNanos - nowNanos,
                                TimeUnit.MILLISECONDS.toNanos(atMostMillis));
    }

    private void accept(RequestView fresh) {
        if (!reachable) {
            LOG.info("the scheduler answers again");
        }
        reachable = true;
        forgotten = false;
        pauseMillis = FIRST_PAUSE_MILLIS;
        view = fresh;
        renewBefore(fresh);
        leases.apply(fresh);
        EndReason reason = fresh.endReason();
        if (reason == null) {
            listener.changed(this);
        } else {
            over = true;
            listener.over(this, Optional.of(reason));
        }
    }

    private void failed(OffcutException e) {
        if (stopped) {
            return;
        }
        switch (e.code()) {
            case NOT_FOUND -> unknown();
            case CONFLICT -> renewed(); // too late to renew: the next look says why
            case UNAUTHORIZED, FORBIDDEN, USAGE, INVALID_INPUT, TOO_LARGE, WRONG_VERSION -> {
                over = true;
                listener.refused(this, e);
            }
            default -> away(e);
        }
    }

    /** A restarted scheduler hears of our leases as soon as their nodes are back. */
    private void unknown() {
        if (!forgotten) {
            forgotten = true;
            forgottenNanos = System.nanoTime();
            LOG.info("the scheduler does not know request {} any more", requestId());
            listener.changed(this);
        }
        long forMillis = (System.nanoTime() - forgottenNanos) / 1_000_000;
        if (leases.workersOf(requestId()) == 0 || forMillis > FORGOTTEN_MILLIS) {
            over = true;
            listener.over(this, Optional.empty());
        } else {
            pauseAndGrow();
        }
    }

    private void away(OffcutException e) {
        if (reachable) {
            LOG.warn("{}; leases go on meanwhile", e.getMessage());
            reachable = false;
            listener.changed(this);
        }
        pauseAndGrow();
    }

    private void pauseAndGrow() {
        try {
            Thread.sleep(pauseMillis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        pauseMillis = Math.min(MAX_PAUSE_MILLIS, pauseMillis * 2);
    }
}
