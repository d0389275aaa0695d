package io.offcut.scheduler.brain;

import io.offcut.core.IdleEnd;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The scheduling core put together. One event is: what was due before it, the event, what became
 * due by it, then the queue is served, and last who has waited long enough is sent away.
 */
final class StateMachine implements Brain {
    private final State state;
    private final Requests requests;
    private final Leases leases;
    private final Nodes nodes;
    private final Placer placer;

    StateMachine(BrainConfig config, PlacementPolicy policy, String epoch) {
        state = new State(config, policy, epoch);
        requests = new Requests(state);
        leases = new Leases(state, requests);
        nodes = new Nodes(state, requests, leases);
        placer = new Placer(state, leases, requests);
    }

    @Override
    public List<BrainCommand> apply(long nowMillis, BrainEvent event) {
        long dueMillis = nextDeadlineMillis();
        state.nowMillis = nowMillis;
        if (Timed.later(dueMillis, state.config.heartbeatMillis()) < nowMillis) {
            nodes.bePatient();
        }
        wakeDue(state.deadlines);
        handle(event);
        wakeDue(state.deadlines);
        placer.pass();
        wakeDue(state.requestDeadlines);
        return state.takeCommands();
    }

    private void handle(BrainEvent event) {
        switch (event) {
            case BrainEvent.FromNode said ->
                    nodes.said(said.nodeName(), said.incarnation(), said.message());
            case BrainEvent.LinkLost lost -> nodes.linkLost(lost.nodeName(), lost.incarnation());
            case BrainEvent.NodeDrained drained ->
                    nodes.drain(drained.nodeName(), drained.reason());
            case BrainEvent.NodeResumed resumed -> nodes.resume(resumed.nodeName());
            case BrainEvent.IdleEndsExpected expected ->
                    nodes.expect(expected.nodeName(), expected.ends());
            case BrainEvent.WorkersRequested wanted -> requested(wanted);
            case BrainEvent.RequestRenewed renewed -> renew(renewed.requestId());
            case BrainEvent.RequestReleased released -> release(released.requestId());
            case BrainEvent.LeaseReleased released ->
                    endLease(released.leaseId(), EndReason.RELEASED);
            case BrainEvent.LeaseRevoked revoked -> endLease(revoked.leaseId(), EndReason.REVOKED);
            case BrainEvent.Tick tick -> {}
        }
    }

    private void requested(BrainEvent.WorkersRequested wanted) {
        Request request = requests.open(wanted.requestId(), wanted.user(), wanted.request());
        if (request != null) {
            placer.arrived(request);
        }
    }

    private void renew(String requestId) {
        Request request = state.requests.get(requestId);
        if (request != null && !request.over()) {
            requests.alive(request);
            request.leases().forEach(lease -> leases.renew(lease, request.wish.ttlMillis()));
        }
    }

    private void release(String requestId) {
        Request request = state.requests.get(requestId);
        if (request != null && !request.over()) {
            requests.end(request, EndReason.RELEASED, "released by its client");
            request.leases().forEach(lease -> leases.revoke(lease, EndReason.RELEASED));
        }
    }

    private void endLease(String leaseId, EndReason reason) {
        Lease lease = state.leases.get(leaseId);
        if (lease != null) {
            leases.revoke(lease, reason);
        }
    }

    private void wakeDue(Deadlines due) {
        for (Timed next = due.pollDue(state.nowMillis);
                next != null;
                next = due.pollDue(state.nowMillis)) {
            switch (next) {
                case Node node -> nodes.wake(node);
                case OfferSlot slot -> nodes.wake(slot);
                case Lease lease -> leases.wake(lease);
                case Request request -> requests.wake(request);
                case Tombstone tombstone -> state.tombstones.remove(tombstone.id);
            }
        }
    }

    @Override
    public long nextDeadlineMillis() {
        return Math.min(state.deadlines.nextMillis(), state.requestDeadlines.nextMillis());
    }

    @Override
    public List<NodeView> nodes(long nowMillis) {
        List<NodeView> views = new ArrayList<>(state.nodes.size());
        for (Node node : state.nodes.values()) {
            NodeDescriptor descriptor = node.descriptor;
            if (descriptor != null) {
                views.add(view(node, descriptor, nowMillis));
            }
        }
        return views;
    }

    private NodeView view(Node node, NodeDescriptor descriptor, long nowMillis) {
        long memoryBytes = 0;
        for (Lease lease : node.lost ? List.<Lease>of() : node.leases.values()) {
            memoryBytes += Math.min(lease.terms.memoryBytes(), Long.MAX_VALUE - memoryBytes);
        }
        Map<String, IdleEnd> ends = new HashMap<>();
        node.offers.forEach((id, slot) -> {
            if (slot.end != null) {
                ends.put(id, slot.end);
            }
        });
        NodeView.State shown = node.drained ? NodeView.State.DRAINED : NodeView.State.UP;
        return new NodeView(
                descriptor,
                node.lost ? NodeView.State.LOST : shown,
                state.drained.get(node.name),
                Math.max(0, nowMillis - node.heardAtMillis),
                node.offers.values().stream().map(slot -> slot.offer).toList(),
                ends,
                // Kept free until their tokens are dead, and leased to nobody.
                node.lost ? 0 : node.taken.size(),
                memoryBytes);
    }

    @Override
    public @Nullable RequestView request(String requestId) {
        Request request = state.requests.get(requestId);
        return request == null ? null : request.view();
    }

    @Override
    public List<RequestView> requests() {
        return state.requests.values().stream()
                .filter(request -> !request.over())
                .map(Request::view)
                .toList();
    }

    /** The tables, for tests that look for leaks and broken invariants. */
    State state() {
        return state;
    }
}
