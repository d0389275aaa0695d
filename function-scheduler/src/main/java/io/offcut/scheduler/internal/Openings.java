package io.offcut.scheduler.internal;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.RequestView;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Requests whose answer waits until the nodes of their leases have said how the workers are
 * reached: the client then needs to ask nobody else. For the core's thread; answers leave on the
 * given executor.
 */
final class Openings {
    private final Executor answers;
    private final Map<String, Opening> waiting = new HashMap<>();

    Openings(Executor answers) {
        this.answers = answers;
    }

    /** One request. */
    static final class Opening {
        private final Set<String> missing = new HashSet<>();
        private final Map<String, List<ChannelDescriptor>> channels = new HashMap<>();

        /** Completes when nothing is missing; the caller may complete it empty. */
        final CompletableFuture<Optional<RequestView>> answer = new CompletableFuture<>();

        private Opening() {}

        boolean isOver() {
            return missing.isEmpty();
        }

        private LeaseView withChannels(LeaseView lease) {
            return lease.withAccess(
                    lease.token(), channels.getOrDefault(lease.leaseId(), List.of()));
        }
    }

    /** The request is about to be placed. */
    Opening begin(String requestId) {
        Opening opening = new Opening();
        waiting.put(requestId, opening);
        return opening;
    }

    /** Nobody waits any more. */
    void end(String requestId) {
        waiting.remove(requestId);
    }

    /** Whether somebody waits for this new lease, whose node can tell its channels. */
    boolean granted(String requestId, String leaseId) {
        Opening opening = waiting.get(requestId);
        return opening != null && opening.missing.add(leaseId);
    }

    /**
     * The lease is served, or has ended.
     *
     * @param channels none if it has ended
     * @param view the request as it stands; null when it is gone
     */
    void settled(
            String requestId,
            String leaseId,
            List<ChannelDescriptor> channels,
            @Nullable RequestView view) {
        Opening opening = waiting.get(requestId);
        if (opening == null || !opening.missing.remove(leaseId)) {
            return;
        }
        opening.channels.put(leaseId, channels);
        if (opening.isOver()) {
            waiting.remove(requestId);
            Optional<RequestView> answer =
                    Optional.ofNullable(view)
                            .map(seen ->
                                    seen.withLeases(
                                            seen.leases().stream()
                                                    .map(opening::withChannels)
                                                    .toList()));
            answers.execute(() -> opening.answer.complete(answer));
        }
    }
}
