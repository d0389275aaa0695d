package io.offcut.scheduler.brain;

import io.offcut.core.CpuSet;
import io.offcut.core.IdleEnd;
import io.offcut.core.Offer;
import io.offcut.core.lease.LeaseState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What must be true of the core's tables after every event. */
final class Invariants {
    private Invariants() {}

    static void check(State state) {
        state.nodes.values().forEach(node -> node(state, node));
        users(state);
        state.requests.values().forEach(request -> request(state, request));
        index(state);
    }

    private static void node(State state, Node node) {
        CpuSet taken = CpuSet.empty();
        CpuSet promised = CpuSet.empty();
        Map<String, Long> liveBytes = new HashMap<>();
        for (Lease lease : node.leases.values()) {
            taken = taken.plus(lease.terms.cores());
            if (lease.request != null) {
                require(!promised.intersects(lease.terms.cores()), "core leased twice", lease);
                promised = promised.plus(lease.terms.cores());
            }
            boolean listed = state.leases.get(lease.terms.leaseId()) == lease;
            require(listed == (lease.state != LeaseState.ENDED), "in the wrong table", lease);
            require(lease.heapIndex >= 0, "will never be looked at again", lease);
            if (lease.live()) {
                liveBytes.merge(lease.terms.offerId(), lease.terms.memoryBytes(), Long::sum);
                live(state, node, lease);
            }
        }
        require(taken.equals(node.taken), "taken cores are miscounted", node.name);
        for (OfferSlot slot : node.offers.values()) {
            require(
                    liveBytes.getOrDefault(slot.offer.offerId(), 0L) <= slot.offer.memoryBytes(),
                    "bytes leased twice",
                    slot.offer);
            slot(state, slot);
        }
    }

    private static void live(State state, Node node, Lease lease) {
        OfferSlot slot = node.offers.get(lease.terms.offerId());
        require(!node.lost && !node.drained, "live where nothing may be", lease);
        require(slot != null, "outlives its offer", lease);
        require(
                slot != null && slot.offer.cores().containsAll(lease.terms.cores()),
                "outside its offer",
                lease);
        require(
                slot != null && slot.offer.untilEpochMillis() > state.nowMillis,
                "outlives the end of its offer",
                lease);
        require(lease.deadlineMillis() > state.nowMillis, "outlives its end", lease);
    }

    private static void slot(State state, OfferSlot slot) {
        require(slot.offer.untilEpochMillis() == until(state, slot), "another end", slot.offer);
        require(
                slot.free.equals(slot.cores.minus(slot.node.taken))
                        && slot.offer.cores().containsAll(slot.free),
                "free cores are miscounted",
                slot.offer);
        int lifetimeClass = Lifetimes.classOf(slot.offer.untilEpochMillis(), state.nowMillis);
        boolean placeable =
                slot.node.placeable() && !slot.free.isEmpty() && lifetimeClass != Lifetimes.OVER;
        OfferIndex.Place place = slot.place;
        require(placeable == (place != null), "wrongly placeable or not", slot.offer);
        if (place != null) {
            require(
                    place.freeCores() == slot.free.size()
                            && place.freeMemoryBytes() == slot.freeMemoryBytes
                            && place.lifetimeClass() == lifetimeClass,
                    "stands in the wrong place",
                    slot.offer);
        }
    }

    /** The earliest end of an offer that anybody expects and that may still come. */
    private static long until(State state, OfferSlot slot) {
        boolean unallocated = slot.told.reason() == Offer.Reason.UNALLOCATED;
        long until = slot.told.untilEpochMillis();
        for (IdleEnd end : state.idleEnds.getOrDefault(slot.node.name, List.of())) {
            boolean history = end.why() == IdleEnd.Why.HISTORY;
            boolean concerns = unallocated || end.why() == IdleEnd.Why.RESERVATION;
            long believedMillis = history ? 0 : 120_000;
            if (concerns && state.nowMillis < end.atEpochMillis() + believedMillis) {
                until = Math.min(until, end.atEpochMillis());
            }
        }
        return until;
    }

    private static void users(State state) {
        Map<String, Integer> held = new HashMap<>();
        Map<String, Boolean> adopted = new HashMap<>();
        for (Lease lease : state.leases.values()) {
            if (lease.live()) {
                held.merge(lease.terms.user(), lease.workers, Integer::sum);
                adopted.merge(
                        lease.terms.user(),
                        !state.isOwnId(lease.terms.leaseId()),
                        Boolean::logicalOr);
            }
        }
        for (User user : state.users.values()) {
            int workers = held.getOrDefault(user.name, 0);
            require(user.held == workers, "held workers are miscounted", user.name);
            require(
                    workers <= state.config.maxWorkersPerUser()
                            || adopted.getOrDefault(user.name, false),
                    "over the quota",
                    user.name);
            require(workers > 0 || !user.queue.isEmpty(), "an idle user is kept", user.name);
        }
        require(state.users.keySet().containsAll(held.keySet()), "a user is missing", held);
    }

    private static void request(State state, Request request) {
        require(request.queued == request.pending > 0, "queued for nothing, or not", request.id);
        require(
                request.queued == request.user.queue.contains(request),
                "lost in its queue",
                request.id);
        require(
                request.over() == (request.live == 0 && request.pending == 0),
                "over, or not",
                request.id);
        int wanted = request.wish.memoryOnly() ? 1 : request.wish.workers();
        require(request.live + request.pending <= wanted, "too many", request.id);
        require(request.queued || !request.over() || request.heapIndex >= 0, "kept", request.id);
        require(
                !request.queued || state.nowMillis < request.aliveUntilMillis,
                "waits for a client that is silent",
                request.id);
        if (request.queued) {
            int room = state.config.maxWorkersPerUser() - request.user.held;
            int need = request.need();
            long memory = request.wish.memoryBytesPerWorker();
            boolean noneFits =
                    request.wish.memoryOnly()
                            ? Placer.memorySlots(state, request).isEmpty()
                            : state.index.capacity(memory, need) < need;
            require(need > room || noneFits, "waits though there is room", request.id);
        }
    }

    private static void index(State state) {
        long free = 0;
        int size = 0;
        for (Node node : state.nodes.values()) {
            for (OfferSlot slot : node.offers.values()) {
                if (slot.place != null) {
                    free += slot.free.size();
                    size++;
                }
            }
        }
        require(free == state.index.freeCores(), "free cores are miscounted", free);
        require(size == state.index.size(), "something forgotten is placeable", size);
        long queued = state.requests.values().stream().filter(request -> request.queued).count();
        require(queued == state.queuedRequests, "the queue is miscounted", queued);
        long forMemory =
                state.requests.values().stream()
                        .filter(request -> request.queued && request.wish.memoryOnly())
                        .count();
        require(forMemory == state.queuedForMemory, "who wants memory is miscounted", forMemory);
    }

    /** Everything that clients caused is over and forgotten; the nodes are up and free. */
    static void onlyNodesLeft(State state) {
        require(state.leases.isEmpty(), "leases are left", state.leases.keySet());
        require(state.requests.isEmpty(), "requests are left", state.requests.keySet());
        require(state.users.isEmpty(), "users are left", state.users.keySet());
        require(state.tombstones.isEmpty(), "ids are left", state.tombstones.keySet());
        require(state.requestDeadlines.size() == 0, "deadlines of requests are left", "");
        require(state.idleEnds.isEmpty(), "expectations are left", state.idleEnds);
        for (Node node : state.nodes.values()) {
            require(node.leases.isEmpty(), "leases are left", node.name);
            require(node.workersByUser.isEmpty(), "workers are left", node.workersByUser);
            require(node.placeable(), "not back in service", node.name);
        }
    }

    static void nothingLeft(State state) {
        require(state.nodes.isEmpty(), "nodes are left", state.nodes.keySet());
        require(state.hosts.isEmpty(), "hosts are left", state.hosts.keySet());
        require(state.index.size() == 0, "offers are left", state.index.size());
        require(state.deadlines.size() == 0, "deadlines are left", state.deadlines.size());
    }

    private static void require(boolean condition, String otherwise, Object what) {
        if (!condition) {
            throw new AssertionError(
                    otherwise + ": " + (what instanceof Lease lease ? lease.view() : what));
        }
    }
}
