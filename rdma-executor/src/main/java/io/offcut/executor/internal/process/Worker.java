package io.offcut.executor.internal.process;

import io.offcut.core.CpuSet;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.RemoteWorkerChannel;
import io.offcut.executor.internal.WorkerChannel;
import io.offcut.executor.internal.function.Call;
import io.offcut.executor.internal.function.FunctionTable;
import io.offcut.executor.internal.shm.ShmWorkerChannel;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ThisProcess;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One pinned thread that runs one invocation at a time, from shared memory or from afar.
 *
 * <pre>
 *   hot ──nothing for hotTimeout──▶ warm (asleep) ──woken──▶ looks again
 *    ▲                                                          │
 *    └───────────────── an invocation came ─────────────────────┘
 * </pre>
 *
 * <p>The word {@code run} says who owns worker and channels: even, the worker's thread, which
 * polls; odd, the same thread inside a function, one number for each run, unless someone else has
 * taken exactly that run ({@link #take}), so that a function that never returns can still be
 * answered for. A thread that finds its run taken never touches its worker again.
 */
final class Worker implements Runnable {
    private static final int SPINS_PER_TURN = 32;
    private static final int POLLS_PER_CLOCK = 4;
    private static final int POLLS_PER_YIELD = 64;
    private static final int TURNS_PER_LOOK = 256;
    private static final long SHORT_NANOS = 10_000;
    private static final int RUNS_PER_TIMING = 64;
    private static final long LONG_SLEEP_NANOS = 1_000_000_000;
    private static final long REMOTE_SLEEP_NANOS = 500_000_000;
    private static final long BOTH_SLEEP_NANOS = 1_000_000;
    private static final VarHandle RUN;
    private static final VarHandle TAKING;
    private static final VarHandle SETTLED;
    private static final VarHandle INVOCATIONS;
    private static final VarHandle EXECUTING;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            RUN = lookup.findVarHandle(Worker.class, "run", long.class);
            TAKING = lookup.findVarHandle(Worker.class, "taking", long.class);
            SETTLED = lookup.findVarHandle(Worker.class, "settled", long.class);
            INVOCATIONS = lookup.findVarHandle(Worker.class, "invocations", long.class);
            EXECUTING = lookup.findVarHandle(Worker.class, "executingNanos", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int index;
    private final int core;
    private final boolean coreShared;
    private final long hotNanos;
    private final ShmWorkerChannel shm;
    private final FunctionTable functions;
    private final BooleanSupplier maySleep = this::maySleep;
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Runnable atWork;
    private final Runnable atEnd;
    private @Nullable String problem;
    private volatile RemoteWorkerChannel[] remotes = {};
    private volatile int ending;
    private volatile long run;

    /** The run that someone else wants to take, or wanted. */
    private volatile long taking;

    /** The last run that two wanted: as it is, its thread has it; negative, the other. */
    private volatile long settled;

    private volatile long invocations;
    private volatile long executingNanos;

    /**
     * When it last woke up; 0 while it sleeps. Before {@link #awakeNanos} when that is added to.
     */
    private volatile long awakeSinceNanos;

    /** Time awake until it last fell asleep. */
    private volatile long awakeNanos;

    private long limitNanos;
    private int runningFunction;
    private int runningSlot;
    private @Nullable WorkerChannel runningChannel;
    private boolean resting;
    private long restNanos;
    private int idlePolls;
    private int turns;
    private int untimedRuns;
    private boolean awoken;
    private volatile boolean idle;

    /** The watchdog's: the invocation that it saw when it last looked, and since when. */
    private long seenToken;

    private long seenNanos;

    /** What the watchdog's clock shows: a change during a run says that it was no short one. */
    private volatile long coarseNanos = System.nanoTime();

    /**
     * Makes a worker; its thread is the caller's to start.
     *
     * @param coreShared whether another worker has the same real core, so that polling must yield
     * @param hotTimeoutMicros −1 for ever, 0 never
     * @param atWork called by the worker's thread before the first invocation after a sleep
     * @param atEnd called by the worker's thread when its channel has ended by itself
     */
    Worker(
            int index,
            int core,
            boolean coreShared,
            long hotTimeoutMicros,
            ShmWorkerChannel shm,
            FunctionTable functions,
            Runnable atWork,
            Runnable atEnd) {
        this.index = index;
        this.core = core;
        this.coreShared = coreShared;
        this.hotNanos =
                hotTimeoutMicros < 0
                        ? Long.MAX_VALUE
                        : TimeUnit.MICROSECONDS.toNanos(hotTimeoutMicros);
        this.shm = shm;
        this.functions = functions;
        this.atWork = atWork;
        this.atEnd = atEnd;
        // Asleep until the first call: whoever polls now only delays the rest of the start.
        this.resting = true;
        this.restNanos = System.nanoTime() - hotNanos;
    }

    /** Lets the worker serve this channel too, from its next look on. Any thread. */
    synchronized void attach(RemoteWorkerChannel channel) {
        RemoteWorkerChannel[] more = Arrays.copyOf(remotes, remotes.length + 1);
        more[remotes.length] = channel;
        remotes = more;
    }

    @Override
    public void run() {
        pin();
        awakeSinceNanos = System.nanoTime();
        started.countDown();
        boolean endedByItself = false;
        while (ending == 0 && !endedByItself) {
            if (!turn()) {
                rest();
            }
            endedByItself = ++turns % TURNS_PER_LOOK == 0 && shm.ended() != 0;
        }
        endChannels(endedByItself ? shm.ended() : ending);
        if (endedByItself) {
            atEnd.run();
        }
        stopped.countDown();
    }

    private void pin() {
        try {
            CpuAffinity.pinCurrentThread(CpuSet.of(core));
        } catch (OffcutException e) {
            problem = "worker " + index + ": " + e.getMessage();
        }
    }

    /** Waits until the thread runs. @return what could not be had; null when all is well */
    @Nullable String awaitStart() throws InterruptedException {
        started.await();
        return problem;
    }

    /** Looks once at each channel that may have something. @return whether an invocation ran */
    private boolean turn() {
        for (int spins = coreShared || !shm.claimed() ? 1 : SPINS_PER_TURN; spins > 0; spins--) {
            int slot = shm.poll();
            if (slot != WorkerChannel.NONE) {
                serve(shm, slot);
                return true;
            }
            Thread.onSpinWait();
        }
        // A look at a socket is a system call: not in the way of a client that shares memory.
        boolean look = awoken || idlePolls % POLLS_PER_YIELD == 0 || !shm.claimed();
        return look && turnToRemotes();
    }

    private boolean turnToRemotes() {
        for (RemoteWorkerChannel remote : remotes) {
            if (remote.connected()) {
                awoken = false;
                int slot = remote.poll();
                if (slot != WorkerChannel.NONE) {
                    serve(remote, slot);
                    return true;
                }
            }
        }
        return false;
    }

    private void serve(WorkerChannel channel, int slot) {
        if (idle) {
            idle = false;
            coarseNanos = System.nanoTime();
            atWork.run();
        }
        int function = channel.functionIndex(slot);
        long limit = functions.limitNanos(function, channel.deadlineNanos(slot));
        Call call = channel.call(slot);
        call.begin(channel.inputBytes(slot), channel.resultCapacityBytes(slot), limit);
        limitNanos = limit;
        runningFunction = function;
        runningSlot = slot;
        runningChannel = channel;
        long token = run + 1;
        RUN.setRelease(this, token);
        boolean timed = mustTime(function);
        long start = timed ? System.nanoTime() : coarseNanos;
        int outcome = functions.run(function, call);
        long took = (timed ? System.nanoTime() : coarseNanos) - start;
        if (!timed && took == 0) {
            took = functions.lastNanos(function);
        }
        functions.ran(function, took);
        // Before the run is over, or for a look in between it had polled all that time.
        EXECUTING.setOpaque(this, executingNanos + took);
        RUN.setRelease(this, token + 1);
        if ((long) TAKING.getOpaque(this) == token && !settle(token, token)) {
            parkForEver();
        }
        INVOCATIONS.setOpaque(this, invocations + 1);
        channel.complete(
                slot, Math.min(0, outcome), outcome < 0 ? call.messageBytes() : outcome, took);
        resting = false;
        idlePolls = 0;
    }

    /**
     * Takes the worker from its thread, which is in that run. The thread's part is a store and a
     * look, without the fence that would make the look see: here a fence for all threads is instead
     * (Dekker, as in "Asymmetric Dekker Synchronization", Dice, Huang, Yang). When both may have
     * seen each other, the first to settle it has it.
     */
    private boolean take(long token) {
        taking = token;
        ThisProcess.fenceAllThreads();
        return run == token && settle(token, -token);
    }

    private boolean settle(long token, long mark) {
        long before = settled;
        return Math.abs(before) != token && SETTLED.compareAndSet(this, before, mark);
    }

    /**
     * Looking at the clock twice takes as long as all the rest of a short call. So of a function
     * that was short when last timed only some runs are timed, and the others count as that one
     * did, unless the watchdog's clock went on meanwhile.
     */
    private boolean mustTime(int function) {
        long last = functions.lastNanos(function);
        if (last >= 0 && last < SHORT_NANOS && --untimedRuns > 0) {
            return false;
        }
        untimedRuns = RUNS_PER_TIMING;
        return true;
    }

    /** Nothing to do: polls on while hot, sleeps when warm. */
    @SuppressWarnings("ThreadPriorityCheck") // others of the same low class may share the core
    private void rest() {
        idlePolls++;
        boolean clock = idlePolls % POLLS_PER_CLOCK == 0 || hotNanos == 0;
        if (clock && hotNanos != Long.MAX_VALUE && rested() >= hotNanos) {
            sleep();
        } else if (coreShared || idlePolls % POLLS_PER_YIELD == 0) {
            Thread.yield();
        }
    }

    private long rested() {
        long now = System.nanoTime();
        if (!resting) {
            resting = true;
            restNanos = now;
        }
        return now - restNanos;
    }

    private void sleep() {
        fallAsleep();
        idle = true;
        int connected = 0;
        RemoteWorkerChannel only = null;
        for (RemoteWorkerChannel remote : remotes) {
            if (remote.connected()) {
                only = remote;
                connected++;
            }
        }
        if (only != null && connected == 1 && !shm.claimed()) {
            only.await(REMOTE_SLEEP_NANOS);
        } else {
            shm.await(connected > 0 ? BOTH_SLEEP_NANOS : LONG_SLEEP_NANOS, maySleep);
        }
        awakeSinceNanos = System.nanoTime();
        // The next look at the clock sends it to sleep again, unless something came; and so that
        // the end of the region is seen at once.
        idlePolls = POLLS_PER_CLOCK - 2;
        turns = TURNS_PER_LOOK - 1;
        awoken = true;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // no other thread writes them
    private void fallAsleep() {
        long since = awakeSinceNanos;
        awakeSinceNanos = 0;
        awakeNanos += System.nanoTime() - since;
    }

    private boolean maySleep() {
        boolean nobodyWaits = true;
        for (RemoteWorkerChannel remote : remotes) {
            nobodyWaits &= !remote.waiting();
        }
        return ending == 0 && nobodyWaits;
    }

    /** Whether it has slept since it last ran a function, and runs none. Any thread. */
    boolean idle() {
        return idle;
    }

    /** Invocations answered so far. Any thread. */
    long invocations() {
        return (long) INVOCATIONS.getOpaque(this);
    }

    /** Time in functions so far; a run that has not ended is not in it. Any thread. */
    long executingNanos() {
        return (long) EXECUTING.getOpaque(this);
    }

    /** Time that it polled for the next invocation instead of sleeping, so far. Any thread. */
    long hotPollingNanos() {
        long before = awakeNanos;
        long since = awakeSinceNanos;
        long awake = before + (since == 0 ? 0 : System.nanoTime() - since);
        return run % 2 == 1 ? 0 : Math.max(0, awake - executingNanos());
    }

    /** Ends a sleep. Any thread; does not block. */
    void wake() {
        shm.wake();
        for (RemoteWorkerChannel remote : remotes) {
            remote.wake();
        }
    }

    /** Asks the worker to end its channels with this status when it is not in a function. */
    void askToEnd(int statusCode) {
        ending = statusCode;
        wake();
    }

    /**
     * Waits for what {@link #askToEnd} asked; a worker that is in a function by then is taken and
     * its channels are ended from here.
     *
     * @return whether its thread has ended, and touches its channels no more
     */
    boolean awaitEnd(int statusCode, long timeoutNanos) throws InterruptedException {
        if (stopped.await(timeoutNanos, TimeUnit.NANOSECONDS)) {
            return true;
        }
        long token = run;
        if (token % 2 == 1 && take(token)) {
            endChannels(statusCode);
        } else {
            // Between two invocations all this time: only its region can be ended from outside.
            shm.end(statusCode);
        }
        return false;
    }

    /**
     * Takes the worker if its function has run over its time, and answers that invocation. For the
     * watchdog's thread, which looks again and again: an invocation's time counts from the first
     * look that saw it.
     *
     * @param selfGraceNanos how much longer a function may take that watches its own time
     * @return whether the worker was taken
     */
    boolean takeIfOverdue(long nowNanos, long selfGraceNanos) {
        coarseNanos = nowNanos;
        long token = run;
        if (token % 2 != 1) {
            return false;
        }
        if (token != seenToken) {
            seenToken = token;
            seenNanos = nowNanos;
            return false;
        }
        long limit = limitNanos;
        if (functions.endsItself(runningFunction)) {
            limit = limit > Long.MAX_VALUE - selfGraceNanos ? limit : limit + selfGraceNanos;
        }
        long elapsed = nowNanos - seenNanos;
        WorkerChannel channel = runningChannel;
        int slot = runningSlot;
        // All of the above may belong to the next invocation already: then this fails.
        if (elapsed <= limit || !take(token)) {
            return false;
        }
        if (channel != null) {
            channel.complete(slot, InvocationStatus.TIMED_OUT.code(), 0, elapsed);
        }
        endChannels(InvocationStatus.CRASHED.code());
        return true;
    }

    private void endChannels(int statusCode) {
        shm.end(statusCode);
        for (RemoteWorkerChannel remote : remotes) {
            remote.end(statusCode);
        }
    }

    private static void parkForEver() {
        while (true) {
            LockSupport.park();
        }
    }
}
