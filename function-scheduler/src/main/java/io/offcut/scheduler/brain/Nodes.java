package io.offcut.scheduler.brain;

import io.offcut.core.CpuSet;
import io.offcut.core.IdleEnd;
import io.offcut.core.Offer;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known of nodes, and what follows from what they say.
 *
 * <pre>
 *                 snapshot
 *   (unknown) ──▶ UNSYNCED ◀──gap, link lost, new daemon, refusal──▶ SYNCED
 *      ▲              │  silent for the node time-out                   │
 *      │              ▼                                                 │
 *      └──forgotten─ LOST ◀─────────────────────────────────────────────┘
 *                     └──snapshot──▶ SYNCED
 * </pre>
 *
 * <p>Only a synced node gets leases. Of an unsynced one nothing but a snapshot is believed, though
 * whatever it says shows that it lives; its leases stay. Messages of one daemon count upwards: what
 * is not newer than the last one is dropped, what is more than one newer shows a gap.
 */
final class Nodes {
    /** Which leases of an offer may stay when not all can: memory only last, the oldest first. */
    private static final Comparator<Lease> OLDEST_FIRST =
            Comparator.<Lease, Boolean>comparing(lease -> lease.terms.memoryOnly())
                    .thenComparingLong(lease -> lease.openedOrder)
                    .thenComparingLong(lease -> lease.grantedAtMillis);

    private final State state;
    private final Leases leases;
    private final Adoption adoption;

    /** No node is lost before: the caller was late, and with it what the nodes said. */
    private long patientUntilMillis = Long.MIN_VALUE;

    Nodes(State state, Requests requests, Leases leases) {
        this.state = state;
        this.leases = leases;
        this.adoption = new Adoption(state, requests, leases);
    }

    /** This event came so late that silence of nodes proves nothing. */
    void bePatient() {
        patientUntilMillis = Timed.later(state.nowMillis, state.config.heartbeatMillis());
    }

    void said(String name, long incarnation, NodeMessage message) {
        Node node = state.nodes.get(name);
        if (node == null) {
            node = new Node(name);
            node.drained = state.drained.containsKey(name);
            state.nodes.put(name, node);
        }
        if (incarnation < node.incarnation) {
            return;
        }
        if (incarnation > node.incarnation) {
            node.incarnation = incarnation;
            node.lastSequence = 0;
            unsync(node);
        }
        if (message.sequence() <= node.lastSequence) {
            return;
        }
        boolean gap = message.sequence() != node.lastSequence + 1;
        node.lastSequence = message.sequence();
        node.heardAtMillis = state.nowMillis;
        if (node.heapIndex < 0) {
            state.deadlines.set(node, silentAtMillis(node));
        }
        if (message instanceof NodeMessage.Snapshot snapshot) {
            snapshot(node, snapshot);
        } else if (gap || !node.synced) {
            unsync(node);
            askSnapshot(node);
        } else {
            changed(node, message);
        }
    }

    private void changed(Node node, NodeMessage message) {
        switch (message) {
            case NodeMessage.OffersChanged offers -> {
                for (String id : offers.withdrawnOfferIds()) {
                    withdraw(node, id);
                }
                for (Offer offer : offers.changed()) {
                    offer(node, offer);
                }
                fitLeases(node);
            }
            case NodeMessage.LeaseChanged change -> reported(node, change.lease());
            case NodeMessage.LeaseServed served -> {
                reported(node, served.lease());
                LeaseTerms terms = served.lease().terms();
                if (node.leases.containsKey(terms.leaseId())) {
                    state.emit(
                            new BrainCommand.Served(
                                    terms.requestId(), terms.leaseId(), served.channels()));
                }
            }
            case NodeMessage.Heartbeat heartbeat -> {}
            case NodeMessage.Snapshot snapshot -> {}
        }
    }

    private void reported(Node node, LeaseReport lease) {
        if (adoption.reported(node, lease)) {
            fitLeases(node);
        }
        if (lease.endReason() == EndReason.REFUSED) {
            // It does not have what we believe it has.
            unsync(node);
            askSnapshot(node);
        }
    }

    private void snapshot(Node node, NodeMessage.Snapshot snapshot) {
        if (snapshot.protocolVersion() != NodeMessage.PROTOCOL_VERSION
                || snapshot.incarnation() != node.incarnation
                || !snapshot.node().name().equals(node.name)) {
            unsync(node);
            return;
        }
        describe(node, snapshot);
        node.synced = true;
        node.lost = false;
        node.askedAtMillis = Long.MIN_VALUE / 2;
        Set<String> kept = new HashSet<>();
        snapshot.offers().forEach(offer -> kept.add(offer.offerId()));
        List.copyOf(node.offers.keySet()).stream()
                .filter(id -> !kept.contains(id))
                .forEach(id -> withdraw(node, id));
        snapshot.offers().forEach(offer -> offer(node, offer));
        Set<String> named = new HashSet<>();
        snapshot.leases().forEach(report -> named.add(report.terms().leaseId()));
        List<Lease> unnamed =
                node.leases.values().stream()
                        .filter(lease -> !named.contains(lease.terms.leaseId()))
                        .toList();
        unnamed.forEach(this::notNamed);
        snapshot.leases().forEach(report -> adoption.reported(node, report));
        fitLeases(node);
        state.deadlines.set(node, silentAtMillis(node));
    }

    private void describe(Node node, NodeMessage.Snapshot snapshot) {
        forgetHost(node);
        node.descriptor = snapshot.node();
        state.hosts.computeIfAbsent(node.hostId(), h -> new TreeMap<>()).put(node.name, node);
    }

    private void forgetHost(Node node) {
        TreeMap<String, Node> host = state.hosts.get(node.hostId());
        if (host != null && host.remove(node.name, node) && host.isEmpty()) {
            state.hosts.remove(node.hostId());
        }
    }

    private void notNamed(Lease lease) {
        if (lease.openedByPresentDaemon()) {
            leases.gone(lease, EndReason.NODE_LOST);
        } else if (lease.state == LeaseState.ACTIVE) {
            // An earlier daemon ran it. This one does not, but might still accept its token.
            leases.revoke(lease, EndReason.NODE_LOST);
        } else if (!lease.live()) {
            leases.sendEnd(lease);
        }
    }

    private void withdraw(Node node, String offerId) {
        OfferSlot slot = node.offers.remove(offerId);
        if (slot != null) {
            state.index.remove(slot);
            state.deadlines.remove(slot);
        }
    }

    private void offer(Node node, Offer offer) {
        OfferSlot slot = node.offers.get(offer.offerId());
        if (slot == null) {
            slot = new OfferSlot(node, offer);
            node.offers.put(offer.offerId(), slot);
        }
        slot.told = offer;
        expectEnd(slot);
    }

    private void expectEnd(OfferSlot slot) {
        slot.expectEnd(state.idleEnds.getOrDefault(slot.node.name, List.of()), state.nowMillis);
    }

    /** Offers of one node share no core; if they say so nevertheless, the first one has it. */
    private static void separate(Node node) {
        CpuSet claimed = CpuSet.empty();
        for (OfferSlot slot : node.offers.values()) {
            slot.cores = slot.offer.cores().minus(claimed);
            claimed = claimed.plus(slot.cores);
        }
    }

    /** Ends leases that no longer fit the offers, and counts what is free. */
    private void fitLeases(Node node) {
        separate(node);
        Map<String, Long> usedBytes = new HashMap<>();
        for (Lease lease : live(node)) {
            if (node.drained) {
                leases.revoke(lease, EndReason.DRAINED);
            } else if (!fits(lease, node.offers.get(lease.terms.offerId()), usedBytes)) {
                leases.revoke(lease, EndReason.RECLAIMED);
            }
        }
        leases.refresh(node);
    }

    private static List<Lease> live(Node node) {
        List<Lease> live = new ArrayList<>(node.leases.size());
        for (Lease lease : node.leases.values()) {
            if (lease.live()) {
                live.add(lease);
            }
        }
        live.sort(OLDEST_FIRST);
        return live;
    }

    private boolean fits(Lease lease, @Nullable OfferSlot slot, Map<String, Long> usedBytes) {
        if (slot == null || !slot.offer.cores().containsAll(lease.terms.cores())) {
            return false;
        }
        long used = usedBytes.getOrDefault(slot.offer.offerId(), 0L);
        if (lease.terms.memoryBytes() > slot.offer.memoryBytes() - used) {
            return false;
        }
        usedBytes.put(slot.offer.offerId(), used + lease.terms.memoryBytes());
        leases.offerEnds(lease, slot.offer.untilEpochMillis());
        return true;
    }

    void linkLost(String name, long incarnation) {
        Node node = state.nodes.get(name);
        if (node != null && node.incarnation == incarnation) {
            unsync(node);
            // The next message is answered with the question, however soon it comes.
            node.askedAtMillis = Long.MIN_VALUE / 2;
        }
    }

    private void unsync(Node node) {
        if (node.synced) {
            node.synced = false;
            leases.refresh(node);
        }
    }

    private void askSnapshot(Node node) {
        if (state.nowMillis - node.askedAtMillis >= state.config.heartbeatMillis()) {
            node.askedAtMillis = state.nowMillis;
            state.send(node, new SchedulerMessage.SendSnapshot());
        }
    }

    void drain(String name, String reason) {
        state.drained.put(name, reason);
        Node node = state.nodes.get(name);
        if (node != null) {
            node.drained = true;
            fitLeases(node);
        }
    }

    void resume(String name) {
        state.drained.remove(name);
        Node node = state.nodes.get(name);
        if (node != null) {
            node.drained = false;
            leases.refresh(node);
        }
    }

    /** Somebody outside knows more, or other things than before, of when idleness ends. */
    void expect(String name, List<IdleEnd> ends) {
        if (ends.isEmpty()) {
            state.idleEnds.remove(name);
        } else {
            state.idleEnds.put(name, ends);
        }
        Node node = state.nodes.get(name);
        if (node != null) {
            node.offers.values().forEach(this::expectEnd);
            fitLeases(node);
        }
    }

    /** An offer has less time left, or what was to end it has not come. */
    void wake(OfferSlot slot) {
        Offer before = slot.offer;
        expectEnd(slot);
        if (slot.offer.equals(before)) {
            leases.refresh(slot);
        } else {
            fitLeases(slot.node);
        }
    }

    /** A node may have been silent too long. */
    void wake(Node node) {
        long now = state.nowMillis;
        if (node.lost) {
            forgetOrWait(node);
        } else if (now < silentAtMillis(node)) {
            state.deadlines.set(node, silentAtMillis(node));
        } else if (now < patientUntilMillis) {
            state.deadlines.set(node, patientUntilMillis);
        } else {
            lose(node);
        }
    }

    private void lose(Node node) {
        node.lost = true;
        node.synced = false;
        List.copyOf(node.leases.values()).forEach(leases::nodeLost);
        leases.refresh(node);
        forgetOrWait(node);
    }

    private void forgetOrWait(Node node) {
        long forgetAt = Timed.later(node.heardAtMillis, state.config.rememberEndedMillis());
        forgetAt = Math.max(forgetAt, silentAtMillis(node));
        if (state.nowMillis < forgetAt) {
            state.deadlines.set(node, forgetAt);
        } else if (!node.leases.isEmpty()) {
            state.deadlines.set(node, Timed.later(state.nowMillis, state.slackMillis()));
        } else {
            List.copyOf(node.offers.keySet()).forEach(id -> withdraw(node, id));
            forgetHost(node);
            state.nodes.remove(node.name);
        }
    }

    private long silentAtMillis(Node node) {
        return Timed.later(node.heardAtMillis, state.config.nodeTimeoutMillis());
    }
}
