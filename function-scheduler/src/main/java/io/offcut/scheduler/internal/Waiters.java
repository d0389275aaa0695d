package io.offcut.scheduler.internal;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.RequestView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Clients that wait for a request to change. Only the core's thread adds and wakes; answers leave
 * on the given executor, so that a slow client never holds the core up.
 */
final class Waiters {
    private static final int MAX_WAITERS = 100_000;

    private final Executor answers;
    private final Map<String, List<CompletableFuture<Optional<RequestView>>>> waiting =
            new HashMap<>();
    private int count;

    Waiters(Executor answers) {
        this.answers = answers;
    }

    /** A future that {@link #wake} completes; the caller may complete it empty when time is up. */
    CompletableFuture<Optional<RequestView>> add(String requestId) {
        if (count >= MAX_WAITERS) {
            throw new OffcutException(
                    ErrorCode.UNREACHABLE,
                    "too many clients wait for their requests; ask without waitMillis");
        }
        CompletableFuture<Optional<RequestView>> waiter = new CompletableFuture<>();
        waiting.computeIfAbsent(requestId, id -> new ArrayList<>(1)).add(waiter);
        count++;
        return waiter;
    }

    /** Forgets those that do not wait any longer. */
    void forgetDone(String requestId) {
        List<CompletableFuture<Optional<RequestView>>> waiters = waiting.get(requestId);
        if (waiters != null) {
            int before = waiters.size();
            waiters.removeIf(CompletableFuture::isDone);
            count -= before - waiters.size();
            if (waiters.isEmpty()) {
                waiting.remove(requestId);
            }
        }
    }

    void wake(String requestId, RequestView view) {
        List<CompletableFuture<Optional<RequestView>>> waiters = waiting.remove(requestId);
        if (waiters == null) {
            return;
        }
        count -= waiters.size();
        Optional<RequestView> answer = Optional.of(view);
        for (CompletableFuture<Optional<RequestView>> waiter : waiters) {
            answers.execute(() -> waiter.complete(answer));
        }
    }
}
