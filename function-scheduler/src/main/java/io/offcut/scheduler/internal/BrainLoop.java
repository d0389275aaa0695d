package io.offcut.scheduler.internal;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.scheduler.brain.Brain;
import io.offcut.scheduler.brain.BrainCommand;
import io.offcut.scheduler.brain.BrainEvent;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that drives the core with the real clock. Others hand it work through a bounded
 * queue and get a future; the core's commands are carried out on this thread, so they keep their
 * order and must not block.
 */
public final class BrainLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BrainLoop.class);
    private static final int QUEUE_LENGTH = 65_536;
    private static final long MAX_SLEEP_MILLIS = 1_000;
    private static final long STOP_MILLIS = 5_000;

    /** Carries out what the core wants done. Called on the core's thread. */
    @FunctionalInterface
    public interface CommandSink {
        void accept(BrainCommand command, Brain brain);
    }

    private final Brain brain;
    private final SchedulerClock clock = new SchedulerClock();
    private final BlockingQueue<Runnable> queue = new ArrayBlockingQueue<>(QUEUE_LENGTH);
    private final Thread thread;
    private CommandSink sink = (command, present) -> {};
    private volatile boolean stopped;

    public BrainLoop(Brain brain) {
        this.brain = brain;
        this.thread = Thread.ofPlatform().name("brain").daemon().unstarted(this::run);
    }

    /** Starts the thread; what was asked before waits until now. */
    public void start(CommandSink commandSink) {
        this.sink = commandSink;
        thread.start();
    }

    /** The core during one piece of work, on its own thread. */
    public final class Turn {
        private final long nowMillis;

        private Turn(long nowMillis) {
            this.nowMillis = nowMillis;
        }

        public long nowMillis() {
            return nowMillis;
        }

        public Brain brain() {
            return brain;
        }

        /** Applies an event, carries its commands out, and shows them. */
        public List<BrainCommand> apply(BrainEvent event) {
            List<BrainCommand> commands = brain.apply(nowMillis, event);
            for (BrainCommand command : commands) {
                carryOut(command);
            }
            return commands;
        }
    }

    /**
     * Runs work on the core's thread. Does not block.
     *
     * @return its result; fails with {@code UNREACHABLE} when the queue is full or the loop stopped
     */
    public <T extends @Nullable Object> CompletableFuture<T> call(Function<Turn, T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Runnable task =
                () -> {
                    try {
                        result.complete(work.apply(new Turn(clock.nowMillis())));
                    } catch (RuntimeException e) {
                        result.completeExceptionally(e);
                    }
                };
        boolean queued = !stopped && queue.offer(task);
        if (!queued || (stopped && queue.remove(task))) {
            result.completeExceptionally(
                    new OffcutException(
                            ErrorCode.UNREACHABLE,
                            stopped
                                    ? "the scheduler is stopping; try again later"
                                    : "the scheduler is overloaded; try again in a moment"));
        }
        return result;
    }

    /**
     * Applies an event; its commands are carried out.
     *
     * @param done told on the core's thread, or at once when the event could not be taken: null, or
     *     why not; must not block
     */
    public void apply(BrainEvent event, Consumer<@Nullable Throwable> done) {
        CompletableFuture<List<BrainCommand>> result = call(turn -> turn.apply(event));
        var _ = result.whenComplete((commands, failure) -> done.accept(failure));
    }

    /** Applies an event that must not be forgotten silently. */
    public void apply(BrainEvent event) {
        apply(
                event,
                failure -> {
                    if (failure != null && !stopped) {
                        LOG.warn("{} not applied: {}", event, failure.getMessage());
                    }
                });
    }

    private void carryOut(BrainCommand command) {
        try {
            sink.accept(command, brain);
        } catch (RuntimeException e) {
            LOG.error("command {} failed", command.getClass().getSimpleName(), e);
        }
    }

    private void run() {
        try {
            while (!stopped) {
                turn();
            }
        } catch (InterruptedException e) {
            LOG.debug("the scheduling core stops");
        } finally {
            stopped = true;
            finishQueue();
        }
    }

    private void turn() throws InterruptedException {
        try {
            Runnable task = queue.poll(sleepMillis(), TimeUnit.MILLISECONDS);
            if (task != null) {
                task.run();
            }
            tickIfDue();
        } catch (RuntimeException e) {
            LOG.error("the scheduling core failed on an event; going on", e);
        }
    }

    private void finishQueue() {
        for (Runnable left = queue.poll(); left != null; left = queue.poll()) {
            left.run();
        }
    }

    private long sleepMillis() {
        long deadlineMillis = brain.nextDeadlineMillis();
        long leftMillis = deadlineMillis - Math.min(clock.nowMillis(), deadlineMillis);
        return Math.min(leftMillis, MAX_SLEEP_MILLIS);
    }

    private void tickIfDue() {
        long nowMillis = clock.nowMillis();
        if (brain.nextDeadlineMillis() <= nowMillis) {
            new Turn(nowMillis).apply(new BrainEvent.Tick());
        }
    }

    /** Stops the thread after the work at hand; later calls are refused. */
    @Override
    public void close() {
        stopped = true;
        thread.interrupt();
        try {
            thread.join(STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
