package io.offcut.scheduler.brain;

import io.offcut.core.lease.LeaseTerms;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** What one core promised, ended and accounted for, written down from its commands alone. */
final class Ledger {
    private final History history;

    /** Leases granted and not yet ended. */
    private final Set<String> openLeases = new HashSet<>();

    private final Set<String> endedLeases = new HashSet<>();
    private final Set<String> openRequests = new HashSet<>();
    private final Set<String> endedRequests = new HashSet<>();

    /** By node: the last terms signed of each lease that somebody might still use there. */
    private final Map<String, Map<String, LeaseTerms>> promised = new HashMap<>();

    Ledger(History history) {
        this.history = history;
    }

    void see(BrainCommand command) {
        switch (command) {
            case BrainCommand.Granted granted -> granted(granted.terms());
            case BrainCommand.Renewed renewed -> promise(renewed.terms());
            case BrainCommand.LeaseEnded ended -> leaseEnded(ended);
            case BrainCommand.RequestEnded ended ->
                    require(endedRequests.add(ended.requestId()), "request ended twice: " + ended);
            case BrainCommand.Served served -> {}
            case BrainCommand.RequestChanged changed -> openRequests.add(changed.requestId());
            case BrainCommand.ToNode order -> {}
        }
    }

    private void granted(LeaseTerms terms) {
        require(openLeases.add(terms.leaseId()), "granted twice: " + terms);
        require(!endedRequests.contains(terms.requestId()), "granted after its end: " + terms);
        Node node = history.brain.state().nodes.get(terms.nodeName());
        require(node != null, "granted on an unknown node: " + terms);
        require(
                history.now < history.client(terms).aliveUntilMillis() + History.LATE_MILLIS,
                "granted to a client that is silent: " + terms);
        promise(terms);
    }

    private void leaseEnded(BrainCommand.LeaseEnded ended) {
        String id = ended.terms().leaseId();
        require(endedLeases.add(id), "lease ended twice: " + ended);
        boolean adopted = !history.brain.state().isOwnId(id);
        require(openLeases.remove(id) || adopted, "ended without a grant: " + ended);
        require(ended.endedAtMillis() >= ended.grantedAtMillis(), "ended before it began");
    }

    /**
     * The strongest check: no token that the node would honour now, or is honouring, holds a core
     * of the new one.
     */
    private void promise(LeaseTerms terms) {
        FakeNode node = Objects.requireNonNull(history.nodes.get(terms.nodeName()));
        Node known = Objects.requireNonNull(history.brain.state().nodes.get(node.name));
        OfferSlot slot = known.offers.get(terms.offerId());
        require(
                slot != null && slot.offer.cores().containsAll(terms.cores()),
                "no offer: " + terms);
        require(
                slot != null && terms.expiresAtEpochMillis() <= slot.offer.untilEpochMillis(),
                "outlives its offer: " + terms);
        require(terms.expiresAtEpochMillis() > history.now, "expired at its grant: " + terms);
        Map<String, LeaseTerms> here = promised.computeIfAbsent(node.name, name -> new HashMap<>());
        here.values().removeIf(old -> !usable(old, node));
        for (LeaseTerms other : here.values()) {
            require(
                    other.leaseId().equals(terms.leaseId())
                            || !other.cores().intersects(terms.cores()),
                    "promised twice: " + other + " and " + terms);
        }
        here.put(terms.leaseId(), terms);
    }

    private boolean usable(LeaseTerms terms, FakeNode node) {
        return !node.everEnded.contains(terms.leaseId())
                && (node.holds(terms.leaseId())
                        || terms.expiresAtEpochMillis() > node.clockMillis());
    }

    void everythingEnded() {
        require(openLeases.isEmpty(), "leases never ended: " + openLeases);
        openRequests.removeAll(endedRequests);
        require(openRequests.isEmpty(), "requests never ended: " + openRequests);
    }

    static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
