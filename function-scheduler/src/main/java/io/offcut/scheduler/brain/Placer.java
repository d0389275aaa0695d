package io.offcut.scheduler.brain;

import io.offcut.core.ByteSize;
import io.offcut.core.lease.EndReason;
import io.offcut.scheduler.brain.PlacementPolicy.Candidate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;

/**
 * Serves those who wait. The user with the fewest workers comes first, and gets one lease (the
 * workers of one offer) before it is the next user's turn; a request that needs several at once
 * gets them together. Who cannot be served now holds nobody up.
 */
final class Placer {
    private final State state;
    private final Leases leases;
    private final Requests requests;

    private long gainedAtLastPass;
    private long corelessGainedAtLastPass;
    private long startedAtMillis = Timed.NEVER;

    /** In one pass room only shrinks: what did not fit once does not fit again. */
    private long tooMuchMemoryBytes;

    Placer(State state, Leases leases, Requests requests) {
        this.state = state;
        this.leases = leases;
        this.requests = requests;
    }

    /** Serves the queue if anything has changed for it. */
    void pass() {
        startedAtMillis = Math.min(startedAtMillis, state.nowMillis);
        boolean worthIt =
                state.queueChanged
                        || state.index.gained() != gainedAtLastPass
                        || (state.queuedForMemory > 0
                                && state.index.corelessGained() != corelessGainedAtLastPass);
        state.queueChanged = false;
        gainedAtLastPass = state.index.gained();
        corelessGainedAtLastPass = state.index.corelessGained();
        if (worthIt && state.queuedRequests > 0) {
            serveAll();
        }
    }

    /** What a request that was not refused at once can get; those before it could get no more. */
    void arrived(Request request) {
        pass();
        tooMuchMemoryBytes = Timed.NEVER;
        while (request.queued && serve(request)) {}
        if (!request.queued) {
            return;
        }
        if (request.live == 0 && largerThanAnyNode(request)) {
            requests.stopWaiting(
                    request,
                    EndReason.IMPOSSIBLE,
                    "no node has "
                            + ByteSize.text(request.wish.memoryBytesPerWorker())
                            + " of memory"
                            + (request.wish.memoryOnly() ? "" : " for a worker")
                            + "; ask for less");
        } else if (state.queuedRequests > state.config.maxQueuedRequests()) {
            requests.stopWaiting(
                    request,
                    EndReason.QUEUE_FULL,
                    state.config.maxQueuedRequests() + " requests wait already; try again later");
        } else if (request.user.queue.size() > state.config.maxQueuedRequestsPerUser()) {
            requests.stopWaiting(
                    request,
                    EndReason.QUEUE_FULL,
                    state.config.maxQueuedRequestsPerUser()
                            + " requests of yours wait already; try again later");
        }
    }

    private boolean largerThanAnyNode(Request request) {
        // A core that has just started has not heard of all nodes.
        long settledAt = Timed.later(startedAtMillis, state.config.nodeTimeoutMillis());
        return !state.nodes.isEmpty()
                && state.nowMillis >= settledAt
                && state.nodes.values().stream()
                        .noneMatch(node ->
                                node.descriptor == null
                                        || node.descriptor.memoryBytes()
                                                >= request.wish.memoryBytesPerWorker());
    }

    private void serveAll() {
        tooMuchMemoryBytes = Timed.NEVER;
        PriorityQueue<User> turns = new PriorityQueue<>(User.BY_TURN);
        for (User user : state.users.values()) {
            if (!user.queue.isEmpty()) {
                turns.add(user);
            }
        }
        while (!turns.isEmpty() && (state.index.freeCores() > 0 || state.queuedForMemory > 0)) {
            User user = turns.poll();
            if (serveOne(user) && !user.queue.isEmpty()) {
                turns.add(user);
            }
        }
    }

    private boolean serveOne(User user) {
        for (Request request : user.queue) {
            if (serve(request)) {
                return true; // and the queue has changed under this loop
            }
        }
        return false;
    }

    /** Grants one lease, or as many as are needed at once; false when that is impossible now. */
    private boolean serve(Request request) {
        int room = state.config.maxWorkersPerUser() - request.user.held;
        int need = request.need();
        if (request.wish.memoryOnly()) {
            return need <= room && grantMemory(request);
        }
        if (need > room || !fits(request, need)) {
            return false;
        }
        int wanted = Math.min(request.pending, room);
        int granted = 0;
        do {
            granted += grantBest(request, wanted - granted);
        } while (granted < need);
        return true;
    }

    /** By the same policy as workers, of which none are to be placed. */
    private boolean grantMemory(Request request) {
        List<OfferSlot> slots = memorySlots(state, request);
        if (slots.isEmpty()) {
            return false;
        }
        leases.grant(request, best(request, slots, 0), 1);
        return true;
    }

    /** Where the memory of a request could lie; empty when nowhere. */
    static List<OfferSlot> memorySlots(State state, Request request) {
        return state.index.withMemory(
                request.wish.memoryBytesPerWorker(),
                slot ->
                        !request.wish.notOnNodes().contains(slot.node.name)
                                && Lifetimes.classOf(slot.offer.untilEpochMillis(), state.nowMillis)
                                        != Lifetimes.OVER);
    }

    private boolean fits(Request request, int need) {
        OfferIndex index = state.index;
        long memory = request.wish.memoryBytesPerWorker();
        if (request.retryAtGained > index.gained() || index.freeCores() < need) {
            return false;
        }
        if (memory >= tooMuchMemoryBytes) {
            request.retryAtGained = index.gained() + 1;
            return false;
        }
        long capacity = index.capacity(memory, need);
        if (capacity < need) {
            request.retryAtGained = index.gained() + need - capacity;
            if (capacity == 0) {
                tooMuchMemoryBytes = memory;
            }
            return false;
        }
        return true;
    }

    private int grantBest(Request request, int workers) {
        OfferSlot slot = best(request, candidates(request, workers), workers);
        int here =
                Math.min(
                        workers,
                        OfferIndex.workersThatFit(slot, request.wish.memoryBytesPerWorker()));
        leases.grant(request, slot, here);
        return here;
    }

    private OfferSlot best(Request request, List<OfferSlot> slots, int workers) {
        List<Candidate> shown = new ArrayList<>(slots.size());
        for (OfferSlot slot : slots) {
            shown.add(
                    new Candidate(
                            slot.node.name,
                            slot.node.hostId(),
                            slot.offer,
                            slot.free.size(),
                            slot.freeMemoryBytes,
                            slot.node.workersOf(request.user.name)));
        }
        Candidate best = state.policy.choose(shown, request.wish, workers, state.nowMillis);
        return slots.get(shown.indexOf(best));
    }

    private List<OfferSlot> candidates(Request request, int workers) {
        long memory = request.wish.memoryBytesPerWorker();
        List<OfferSlot> slots = state.index.shortList(memory, workers);
        Map<String, Node> preferred =
                state.hosts.getOrDefault(request.wish.preferredHostId(), new TreeMap<>());
        for (Node node : preferred.values()) {
            for (OfferSlot slot : node.offers.values()) {
                if (slot.place != null && OfferIndex.workersThatFit(slot, memory) > 0) {
                    slots.add(slot);
                }
            }
        }
        return slots;
    }
}
