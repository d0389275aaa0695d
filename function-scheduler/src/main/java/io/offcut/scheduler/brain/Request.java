package io.offcut.scheduler.brain;

import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A wish for workers. It wakes when it has waited long enough, when its client was not heard for a
 * ttl, and when it can be forgotten after its end.
 */
final class Request extends Timed {
    /**
     * Within one user: first who lost workers, then who has too few, then who would like more; each
     * by arrival.
     */
    static final Comparator<Request> BY_RANK =
            Comparator.<Request>comparingInt(request -> request.rank)
                    .thenComparingLong(request -> request.arrival);

    /** Ended leases kept to be shown; older ones are dropped first. */
    private static final int SHOWN_ENDED = 64;

    final String id;
    final User user;
    final long arrival;

    /** Recreated from what a node reported; its times and limits are guesses. */
    final boolean adopted;

    LeaseRequest wish;

    /** Workers of granted and active leases; of memory only, leases. */
    int live;

    /** Wanted and not granted. */
    int pending;

    /** Some of what is pending was lost to a reclaim. */
    boolean lostSome;

    boolean everGranted;
    boolean queued;

    /** Valid while queued: when it will have waited long enough. */
    long waitEndsAtMillis;

    /** Nothing is granted to it from then on, unless its client is heard before. */
    long aliveUntilMillis;

    /** Valid while queued: it may not change then. */
    int rank;

    /** Not to be tried before {@link OfferIndex#gained()} reached this. */
    long retryAtGained;

    long version = 1;
    @Nullable EndReason endReason;

    /** In the order they came, those that ended lately too. */
    private final Set<Lease> leases = new LinkedHashSet<>();

    /** Of these, those that are over, in the order in which they ended. */
    private final ArrayDeque<Lease> ended = new ArrayDeque<>();

    Request(String id, User user, LeaseRequest wish, long arrival, boolean adopted) {
        this.id = id;
        this.user = user;
        this.wish = wish;
        this.arrival = arrival;
        this.adopted = adopted;
    }

    boolean over() {
        return endReason != null;
    }

    /** How many workers must be granted at once, if any. */
    int need() {
        return Math.min(pending, Math.max(1, wish.minWorkers() - live));
    }

    int presentRank() {
        if (lostSome) {
            return 0;
        }
        return live < Math.max(1, wish.minWorkers()) ? 1 : 2;
    }

    void add(Lease lease) {
        leases.add(lease);
    }

    /** A copy: ending a lease may change the list. */
    List<Lease> leases() {
        return List.copyOf(leases);
    }

    boolean holdsNothing() {
        return leases.stream().allMatch(lease -> lease.state == LeaseState.ENDED);
    }

    /** A lease of it is over. */
    void ended(Lease lease) {
        ended.add(lease);
    }

    /** Drops ended leases that nobody needs to see any more. */
    void forgetEnded(long endedBeforeMillis) {
        for (Lease oldest = ended.peek();
                oldest != null
                        && (ended.size() > SHOWN_ENDED
                                || oldest.endedAtMillis <= endedBeforeMillis);
                oldest = ended.peek()) {
            leases.remove(oldest);
            ended.remove();
        }
    }

    RequestView view() {
        return new RequestView(
                id,
                user.name,
                wish.bundle(),
                version,
                wish.workers(),
                pending,
                endReason,
                null,
                leases.stream().map(Lease::view).toList());
    }
}
