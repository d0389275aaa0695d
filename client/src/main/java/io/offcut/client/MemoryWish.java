package io.offcut.client;

import io.offcut.core.ByteSize;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.OpenLeaseRequest;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.executor.Channels;
import io.offcut.executor.MemoryChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wish for one lease of memory, until it is open or its time is over. What ends or cannot be
 * opened meanwhile, because a job took the node or its executor failed, is asked for again: of a
 * node that failed when no other has any.
 *
 * <pre>
 *   ASKED ──granted──▶ OPENING ──opened──▶ done
 *     ▲  └──refused, time over──▶ thrown      │ └──slow: once more, some times──▶ OPENING
 *     └──────────lease ended, node failed─────┘
 * </pre>
 *
 * <p>For one thread.
 */
final class MemoryWish {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryWish.class);
    private static final long MAX_WAIT_MILLIS = 20_000;
    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final long MAX_PAUSE_MILLIS = 2_000;
    private static final long ELSEWHERE_MILLIS = 2_000;
    private static final int MIN_ASKS = 3;
    private static final int MAX_OPENINGS = 3;

    private final MemoryLease.Site site;
    private final MemoryOptions options;
    private final List<String> transports;
    private final String preferredHostId;
    private final List<String> notOnNodes;
    private final Set<String> failedNodes = new HashSet<>();
    private final long deadlineNanos;
    private int asks;
    private @Nullable OffcutException last;

    /** What is to be had: a lease that lives and the channel to its memory. */
    record Opened(LeaseView lease, MemoryChannel channel) {}

    /** A lease that is not to be had, and whether another may be. */
    private static final class Lost extends Exception {
        private static final long serialVersionUID = 1;

        final transient OffcutException why;

        Lost(OffcutException why) {
            super(why);
            this.why = why;
        }
    }

    /**
     * A wish, whose time begins now.
     *
     * @param notOnNodes where the memory must not lie
     */
    MemoryWish(MemoryLease.Site site, MemoryOptions options, List<String> notOnNodes) {
        this.site = site;
        this.options = options;
        this.transports = Channels.possible(options.transports());
        this.preferredHostId = notOnNodes.isEmpty() ? site.hostId() : "";
        this.notOnNodes = notOnNodes;
        this.deadlineNanos = System.nanoTime() + options.queue().toNanos();
    }

    /**
     * Blocks until it is met.
     *
     * @throws OffcutException if it is not, with why the last lease was lost where there was one
     */
    Opened await() {
        long pauseMillis = FIRST_PAUSE_MILLIS;
        while (true) {
            try {
                return ask();
            } catch (Lost e) {
                last = e.why;
                LOG.info("{}; asks for other memory", e.why.getMessage());
                boolean over = asks >= MIN_ASKS && leftMillis() <= 0;
                if (over || !pause(pauseMillis)) {
                    throw e.why;
                }
                pauseMillis = Math.min(MAX_PAUSE_MILLIS, 2 * pauseMillis);
            }
        }
    }

    private long leftMillis() {
        return TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
    }

    private Opened ask() throws Lost {
        asks++;
        RequestView request = submit();
        try {
            LeaseView lease = awaitGrant(request);
            return new Opened(lease, open(lease));
        } catch (Lost | RuntimeException e) {
            MemoryLease.release(site.scheduler(), request.requestId());
            throw e;
        }
    }

    /** A lease that was just lost may still count for a moment: then it is asked for once more. */
    private RequestView submit() throws Lost {
        long waitMillis = Math.max(0, leftMillis());
        List<String> avoided = new ArrayList<>(notOnNodes);
        if (!failedNodes.isEmpty()) {
            avoided.addAll(failedNodes);
            waitMillis = Math.min(waitMillis, ELSEWHERE_MILLIS);
        }
        try {
            return site.scheduler()
                    .submit(
                            LeaseRequest.ofMemory(
                                    options.bytes(),
                                    options.ttl().toMillis(),
                                    waitMillis,
                                    preferredHostId,
                                    avoided));
        } catch (OffcutException e) {
            OffcutException lost = last;
            if (lost == null) {
                throw e;
            }
            failedNodes.clear();
            throw new Lost(lost);
        }
    }

    private OffcutException because(OffcutException e) {
        OffcutException lost = last;
        return lost == null
                ? e
                : new OffcutException(
                        e.code(), e.getMessage() + "; before: " + lost.getMessage(), lost);
    }

    private LeaseView awaitGrant(RequestView first) throws Lost {
        RequestView request = first;
        long pieceMillis = Math.clamp(options.ttl().toMillis() / 3, 1, MAX_WAIT_MILLIS);
        while (true) {
            LeaseView lease = live(request);
            if (lease != null) {
                return lease;
            }
            if (request.endReason() != null || Thread.currentThread().isInterrupted()) {
                throw over(request);
            }
            request = site.scheduler().await(request.requestId(), request.version(), pieceMillis);
            if (request.endReason() == null && request.leases().isEmpty()) {
                request = site.scheduler().renew(request.requestId());
            }
        }
    }

    private static @Nullable LeaseView live(RequestView request) {
        return request.leases().stream()
                .filter(l -> l.state() == LeaseState.GRANTED || l.state() == LeaseState.ACTIVE)
                .findFirst()
                .orElse(null);
    }

    /** A request without a lease: thrown here when there is no use in asking again. */
    private Lost over(RequestView request) throws Lost {
        EndReason reason = request.endReason();
        boolean mayBeHadElsewhere =
                reason != null
                        && (reason.regrantable()
                                || reason == EndReason.EXPIRED
                                || reason == EndReason.EXECUTOR_FAILED);
        if (mayBeHadElsewhere) {
            return new Lost(
                    new OffcutException(
                            ErrorCode.CONFLICT,
                            "request " + request.requestId() + " has ended: " + reason));
        }
        OffcutException lost = last;
        if (lost != null && reason == EndReason.QUEUE_TIMEOUT && !failedNodes.isEmpty()) {
            // No other has any: what failed there may go well the next time.
            failedNodes.clear();
            return new Lost(lost);
        }
        throw because(
                new OffcutException(
                        ErrorCode.NO_CAPACITY,
                        "no node had "
                                + ByteSize.text(options.bytes())
                                + " of memory free within "
                                + options.queue().toMillis() / 1000.0
                                + " s ("
                                + (reason == null ? "interrupted" : reason)
                                + "): see 'offcut nodes', ask for less or wait longer"));
    }

    // --- opening

    private MemoryChannel open(LeaseView lease) throws Lost {
        long pauseMillis = FIRST_PAUSE_MILLIS;
        for (int openings = 1; ; openings++) {
            try {
                return open(lease, transports);
            } catch (OffcutException e) {
                switch (e.code()) {
                    case CONFLICT, NOT_FOUND -> throw new Lost(e);
                    case UNREACHABLE -> {
                        if (openings == MAX_OPENINGS || !pause(pauseMillis)) {
                            throw failedOn(lease, e);
                        }
                    }
                    case FUNCTION_FAILED, EXHAUSTED, NO_CAPACITY, INTERNAL ->
                            throw failedOn(lease, e);
                    default -> throw e;
                }
            }
            pauseMillis *= 2;
        }
    }

    private Lost failedOn(LeaseView lease, OffcutException e) {
        failedNodes.add(lease.nodeName());
        return new Lost(
                new OffcutException(
                        e.code(), "node " + lease.nodeName() + ": " + e.getMessage(), e));
    }

    private MemoryChannel open(LeaseView lease, List<String> wanted) {
        String token = lease.token();
        if (token == null) {
            throw new OffcutException(
                    ErrorCode.FORBIDDEN, "lease " + lease.leaseId() + " belongs to somebody else");
        }
        ChannelDescriptor descriptor =
                site.nodes()
                        .open(
                                lease.nodeUrl(),
                                lease.leaseId(),
                                new OpenLeaseRequest(token, site.hostId(), wanted))
                        .channels()
                        .getFirst();
        try {
            return site.channels().open(descriptor);
        } catch (OffcutException e) {
            return openBy(others(wanted, descriptor), lease, e);
        } catch (InternalError e) {
            // How the JVM says that a page of the region could not be had.
            return openBy(
                    others(wanted, descriptor),
                    lease,
                    new OffcutException(
                            ErrorCode.EXHAUSTED,
                            "region " + descriptor.path() + ": there is no room for its pages",
                            e));
        }
    }

    private static List<String> others(List<String> tried, ChannelDescriptor failed) {
        return tried.stream().filter(name -> !name.equals(failed.transport())).toList();
    }

    private MemoryChannel openBy(List<String> others, LeaseView lease, OffcutException why) {
        if (others.isEmpty()) {
            throw why;
        }
        LOG.info("{}; tries {}", why.getMessage(), others);
        return open(lease, others);
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
}
