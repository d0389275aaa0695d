package io.offcut.core.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node says of a batch job that runs on it that it wants workers. Said again while the job runs.
 *
 * @param user whose job it is
 * @param hostId of the node: workers there come first; empty for no wish
 * @param workers how many it wants from the start
 * @param memoryBytesPerWorker memory ceiling of each; 0 for the usual one
 * @param bundle name or SHA-256 of what they are for; null if the job did not say: then its
 *     programs ask by themselves
 * @param requestIds of its requests, as the last answer named them; empty at first. They tell a
 *     scheduler that was restarted meanwhile
 */
public record JobAnnouncement(
        String user,
        String hostId,
        int workers,
        long memoryBytesPerWorker,
        @Nullable String bundle,
        List<String> requestIds) {
    public JobAnnouncement {
        requestIds = List.copyOf(requestIds);
    }
}
