package io.offcut.scheduler.brain;

import io.offcut.core.Offer;
import io.offcut.core.api.LeaseRequest;
import java.util.List;

/**
 * Decides which offer the next workers of a request are cut from. Pure: same arguments, same
 * answer.
 *
 * <p>With thousands of nodes a policy is not shown every offer. It sees all offers on the client's
 * own host, and of each kind (class of expected lifetime, number of free cores) a few: those with
 * the least free memory that still holds all the workers, or, when none does, those with the most;
 * among equals those that were left alone longest. Every candidate has room for one worker at
 * least, and whenever any offer has, there is a candidate. For a wish for memory alone every
 * candidate has that memory, and may have no free core.
 */
@FunctionalInterface
public interface PlacementPolicy {
    /**
     * One place where workers could go.
     *
     * @param freeCores cores of the offer that no lease holds
     * @param freeMemoryBytes memory of the offer that no lease holds
     * @param workersOfUser workers that the same user already has on this node
     */
    record Candidate(
            String nodeName,
            String hostId,
            Offer offer,
            int freeCores,
            long freeMemoryBytes,
            int workersOfUser) {}

    /**
     * Orders two candidates for a request: the smaller one is taken first.
     *
     * @param workers how many workers are still to be placed; 0 for memory alone
     */
    int compare(Candidate a, Candidate b, LeaseRequest request, int workers, long nowMillis);

    /**
     * The first of the candidates by {@link #compare}; ties are broken by node name and offer id.
     */
    default Candidate choose(
            List<Candidate> candidates, LeaseRequest request, int workers, long nowMillis) {
        Candidate best = candidates.getFirst();
        for (Candidate candidate : candidates) {
            int order = compare(candidate, best, request, workers, nowMillis);
            if (order == 0) {
                order = candidate.nodeName().compareTo(best.nodeName());
            }
            if (order == 0) {
                order = candidate.offer().offerId().compareTo(best.offer().offerId());
            }
            if (order < 0) {
                best = candidate;
            }
        }
        return best;
    }
}
