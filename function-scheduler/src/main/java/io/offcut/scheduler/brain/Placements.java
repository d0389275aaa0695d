package io.offcut.scheduler.brain;

import io.offcut.core.api.LeaseRequest;
import io.offcut.scheduler.brain.PlacementPolicy.Candidate;

/** The placement policies that come with the core. */
public final class Placements {
    private Placements() {}

    /**
     * Longest expected lifetime first, in coarse classes; then the client's own host; then the
     * offer that the wanted workers fill best; then the node where the user has the fewest workers,
     * so that one reclaim does not take everything from one user.
     */
    public static PlacementPolicy defaultPolicy() {
        return (a, b, request, workers, now) -> {
            int order = Integer.compare(lifetime(b, now), lifetime(a, now));
            if (order == 0) {
                order = Boolean.compare(onHost(b, request), onHost(a, request));
            }
            if (order == 0) {
                order = compareFit(a, b, request, workers);
            }
            return order != 0 ? order : Integer.compare(a.workersOfUser(), b.workersOfUser());
        };
    }

    /**
     * The client's own host first, then the offer with the least room, however long it lives: keeps
     * whole offers free for those who want many workers in one place.
     */
    public static PlacementPolicy pack() {
        return (a, b, request, workers, now) -> {
            int order = Boolean.compare(onHost(b, request), onHost(a, request));
            if (order == 0) {
                order = Integer.compare(a.freeCores(), b.freeCores());
            }
            if (order == 0) {
                order = Long.compare(a.freeMemoryBytes(), b.freeMemoryBytes());
            }
            return order != 0 ? order : Integer.compare(lifetime(b, now), lifetime(a, now));
        };
    }

    private static int lifetime(Candidate candidate, long nowMillis) {
        return Lifetimes.classOf(candidate.offer().untilEpochMillis(), nowMillis);
    }

    private static boolean onHost(Candidate candidate, LeaseRequest request) {
        return !request.preferredHostId().isEmpty()
                && candidate.hostId().equals(request.preferredHostId());
    }

    /** Takes all workers before takes some; then leaves the fewest cores, then bytes, over. */
    private static int compareFit(Candidate a, Candidate b, LeaseRequest request, int workers) {
        int fitsA = workersThatFit(a, request, workers);
        int fitsB = workersThatFit(b, request, workers);
        if (fitsA != fitsB) {
            return Integer.compare(fitsB, fitsA);
        }
        int order = Integer.compare(a.freeCores(), b.freeCores());
        return order != 0 ? order : Long.compare(a.freeMemoryBytes(), b.freeMemoryBytes());
    }

    private static int workersThatFit(Candidate candidate, LeaseRequest request, int workers) {
        int cores = Math.min(workers, candidate.freeCores());
        long bytes = request.memoryBytesPerWorker();
        return bytes <= 0 ? cores : (int) Math.min(cores, candidate.freeMemoryBytes() / bytes);
    }
}
