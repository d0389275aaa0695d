package io.offcut.scheduler.brain;

import io.offcut.core.api.LeaseRequest;
import io.offcut.core.lease.EndReason;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What requests hold and wait for, and how they end.
 *
 * <pre>
 *   ──▶ WAITING ──workers granted──▶ SERVED ──released, all leases ended──▶ OVER ──▶ forgotten
 *         ▲  │                         │ │                                   ▲
 *         │  └──time, limits───────────┼─┼───────────────────────────────────┤
 *         └──workers lost, regrant─────┘ └──released─────────────────────────┘
 * </pre>
 *
 * <p>A served request with workers still pending waits and is served at the same time; when its
 * waiting time is over it keeps what it has. So does one whose client was silent for a ttl: it gets
 * nothing more, also for what it loses, and ends with its leases.
 */
final class Requests {
    private final State state;

    Requests(State state) {
        this.state = state;
    }

    /** A new request, in the queue; null when the id is known or the request refused at once. */
    @Nullable Request open(String requestId, String userName, LeaseRequest wish) {
        if (state.requests.containsKey(requestId) || state.tombstones.containsKey(requestId)) {
            return null;
        }
        Request request = create(requestId, userName, wish, false);
        String objection = objection(wish);
        if (objection != null) {
            end(request, EndReason.IMPOSSIBLE, objection);
            return null;
        }
        request.pending = wish.memoryOnly() ? 1 : wish.workers();
        enqueue(request);
        state.changed(request);
        return request;
    }

    /** A request that an earlier core granted, as far as it is known: it holds nothing yet. */
    Request recreate(String requestId, String userName, LeaseRequest wish) {
        return create(requestId, userName, wish, true);
    }

    private Request create(String id, String userName, LeaseRequest wish, boolean adopted) {
        User user = state.users.computeIfAbsent(userName, User::new);
        Request request = new Request(id, user, wish, state.nextArrival(), adopted);
        alive(request);
        state.requests.put(id, request);
        return request;
    }

    private @Nullable String objection(LeaseRequest wish) {
        int quota = state.config.maxWorkersPerUser();
        boolean memory = wish.memoryOnly() && wish.minWorkers() == 0;
        if (memory && wish.memoryBytesPerWorker() < 1) {
            return "a request for no workers and no memory makes no sense; ask for some";
        }
        if (!memory
                && (wish.workers() < 1
                        || wish.minWorkers() < 1
                        || wish.minWorkers() > wish.workers())) {
            return "a request for "
                    + wish.workers()
                    + " workers, at least "
                    + wish.minWorkers()
                    + ", makes no sense; ask for 1 or more, and for no more at least than in all";
        }
        if (wish.minWorkers() > quota) {
            return wish.minWorkers()
                    + " workers at once are more than the "
                    + quota
                    + " a user may hold; ask for fewer";
        }
        if (wish.memoryBytesPerWorker() < 0
                || wish.payloadBytes() < 0
                || wish.ttlMillis() <= 0
                || wish.queueMillis() < 0) {
            return "memory, payload and times must not be negative, the ttl at least 1 ms";
        }
        return null;
    }

    /** Puts it where it belongs in its user's queue, or takes it out when nothing is pending. */
    void enqueue(Request request) {
        boolean waited = request.queued;
        dequeue(request);
        request.retryAtGained = 0;
        if (request.pending == 0) {
            request.lostSome = false;
            state.requestDeadlines.remove(request);
            return;
        }
        request.rank = request.presentRank();
        request.queued = true;
        request.user.queue.add(request);
        state.queuedRequests++;
        state.queuedForMemory += request.wish.memoryOnly() ? 1 : 0;
        if (!waited) {
            request.waitEndsAtMillis = Timed.later(state.nowMillis, request.wish.queueMillis());
            scheduleWaiting(request);
        }
    }

    private void scheduleWaiting(Request request) {
        state.requestDeadlines.set(
                request, Math.min(request.waitEndsAtMillis, request.aliveUntilMillis));
    }

    /** Its client was heard. */
    void alive(Request request) {
        long ttl = Math.max(0, Math.min(request.wish.ttlMillis(), state.config.maxTtlMillis()));
        request.aliveUntilMillis = Timed.later(state.nowMillis, ttl);
        if (request.queued) {
            scheduleWaiting(request);
        }
    }

    private void dequeue(Request request) {
        if (request.queued) {
            request.user.queue.remove(request);
            request.queued = false;
            state.queuedRequests--;
            state.queuedForMemory -= request.wish.memoryOnly() ? 1 : 0;
        }
    }

    /** A lease of it began. */
    void gained(Request request, Lease lease) {
        request.add(lease);
        request.live += lease.workers;
        request.user.held += lease.workers;
        request.everGranted = true;
        state.changed(request);
    }

    /** A live lease of it is over, or about to be: wants others, goes on with fewer, or ends. */
    void lost(Request request, Lease lease, EndReason reason) {
        request.live -= lease.workers;
        request.user.held -= lease.workers;
        state.queueChanged = true;
        state.changed(request);
        if (request.over()) {
            forgetUserIfIdle(request.user);
            return;
        }
        boolean alive = state.nowMillis < request.aliveUntilMillis;
        if (alive && reason.regrantable() && request.wish.regrant()) {
            request.pending += lease.workers;
            request.lostSome = true;
        }
        enqueue(request);
        endIfNothingLeft(request, reason, "its last lease ended: " + reason);
    }

    private void endIfNothingLeft(Request request, EndReason reason, String explanation) {
        if (request.live == 0 && request.pending == 0) {
            end(request, reason, explanation);
        }
    }

    /** It waits no longer: keeps what it holds, or ends. */
    void stopWaiting(Request request, EndReason reason, String explanation) {
        request.pending = 0;
        enqueue(request);
        state.changed(request);
        endIfNothingLeft(request, reason, explanation);
    }

    /** Over, once. Its leases are for the caller to end. */
    void end(Request request, EndReason reason, String explanation) {
        request.pending = 0;
        request.endReason = reason;
        enqueue(request);
        state.requestDeadlines.set(
                request, Timed.later(state.nowMillis, state.config.rememberEndedMillis()));
        state.emit(
                new BrainCommand.RequestEnded(request.id, request.user.name, reason, explanation));
        state.changed(request);
        forgetUserIfIdle(request.user);
    }

    /** The time of a request came. */
    void wake(Request request) {
        if (!request.over() && state.nowMillis >= request.waitEndsAtMillis) {
            stopWaiting(
                    request,
                    EndReason.QUEUE_TIMEOUT,
                    "no workers became free in "
                            + request.wish.queueMillis()
                            + " ms; ask for less or wait longer");
        } else if (!request.over()) {
            stopWaiting(
                    request,
                    EndReason.EXPIRED,
                    "its client was not heard for its ttl; renew it while it waits");
        } else if (request.holdsNothing()) {
            state.requests.remove(request.id);
            if (request.adopted) {
                state.bury(request.id, Timed.later(state.nowMillis, state.config.maxTtlMillis()));
            }
            forgetUserIfIdle(request.user);
        } else {
            state.requestDeadlines.set(request, Timed.later(state.nowMillis, state.slackMillis()));
        }
    }

    private void forgetUserIfIdle(User user) {
        boolean idle = user.held == 0 && user.queue.isEmpty();
        if (idle && Objects.equals(state.users.get(user.name), user)) {
            state.users.remove(user.name);
        }
    }
}
