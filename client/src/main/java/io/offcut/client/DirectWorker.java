package io.offcut.client;

import io.offcut.executor.InvocationChannel;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A worker that one thread uses by itself, without queue, copies or another thread in between: the
 * input is written in place, the result is read in place, and a call over shared memory makes no
 * system call, takes no lock and allocates nothing.
 *
 * <pre>{@code
 * try (WorkerPool pool = client.lease(LeaseOptions.of("model/step"));
 *         DirectWorker worker = pool.take(Duration.ofSeconds(10))) {
 *     InvocationChannel channel = worker.channel();
 *     int slot = channel.acquire();
 *     channel.input(slot).set(JAVA_DOUBLE, 0, x);
 *     channel.post(slot, 1, worker.functionIndex("step"), 8, 0);
 *     int done = channel.await(1_000_000_000);
 *     double y = channel.result(done).get(JAVA_DOUBLE, 0);
 *     channel.release(done);
 * }
 * }</pre>
 *
 * <p>The pool goes on renewing the lease. It moves nothing to another worker: a revoked worker
 * completes every slot with the status that says why ({@link InvocationChannel#ended}); close it
 * and take another. For one thread at a time.
 */
public final class DirectWorker implements AutoCloseable {
    private final Loan loan;
    private final InvocationChannel channel;
    private final WorkerPool pool;

    DirectWorker(Loan loan, InvocationChannel channel, WorkerPool pool) {
        this.loan = loan;
        this.channel = channel;
        this.pool = pool;
    }

    /**
     * One channel, handed by its loop to whoever asked, and given back once.
     *
     * @param given null when the loop had ended instead
     * @param back completed by the borrower
     */
    record Loan(
            CompletableFuture<@Nullable InvocationChannel> given, CompletableFuture<Boolean> back) {
        Loan() {
            this(new CompletableFuture<>(), new CompletableFuture<>());
        }
    }

    /** The channel to the worker; its memory is gone once this is closed. */
    public InvocationChannel channel() {
        return channel;
    }

    /**
     * What to post for a function of the bundle.
     *
     * @throws io.offcut.core.OffcutException {@code NOT_FOUND} if the bundle has none of this name
     */
    public int functionIndex(String name) {
        return pool.functionIndex(name);
    }

    /** Gives the worker back to its pool. What is outstanding is dropped. Does not block. */
    @Override
    public void close() {
        loan.back().complete(true);
    }
}
