package io.offcut.client;

import io.offcut.client.internal.NodeApi;
import io.offcut.client.internal.SchedulerApi;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.RequestView;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.core.lease.EndReason;
import io.offcut.executor.MemoryChannel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One lease of memory only, and this client's channel to it. A virtual thread renews it, and learns
 * from the scheduler that it is being taken back and why it ended.
 *
 * <pre>
 *   HELD ──scheduler: revoking──▶ ENDING (told once) ──ended──▶ GONE, with the status that says why
 *    └──expired, channel broke, closed──────────────────────────▲
 * </pre>
 *
 * <p>The channel is used by one thread at a time: its {@link RemoteMemory} sees to it.
 */
final class MemoryLease {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryLease.class);
    private static final long MAX_WAIT_MILLIS = 20_000;
    private static final long MIN_WAIT_MILLIS = 20;
    private static final long PAUSE_MILLIS = 100;
    private static final long ENDING_PAUSE_MILLIS = 20;
    private static final long REASON_MILLIS = 500;

    /** What it takes to get one. */
    record Site(SchedulerApi scheduler, NodeApi nodes, MemoryOpener channels, String hostId) {}

    private final SchedulerApi scheduler;
    private final String requestId;
    private final String leaseId;
    private final String nodeName;
    private final MemoryChannel channel;
    private final long ttlMillis;
    private final Runnable onEnding;
    private final Thread keeper = Thread.ofVirtual().name("offcut-memory").unstarted(this::keep);

    private volatile long expiresAtMillis;
    private volatile boolean closed;
    private volatile boolean ending;
    private volatile @Nullable MemoryStatus gone;

    private MemoryLease(
            SchedulerApi scheduler,
            LeaseView lease,
            MemoryChannel channel,
            long ttlMillis,
            Runnable onEnding) {
        this.scheduler = scheduler;
        this.requestId = lease.requestId();
        this.leaseId = lease.leaseId();
        this.nodeName = lease.nodeName();
        this.channel = channel;
        this.ttlMillis = ttlMillis;
        this.expiresAtMillis = lease.expiresAtEpochMillis();
        this.onEnding = onEnding;
    }

    /**
     * Gets one, as {@link MemoryWish} says. Blocks until it is granted and opened.
     *
     * @param notOnNodes where it must not lie
     * @param onEnding called once, by a thread of its own, when it is being taken back
     * @throws OffcutException if none is to be had
     */
    static MemoryLease acquire(
            Site site, MemoryOptions options, List<String> notOnNodes, Runnable onEnding) {
        MemoryWish.Opened opened = new MemoryWish(site, options, notOnNodes).await();
        MemoryLease made =
                new MemoryLease(
                        site.scheduler,
                        opened.lease(),
                        opened.channel(),
                        options.ttl().toMillis(),
                        onEnding);
        made.keeper.start();
        return made;
    }

    String leaseId() {
        return leaseId;
    }

    String nodeName() {
        return nodeName;
    }

    /** For the thread that has the memory's lock. */
    MemoryChannel channel() {
        return channel;
    }

    /** Whether it is being taken back. */
    boolean ending() {
        return ending || channel.ending();
    }

    /** Why it is gone; OK while it is not. */
    MemoryStatus status() {
        MemoryStatus known = gone;
        return known == null ? MemoryStatus.OK : known;
    }

    /**
     * It ended so for an operation. A connection that broke says less than the scheduler will,
     * which is waited for shortly.
     */
    MemoryStatus ended(MemoryStatus status) {
        if (status == MemoryStatus.UNREACHABLE && gone == null) {
            long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(REASON_MILLIS);
            while (gone == null
                    && System.nanoTime() - deadlineNanos < 0
                    && pause(PAUSE_MILLIS / 5)) {}
        }
        goneBecause(status);
        return status();
    }

    private synchronized void goneBecause(MemoryStatus status) {
        if (gone == null) {
            gone = status;
        }
    }

    // --- the keeper

    private void keep() {
        long version = -1;
        long renewAtNanos = System.nanoTime() + renewalNanos();
        while (!closed && gone == null) {
            try {
                long untilRenewal = TimeUnit.NANOSECONDS.toMillis(renewAtNanos - System.nanoTime());
                long untilExpiry = expiresAtMillis - System.currentTimeMillis();
                long wait = Math.min(untilRenewal, untilExpiry);
                RequestView view;
                if (untilRenewal <= 0 && !ending) {
                    view = scheduler.renew(requestId);
                    renewAtNanos = System.nanoTime() + renewalNanos();
                } else {
                    view =
                            scheduler.await(
                                    requestId,
                                    version,
                                    Math.clamp(wait, MIN_WAIT_MILLIS, MAX_WAIT_MILLIS));
                }
                version = view.version();
                accept(view);
                if (ending) {
                    boolean ignored = pause(ENDING_PAUSE_MILLIS);
                }
            } catch (OffcutException e) {
                // The scheduler is away, or does not know us yet after its start.
                LOG.debug("lease {}: {}", leaseId, e.getMessage());
                boolean ignored = pause(PAUSE_MILLIS);
            }
            if (System.currentTimeMillis() >= expiresAtMillis) {
                goneBecause(MemoryStatus.EXPIRED);
            }
        }
        if (!closed) {
            // Who only reads, or nothing, hears of a copy that is lost from here alone.
            onEnding.run();
        }
    }

    private long renewalNanos() {
        return TimeUnit.MILLISECONDS.toNanos(Math.max(1, ttlMillis / 3));
    }

    private void accept(RequestView view) {
        for (LeaseView lease : view.leases()) {
            if (lease.leaseId().equals(leaseId)) {
                switch (lease.state()) {
                    case GRANTED, ACTIVE -> expiresAtMillis = lease.expiresAtEpochMillis();
                    case REVOKING -> ends();
                    case ENDED -> goneBecause(statusOf(lease.endReason()));
                }
                return;
            }
        }
        if (view.endReason() != null) {
            goneBecause(statusOf(view.endReason()));
        }
    }

    /** To be told once. */
    void ends() {
        synchronized (this) {
            if (ending || closed) {
                return;
            }
            ending = true;
        }
        Thread.ofVirtual().name("offcut-memory-ends").start(onEnding);
    }

    private static MemoryStatus statusOf(@Nullable EndReason reason) {
        return switch (reason) {
            case EXPIRED -> MemoryStatus.EXPIRED;
            case RELEASED -> MemoryStatus.RELEASED;
            case EXECUTOR_FAILED -> MemoryStatus.LOST;
            case NODE_LOST -> MemoryStatus.UNREACHABLE;
            case null, default -> MemoryStatus.REVOKED;
        };
    }

    private static boolean pause(long millis) {
        try {
            Thread.sleep(millis);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Gives it back. For the thread that has the memory's lock; blocks for one exchange. */
    void close() {
        stop();
        release(scheduler, requestId);
    }

    /** The same without waiting for the exchange: somebody waits for the other copy. */
    void abandon() {
        stop();
        Thread.ofVirtual().name("offcut-memory-release").start(() -> release(scheduler, requestId));
    }

    private void stop() {
        closed = true;
        goneBecause(MemoryStatus.RELEASED);
        keeper.interrupt();
        channel.close();
    }

    static void release(SchedulerApi scheduler, String requestId) {
        try {
            scheduler.release(requestId);
        } catch (OffcutException e) {
            if (e.code() != ErrorCode.NOT_FOUND && e.code() != ErrorCode.CONFLICT) {
                LOG.info("memory not given back, it ends by itself: {}", e.getMessage());
            }
        }
    }
}
