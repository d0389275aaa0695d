package io.offcut.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.InvocationChannel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that owns one channel: takes invocations from the queue, hands them to the worker,
 * and ends or requeues them.
 *
 * <p>A worker runs one invocation at a time; further slots only hide the way there and back. So
 * slots are filled as long as functions are short ({@link #LONG_NANOS}); beyond that a second
 * invocation would only wait where it might be lost, while another worker may be idle. For the same
 * reason functions that must not run twice go alone. An invocation whose executor died goes alone
 * too, so that what kills executors does not take innocent ones with it.
 */
final class WorkerLoop implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerLoop.class);

    private static final long LONG_NANOS = 2_000_000;
    private static final long IDLE_NANOS = 50_000_000;
    private static final long BUSY_WAIT_NANOS = 20_000_000;
    private static final long DRAIN_NANOS = 2_000_000_000;
    private static final int MAX_MESSAGE_BYTES = 4096;
    private static final byte[] EMPTY = {};
    private static final byte[] NO_MEMORY =
            "the worker's shared memory failed: free some of /dev/shm, or allow tcp"
                    .getBytes(UTF_8);

    private final InvocationChannel channel;
    private final WorkQueue queue;
    private final RetryPolicy retry;
    private final PoolCounters counters;
    private final String nodeName;
    private final boolean lastResort;
    private final long spinNanos;
    private final Consumer<WorkerLoop> onEnd;

    private final @Nullable Invocation[] inSlot;
    private final long[] idInSlot;
    private final long[] postedNanos;
    private long nextId;
    private int inFlight;
    private boolean aloneInFlight;
    private double meanNanos = -1;

    /** Set from outside: 0 goes on, otherwise the status that says why not. */
    private volatile int stop;

    private volatile int endStatus;
    private volatile boolean answered;
    private volatile boolean memoryFailed;

    /** Who gets the channel for himself; set once. */
    private volatile DirectWorker.@Nullable Loan loan;

    private final CountDownLatch over = new CountDownLatch(1);

    /**
     * A loop that is not running yet.
     *
     * @param number different for each loop of a pool; makes invocation ids unique
     * @param lastResort whether there is no other way to the worker should this channel's memory
     *     fail
     * @param onEnd called by the loop's thread as its last deed
     */
    WorkerLoop(
            InvocationChannel channel,
            int number,
            String nodeName,
            boolean lastResort,
            PoolContext pool,
            Consumer<WorkerLoop> onEnd) {
        this.channel = channel;
        this.queue = pool.queue();
        this.retry = pool.retry();
        this.counters = pool.counters();
        this.spinNanos = pool.timing().spinNanos();
        this.nodeName = nodeName;
        this.lastResort = lastResort;
        this.onEnd = onEnd;
        this.inSlot = new Invocation[channel.slots()];
        this.idInSlot = new long[channel.slots()];
        this.postedNanos = new long[channel.slots()];
        this.nextId = ((long) number << 40) + 1;
    }

    /** Ends the loop soon; what is in flight ends with this status, or is tried elsewhere. */
    void stop(InvocationStatus why) {
        stop = why.code();
    }

    /**
     * Asks for the channel. It is handed over when nothing is in flight; when it comes back the
     * loop ends, and whatever the borrower left in it goes with it.
     *
     * @return null when the loop has been asked already or has ended
     */
    synchronized DirectWorker.@Nullable Loan lend() {
        if (loan != null || stop != 0 || over.getCount() == 0) {
            return null;
        }
        DirectWorker.Loan asked = new DirectWorker.Loan();
        loan = asked;
        queue.wakeOne();
        return asked;
    }

    /** Why the loop ended; OK while it runs. */
    InvocationStatus endStatus() {
        return InvocationStatus.of(endStatus);
    }

    /** Whether the worker ever did what it is for; not so when all it does is die. */
    boolean everAnswered() {
        return answered;
    }

    /**
     * Whether the memory it shares with the worker was not there: its file system is full, or the
     * file was shortened.
     */
    boolean memoryFailed() {
        return memoryFailed;
    }

    /** Waits for the end of the loop, until this point of System.nanoTime(). */
    void awaitEnd(long untilNanos) {
        try {
            boolean ended = over.await(untilNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (!ended) {
                LOG.debug("worker on {}: its thread goes on for a moment", nodeName);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void run() {
        try {
            while (stop == 0 && channel.ended() == 0) {
                DirectWorker.Loan asked = loan;
                if (asked == null) {
                    fill();
                } else if (inFlight == 0) {
                    handOver(asked);
                    break;
                }
                if (inFlight == 0) {
                    idle();
                } else if (!collect()) {
                    collectOne(await());
                }
            }
        } catch (InternalError e) {
            // What the virtual machine makes of SIGBUS.
            LOG.debug("worker on {}: its shared memory failed", nodeName, e);
            memoryFailed = true;
        } catch (RuntimeException e) {
            LOG.warn("worker on {}: its channel failed and is given up", nodeName, e);
        } finally {
            finish();
        }
    }

    private void handOver(DirectWorker.Loan asked) {
        asked.given().complete(channel);
        boolean ignored = asked.back().join();
        // The lease goes on: the pool opens it again.
        answered = true;
    }

    private void idle() {
        long until = System.nanoTime() + spinNanos;
        while (queue.isEmpty()) {
            if (System.nanoTime() >= until) {
                queue.awaitWork(IDLE_NANOS);
                return;
            }
            Thread.onSpinWait();
        }
    }

    private int await() {
        long until = System.nanoTime() + spinNanos;
        do {
            int slot = channel.poll();
            if (slot >= 0) {
                return slot;
            }
            Thread.onSpinWait();
        } while (System.nanoTime() < until);
        return channel.await(BUSY_WAIT_NANOS);
    }

    // --- handing out

    private void fill() {
        while (stop == 0 && inFlight < depth()) {
            Invocation next = queue.take();
            if (next == null) {
                return;
            }
            if (inFlight > 0 && mustBeAlone(next)) {
                // For an idle worker, or for this one once it has nothing else.
                queue.putBack(next);
                return;
            }
            if (!hand(next)) {
                return;
            }
        }
    }

    private int depth() {
        return aloneInFlight || meanNanos < 0 || meanNanos > LONG_NANOS ? 1 : inSlot.length;
    }

    private static boolean mustBeAlone(Invocation invocation) {
        return !invocation.idempotent || invocation.suspect();
    }

    /**
     * Posts it, or ends it, or puts it back.
     *
     * @return whether the channel takes more
     */
    private boolean hand(Invocation next) {
        try {
            return post(next);
        } catch (RuntimeException | Error e) {
            // The fault of a write may be thrown late, when the invocation is already in its slot.
            if (!Arrays.asList(inSlot).contains(next)) {
                notHanded(next);
            }
            throw e;
        }
    }

    /**
     * It has run nowhere. Other channels may do; where there are none, it is not tried for ever.
     */
    private void notHanded(Invocation next) {
        if (lastResort && ++next.lost >= retry.lostAttempts()) {
            end(next, InvocationStatus.DISCONNECTED, NO_MEMORY, 0, 0);
        } else {
            counters.retries.increment();
            queue.putBack(next);
        }
    }

    private boolean post(Invocation next) {
        long now = System.nanoTime();
        if (next.deadlineNanos != Invocation.NEVER_NANOS && next.deadlineNanos - now <= 0) {
            end(next, InvocationStatus.TIMED_OUT, EMPTY, 0, 0);
            return true;
        }
        long bytes = next.input.byteSize();
        if (bytes > channel.payloadBytes()) {
            String text =
                    "input of "
                            + bytes
                            + " bytes is over the lease's payload limit of "
                            + channel.payloadBytes();
            end(next, InvocationStatus.TOO_LARGE, text.getBytes(UTF_8), 0, 0);
            return true;
        }
        int slot = channel.acquire();
        if (slot < 0) {
            queue.putBack(next);
            return false;
        }
        MemorySegment.copy(next.input, 0, channel.input(slot), 0, bytes);
        long id = nextId++;
        int refused = channel.post(slot, id, next.functionIndex, (int) bytes, limit(next, now));
        if (refused != 0) {
            channel.release(slot);
            refused(next, refused);
            return channel.ended() == 0;
        }
        next.attempts++;
        inSlot[slot] = next;
        idInSlot[slot] = id;
        postedNanos[slot] = now;
        inFlight++;
        aloneInFlight = mustBeAlone(next);
        return true;
    }

    private static long limit(Invocation next, long now) {
        if (next.deadlineNanos == Invocation.NEVER_NANOS) {
            return next.timeoutNanos;
        }
        long left = next.deadlineNanos - now;
        return next.timeoutNanos == 0 ? left : Math.min(left, next.timeoutNanos);
    }

    /** The channel would not take it: it has run nowhere, so that anything may be tried again. */
    private void refused(Invocation next, int code) {
        InvocationStatus status = InvocationStatus.of(code);
        if (channel.ended() != 0) {
            queue.putBack(next);
        } else if (status.retryable() && ++next.lost < retry.lostAttempts()) {
            counters.retries.increment();
            queue.putBack(next);
        } else {
            end(next, status, EMPTY, 0, 0);
        }
    }

    // --- taking in

    private boolean collect() {
        boolean any = false;
        for (int slot = channel.poll(); slot >= 0; slot = channel.poll()) {
            collectOne(slot);
            any = true;
        }
        return any;
    }

    private void collectOne(int slot) {
        if (slot < 0) {
            return;
        }
        Invocation invocation = slot < inSlot.length ? inSlot[slot] : null;
        if (invocation == null || channel.invocationId(slot) != idInSlot[slot]) {
            counters.strays.increment();
            return;
        }
        long roundTripNanos = System.nanoTime() - postedNanos[slot];
        InvocationStatus status = InvocationStatus.of(channel.status(slot));
        long executionNanos = channel.executionNanos(slot);
        byte[] payload = invocation.pending() ? payload(status, channel.result(slot)) : EMPTY;
        inSlot[slot] = null;
        inFlight--;
        aloneInFlight = false;
        channel.release(slot);
        if (status == InvocationStatus.OK) {
            learn(executionNanos);
        }
        if (!status.retryable() && !answered) {
            answered = true;
        }
        ended(invocation, status, payload, executionNanos, roundTripNanos);
    }

    private static byte[] payload(InvocationStatus status, MemorySegment result) {
        boolean whole = status == InvocationStatus.OK || result.byteSize() <= MAX_MESSAGE_BYTES;
        MemorySegment part = whole ? result : result.asSlice(0, MAX_MESSAGE_BYTES);
        return part.byteSize() == 0 ? EMPTY : part.toArray(ValueLayout.JAVA_BYTE);
    }

    private void learn(long executionNanos) {
        meanNanos = meanNanos < 0 ? executionNanos : meanNanos + (executionNanos - meanNanos) / 8;
    }

    private void ended(
            Invocation invocation,
            InvocationStatus status,
            byte[] payload,
            long executionNanos,
            long roundTripNanos) {
        if (status.retryable()) {
            if (status == InvocationStatus.CRASHED) {
                invocation.crashed++;
            } else {
                invocation.lost++;
            }
            if (invocation.idempotent
                    && retry.allows(status, invocation.lost, invocation.crashed)) {
                counters.retries.increment();
                queue.putBack(invocation);
                return;
            }
        }
        end(invocation, status, payload, executionNanos, roundTripNanos);
    }

    private void end(
            Invocation invocation,
            InvocationStatus status,
            byte[] payload,
            long executionNanos,
            long roundTripNanos) {
        Result result =
                new Result(
                        status,
                        payload,
                        nodeName,
                        invocation.attempts,
                        executionNanos,
                        roundTripNanos);
        // Counted before the end is told: who waits for the result may look at the counters.
        counters.completed.increment();
        if (status != InvocationStatus.OK) {
            counters.failed.increment();
        }
        if (!invocation.end(result)) {
            counters.completed.decrement();
            if (status != InvocationStatus.OK) {
                counters.failed.decrement();
            }
        }
    }

    // --- the end

    private void finish() {
        int why = stop;
        try {
            if (why == 0 && !memoryFailed) {
                why = channel.ended();
                drain();
            }
        } catch (RuntimeException | InternalError e) {
            LOG.warn("worker on {}: its channel failed while it ended", nodeName, e);
        }
        endStatus = why == 0 ? InvocationStatus.DISCONNECTED.code() : why;
        abandon(InvocationStatus.of(endStatus));
        try {
            channel.close();
        } catch (RuntimeException | InternalError e) {
            LOG.warn("worker on {}: its channel did not close", nodeName, e);
        }
        queue.wakeOne();
        DirectWorker.Loan asked;
        synchronized (this) {
            over.countDown();
            asked = loan;
        }
        if (asked != null) {
            asked.given().complete(null);
        }
        onEnd.accept(this);
    }

    /** An ended channel completes all its slots; results that made it are taken. */
    private void drain() {
        long until = System.nanoTime() + DRAIN_NANOS;
        while (inFlight > 0 && stop == 0 && System.nanoTime() < until) {
            if (!collect()) {
                collectOne(channel.await(BUSY_WAIT_NANOS));
            }
        }
    }

    private void abandon(InvocationStatus status) {
        for (int slot = 0; slot < inSlot.length; slot++) {
            Invocation invocation = inSlot[slot];
            if (invocation != null) {
                inSlot[slot] = null;
                inFlight--;
                ended(invocation, status, EMPTY, 0, System.nanoTime() - postedNanos[slot]);
            }
        }
    }
}
