package io.offcut.client;

import io.offcut.client.internal.NodeApi;
import io.offcut.client.internal.SchedulerApi;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.FunctionView;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.RequestView;
import io.offcut.core.api.ResolvedFunction;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.function.FunctionSpec;
import io.offcut.executor.Channels;
import io.offcut.executor.InvocationChannel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Workers for the functions of one bundle. The pool holds a wish for so many workers at the
 * scheduler, and uses whatever it is granted: workers come, are taken away and come again while
 * calls go on. It keeps its leases alive until it is closed.
 *
 * <p>A call waits in the pool while there is no worker. An idempotent function whose worker goes
 * away is run again elsewhere ({@link RetryPolicy}); another one ends with the status that says
 * what happened. Either way each call ends once, with one result.
 *
 * <p>Safe for use by any thread. Inputs must not change until their call has ended.
 */
public final class WorkerPool implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerPool.class);
    private static final long TAKE_PAUSE_MILLIS = 5;

    // Never started: stands for "some other thread" where memory may belong to one.
    private static final Thread ANOTHER = Thread.ofPlatform().unstarted(() -> {});

    private final ResolvedFunction function;
    private final Map<String, Integer> indices = new HashMap<>();
    private final PoolContext context;
    private final SchedulerApi scheduler;
    private final LeaseBook leases;
    private final int wishedWorkers;
    private final Wish wish;

    WorkerPool(
            SchedulerApi scheduler,
            NodeApi nodes,
            ChannelOpener channels,
            LeaseOptions options,
            String hostId,
            Timing timing) {
        this.scheduler = scheduler;
        RequestView first = scheduler.submit(options.toRequest(options.function(), hostId));
        this.function = resolved(first, options.function());
        this.wishedWorkers = options.workers();
        List<FunctionSpec> specs = function.view().manifest().functions();
        for (int i = 0; i < specs.size(); i++) {
            indices.put(specs.get(i).name(), i);
            indices.put(function.view().manifest().name() + "/" + specs.get(i).name(), i);
        }
        this.context =
                new PoolContext(new WorkQueue(), options.retry(), new PoolCounters(), timing);
        this.leases =
                new LeaseBook(
                        nodes,
                        channels,
                        context,
                        hostId,
                        Channels.possible(options.transports()),
                        this::giveBack);
        this.wish =
                new Wish(
                        scheduler,
                        options.toRequest(first.bundle(), hostId),
                        first,
                        leases,
                        context.counters(),
                        this::fail);
        leases.apply(first);
        wish.start();
    }

    /** The scheduler has chosen the bundle; which of its functions is meant is told from that. */
    private ResolvedFunction resolved(RequestView request, String reference) {
        try {
            FunctionView bundle = request.function();
            if (bundle == null) {
                throw new OffcutException(
                        ErrorCode.WRONG_VERSION,
                        "scheduler: answered a request for workers without its bundle: use the"
                                + " same release on both sides");
            }
            return ResolvedFunction.resolve(reference, List.of(bundle), bundle.owner());
        } catch (OffcutException e) {
            scheduler.release(request.requestId());
            throw e;
        }
    }

    /** The function the pool was made for. */
    public ResolvedFunction function() {
        return function;
    }

    /** The bundle whose functions can be called. */
    public FunctionView bundle() {
        return function.view();
    }

    // --- calls

    /** Calls the pool's function and waits, as long as it takes, also for a worker. */
    public Result invoke(byte[] input) {
        return invoke(function.spec().name(), MemorySegment.ofArray(input), Duration.ZERO);
    }

    /** Calls a function of the bundle and waits, as long as it takes, also for a worker. */
    public Result invoke(String name, byte[] input) {
        return invoke(name, MemorySegment.ofArray(input), Duration.ZERO);
    }

    /**
     * Calls a function of the bundle and waits.
     *
     * @param limit how long at most, the wait for a worker included, then the result is {@link
     *     InvocationStatus#TIMED_OUT}; zero for no limit
     * @return also for a failure; {@link InvocationStatus#CANCELLED} when the thread is interrupted
     * @throws OffcutException {@link ErrorCode#NOT_FOUND} if there is no such function; or why the
     *     pool has and gets no workers
     */
    public Result invoke(String name, MemorySegment input, Duration limit) {
        int index = indexOf(name);
        BlockingInvocation call =
                new BlockingInvocation(
                        index, idempotent(index), shareable(input), deadlineNanos(limit));
        context.queue().put(call);
        return call.join(context.timing().spinNanos());
    }

    /** Calls the pool's function and goes on. */
    public CompletableFuture<Result> invokeAsync(byte[] input) {
        return invokeAsync(function.spec().name(), MemorySegment.ofArray(input), Duration.ZERO);
    }

    /** Calls a function of the bundle and goes on. */
    public CompletableFuture<Result> invokeAsync(String name, byte[] input) {
        return invokeAsync(name, MemorySegment.ofArray(input), Duration.ZERO);
    }

    /**
     * Calls a function of the bundle and goes on. The future ends with a result, also for a failed
     * call; exceptionally only when the pool fails. It is completed by a worker's thread: whatever
     * hangs on it must be short or asynchronous. Cancelling it takes the call from the queue, or
     * drops the result if it runs already.
     *
     * @param limit as for {@link #invoke(String, MemorySegment, Duration)}
     */
    public CompletableFuture<Result> invokeAsync(String name, MemorySegment input, Duration limit) {
        int index = indexOf(name);
        FutureInvocation call =
                new FutureInvocation(
                        index, idempotent(index), shareable(input), deadlineNanos(limit));
        if (!limit.isZero()) {
            CompletableFuture.delayedExecutor(limit.toNanos(), TimeUnit.NANOSECONDS)
                    .execute(() ->
                            call.end(
                                    InvocationStatus.TIMED_OUT,
                                    "no result within the caller's time"));
        }
        context.queue().put(call);
        return call.future();
    }

    /** Calls a function once for each input and waits for all. Results are in that order. */
    public List<Result> invokeAll(String name, List<byte[]> inputs) {
        List<Result> results = new ArrayList<>(inputs.size());
        Iterator<byte[]> each = inputs.iterator();
        map(
                name,
                new Iterator<Item<Boolean>>() {
                    @Override
                    public boolean hasNext() {
                        return each.hasNext();
                    }

                    @Override
                    public Item<Boolean> next() {
                        return Item.of(true, each.next());
                    }
                },
                MapOptions.inOrder(),
                (tag, result) -> results.add(result));
        return results;
    }

    /**
     * Calls a function for each item and keeps all workers busy meanwhile. Returns when the handler
     * has had all results, or when this thread was interrupted; the rest is then dropped.
     *
     * @param items read from one other thread, as far ahead as the options allow; may block
     * @param handler called by this thread only
     * @throws OffcutException if the pool has and gets no workers; whatever iterator or handler
     *     throw is passed on
     */
    public <T> MapSummary map(
            String name, Iterator<Item<T>> items, MapOptions options, ResultHandler<T> handler) {
        int index = indexOf(name);
        return new MapRun<T>(context.queue(), index, idempotent(index), options, handler)
                .run(items);
    }

    /**
     * Computes a function for each input, by this program and by the pool's workers at once: as
     * many go to workers as come back in time ({@link OffloadPlanner}). This thread computes, and
     * as many more as the model has local threads; results are waited for only where that is
     * faster. Inputs must not change, and whether a result comes from here or there must not
     * matter. Returns when all are there; what is late is dropped.
     *
     * @param local computes here what the function does there; called by the local threads
     * @param model what is known before; {@link OffloadModel#of} where that is nothing. Its workers
     *     are replaced by those the pool has
     * @throws OffcutException {@link ErrorCode#NOT_FOUND} if there is no such function, {@link
     *     ErrorCode#USAGE} if it is not idempotent; whatever the local function throws is passed on
     */
    public OffloadSummary offload(
            String name, List<byte[]> inputs, UnaryOperator<byte[]> local, OffloadModel model)
            throws InterruptedException {
        if (!idempotent(indexOf(name))) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "function "
                            + name
                            + ": is not idempotent, and a late task is computed again: say"
                            + " 'idempotent: true' in its manifest or call it yourself");
        }
        return new OffloadRun(this, name, inputs, local, model).run();
    }

    /**
     * Takes one worker out of the pool, for a thread that wants to call it with nothing in between.
     * Blocks until one is free of calls.
     *
     * @param limit how long at most
     * @throws OffcutException {@code NO_CAPACITY} if there is none in time; or why there will be
     *     none
     */
    public DirectWorker take(Duration limit) throws InterruptedException {
        long until = System.nanoTime() + limit.toNanos();
        for (long left = limit.toNanos(); left > 0; left = until - System.nanoTime()) {
            DirectWorker.Loan loan = leases.lend();
            if (loan != null) {
                InvocationChannel channel = given(loan, left);
                if (channel != null) {
                    return new DirectWorker(loan, channel, this);
                }
            } else if (!awaitWorkers(1, Duration.ofNanos(left))) {
                break;
            } else {
                Thread.sleep(TAKE_PAUSE_MILLIS);
            }
        }
        throw new OffcutException(
                ErrorCode.NO_CAPACITY,
                "no worker was free within " + limit.toMillis() + " ms: lease more or wait longer");
    }

    private static @Nullable InvocationChannel given(DirectWorker.Loan loan, long nanos)
            throws InterruptedException {
        try {
            return loan.given().get(nanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            loan.back().complete(true);
            return null;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    int workers() {
        return leases.workers();
    }

    int functionIndex(String name) {
        return indexOf(name);
    }

    private int indexOf(String name) {
        Integer index = indices.get(name);
        if (index == null) {
            // Throws with what there is.
            return ResolvedFunction.resolve(
                            name.contains("/")
                                    ? name
                                    : function.view().manifest().name() + "/" + name,
                            List.of(function.view()),
                            function.view().owner())
                    .index();
        }
        return index;
    }

    private boolean idempotent(int index) {
        return function.view().manifest().functions().get(index).idempotent();
    }

    private static MemorySegment shareable(MemorySegment input) {
        return input.isAccessibleBy(ANOTHER)
                ? input
                : MemorySegment.ofArray(input.toArray(ValueLayout.JAVA_BYTE));
    }

    private static long deadlineNanos(Duration limit) {
        return limit.isZero() ? Invocation.NEVER_NANOS : System.nanoTime() + limit.toNanos();
    }

    // --- state

    /**
     * Waits for workers.
     *
     * @return whether so many are there
     * @throws OffcutException why there will be none
     */
    public boolean awaitWorkers(int count, Duration limit) throws InterruptedException {
        boolean there = leases.awaitWorkers(count, limit.toNanos());
        OffcutException why = context.queue().closed();
        if (!there && why != null) {
            throw why;
        }
        return there;
    }

    /** How the pool stands. Cheap. */
    public PoolStatus status() {
        PoolCounters counters = context.counters();
        return new PoolStatus(
                wish.requestIds(),
                leases.workers(),
                wishedWorkers,
                leases.leases(),
                context.queue().size(),
                counters.completed.sum(),
                counters.failed.sum(),
                counters.retries.sum(),
                counters.lostWorkers.sum(),
                wish.schedulerReachable());
    }

    private void fail(OffcutException why) {
        context.queue().close(why);
        leases.wakeWaiters();
    }

    private void giveBack(LeaseView lease) {
        try {
            scheduler.release(lease.requestId(), lease.leaseId());
        } catch (OffcutException e) {
            LOG.info("lease {} not given back: {}", lease.leaseId(), e.getMessage());
        }
    }

    /**
     * Gives all workers back and ends all calls: those that run with {@link
     * InvocationStatus#CANCELLED}, those that wait exceptionally. Blocks for a moment.
     */
    @Override
    public void close() {
        context.queue()
                .close(
                        new OffcutException(
                                ErrorCode.CONFLICT, "worker pool: closed: lease workers again"));
        leases.close();
        wish.close();
    }
}
