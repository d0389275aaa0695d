package io.offcut.client;

import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

/** A call whose caller goes on. Cancelling its future takes it from the queue. */
final class FutureInvocation extends Invocation {
    private final CompletableFuture<Result> future =
            new CompletableFuture<>() {
                @Override
                public boolean cancel(boolean mayInterruptIfRunning) {
                    boolean cancelled = super.cancel(mayInterruptIfRunning);
                    end(InvocationStatus.CANCELLED, "");
                    return cancelled;
                }
            };

    FutureInvocation(
            int functionIndex, boolean idempotent, MemorySegment input, long deadlineNanos) {
        super(functionIndex, idempotent, input, deadlineNanos, 0);
    }

    CompletableFuture<Result> future() {
        return future;
    }

    @Override
    void onEnd() {
        try {
            future.complete(result());
        } catch (OffcutException e) {
            future.completeExceptionally(e);
        }
    }
}
