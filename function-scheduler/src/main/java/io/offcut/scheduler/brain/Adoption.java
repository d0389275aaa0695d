package io.offcut.scheduler.brain;

import io.offcut.core.Offer;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What nodes say of leases: known ones move on, those of an earlier core are adopted, all others
 * must end.
 *
 * <p>A lease is adopted when it lies within an offer and beside all others, has not expired, and
 * neither it nor its request ended in this core. Its request is made again from what its terms say;
 * it wants no more workers and lives by renewal. What else an earlier core granted, and what ended
 * before this one heard of it, is accounted for and nothing more.
 */
final class Adoption {
    private final State state;
    private final Requests requests;
    private final Leases leases;

    Adoption(State state, Requests requests, Leases leases) {
        this.state = state;
        this.requests = requests;
        this.leases = leases;
    }

    /** Returns whether the node has a lease now that it may have to give back at once. */
    boolean reported(Node node, LeaseReport report) {
        Lease lease = node.leases.get(report.terms().leaseId());
        EndReason ended = report.endReason();
        if (ended != null) {
            if (lease != null) {
                lease.merge(report.usage());
                leases.gone(lease, ended);
            } else if (isNews(node, report.terms()) && ended != EndReason.REFUSED) {
                leases.account(node, report, ended);
            }
        } else if (lease != null) {
            leases.running(lease, report);
        } else {
            Request request = adoptable(node, report) ? requestFor(report.terms()) : null;
            if (request == null) {
                leases.haunt(node, report, isNews(node, report.terms()));
            } else {
                leases.adopt(node, request, report);
                return true;
            }
        }
        return false;
    }

    /** Whether only an earlier core can have granted it, there, and nothing of it is known here. */
    private boolean isNews(Node node, LeaseTerms terms) {
        return terms.nodeName().equals(node.name)
                && !terms.requestId().isEmpty()
                && !state.isOwnId(terms.leaseId())
                && !state.leases.containsKey(terms.leaseId())
                && !state.tombstones.containsKey(terms.leaseId());
    }

    private boolean adoptable(Node node, LeaseReport report) {
        LeaseTerms terms = report.terms();
        OfferSlot slot = node.offers.get(terms.offerId());
        return report.state() == LeaseState.ACTIVE
                && isNews(node, terms)
                && terms.expiresAtEpochMillis() > state.nowMillis
                && slot != null
                && slot.offer.cores().containsAll(terms.cores())
                && !node.taken.intersects(terms.cores())
                && withinMemory(node, slot.offer, terms);
    }

    private static boolean withinMemory(Node node, Offer offer, LeaseTerms terms) {
        long free = offer.memoryBytes();
        for (Lease lease : node.leases.values()) {
            if (lease.live() && lease.terms.offerId().equals(offer.offerId())) {
                free -= lease.terms.memoryBytes();
            }
        }
        return terms.memoryBytes() <= free;
    }

    /** The request of adopted terms, recreated or made larger; null when it is not theirs. */
    private @Nullable Request requestFor(LeaseTerms terms) {
        int workers = terms.cores().size();
        LeaseRequest wish = known(terms, workers);
        Request request = state.requests.get(terms.requestId());
        if (request == null) {
            return state.tombstones.containsKey(terms.requestId())
                    ? null
                    : requests.recreate(terms.requestId(), terms.user(), wish);
        }
        if (!request.adopted
                || request.over()
                || !request.user.name.equals(terms.user())
                || !request.wish.bundle().equals(terms.bundle())) {
            return null;
        }
        if (terms.memoryOnly()) {
            return request.wish.memoryOnly() ? request : null;
        }
        request.wish = known(terms, request.live + workers);
        return request;
    }

    private LeaseRequest known(LeaseTerms terms, int workers) {
        // The ttl asked for is not known: what is left, but enough for the client to find us again.
        long ttl =
                Math.max(
                        terms.expiresAtEpochMillis() - state.nowMillis,
                        state.config.activationMillis());
        if (terms.memoryOnly()) {
            return LeaseRequest.ofMemory(terms.memoryBytes(), ttl, 0, "", List.of());
        }
        return new LeaseRequest(
                terms.bundle(),
                workers,
                1,
                terms.memoryBytes() / terms.cores().size(),
                terms.payloadBytes(),
                ttl,
                0,
                terms.hotTimeoutMicros(),
                "",
                false);
    }
}
