package io.offcut.client;

import java.util.List;

/**
 * A pool of workers at one moment. Counters only grow.
 *
 * @param requestIds the scheduler's names for the requests behind it
 * @param workers ready to be called
 * @param wishedWorkers how many there should be
 * @param leases granted and not over; while they have fewer workers, some are being started
 * @param queued invocations that wait for a worker
 * @param completed invocations that ended, well or not
 * @param failed of these, how many not with OK
 * @param retries attempts that were lost and made again
 * @param lostWorkers workers that went away: reclaimed, expired, crashed, disconnected
 * @param schedulerReachable whether the scheduler answered the last time
 */
public record PoolStatus(
        List<String> requestIds,
        int workers,
        int wishedWorkers,
        int leases,
        int queued,
        long completed,
        long failed,
        long retries,
        long lostWorkers,
        boolean schedulerReachable) {
    public PoolStatus {
        requestIds = List.copyOf(requestIds);
    }
}
