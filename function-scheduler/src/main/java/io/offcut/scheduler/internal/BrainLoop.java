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
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that drives the core with the real clock. Others hand it work through a bounded
 * queue and get a future that completes elsewhere: what follows an answer, such as writing JSON,
 * never holds the core up. The core's commands are carried out on this thread, so they keep their
 * order and must not block.
 *
 * <p>An {@link Error} on this thread (no memory, a broken class file) ends the process with {@code
 * INTERNAL}'s exit code: a scheduler without a core would answer for ever and grant nothing, and
 * what it knew is with the nodes.
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
    private final Executor answers;
    private final IntConsumer halt;
    private final SchedulerClock clock = new SchedulerClock();
    private final BlockingQueue<Task> queue = new ArrayBlockingQueue<>(QUEUE_LENGTH);
    private final Thread thread;
    private CommandSink sink = (command, present) -> {};
    private volatile boolean stopped;

    /**
     * @param answers completes the futures of {@link #call}
     */
    public BrainLoop(Brain brain, Executor answers) {
        this(brain, answers, Runtime.getRuntime()::halt);
    }

    BrainLoop(Brain brain, Executor answers, IntConsumer halt) {
        this.brain = brain;
        this.answers = answers;
        this.halt = halt;
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

    /** Work for the core's thread, and who is told when it cannot be done. */
    private record Task(Consumer<Turn> work, Consumer<? super Throwable> failed) {}

    /**
     * Runs work on the core's thread. Does not block.
     *
     * @return its result, completed by the executor of answers; fails with {@code UNREACHABLE} when
     *     the queue is full or the loop stopped
     */
    public <T extends @Nullable Object> CompletableFuture<T> call(Function<Turn, T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        enqueue(
                new Task(
                        turn -> {
                            try {
                                T value = work.apply(turn);
                                answers.execute(() -> result.complete(value));
                            } catch (RuntimeException e) {
                                answers.execute(() -> result.completeExceptionally(e));
                            }
                        },
                        result::completeExceptionally));
        return result;
    }

    /**
     * Applies an event; its commands are carried out.
     *
     * @param done told on the core's thread, or at once when the event could not be taken: null, or
     *     why not; must not block
     */
    public void apply(BrainEvent event, Consumer<@Nullable Throwable> done) {
        enqueue(
                new Task(
                        turn -> {
                            turn.apply(event);
                            done.accept(null);
                        },
                        done));
    }

    private void enqueue(Task task) {
        boolean queued = !stopped && queue.offer(task);
        if (!queued || (stopped && queue.remove(task))) {
            task.failed.accept(
                    new OffcutException(
                            ErrorCode.UNREACHABLE,
                            stopped
                                    ? "the scheduler is stopping; try again later"
                                    : "the scheduler is overloaded; try again in a moment"));
        }
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
        } catch (Error e) {
            end(e);
        } finally {
            stopped = true;
            finishQueue();
        }
    }

    private void run(Task task) {
        try {
            task.work.accept(new Turn(clock.nowMillis()));
        } catch (RuntimeException e) {
            task.failed.accept(e);
        } catch (Error e) {
            task.failed.accept(e);
            throw e;
        }
    }

    private void end(Error e) {
        try {
            LOG.error(
                    "the scheduling core cannot go on: {}; start the scheduler again",
                    e.toString());
        } finally {
            halt.accept(ErrorCode.INTERNAL.exitCode());
        }
    }

    private void turn() throws InterruptedException {
        try {
            Task task = queue.poll(sleepMillis(), TimeUnit.MILLISECONDS);
            if (task != null) {
                run(task);
            }
            tickIfDue();
        } catch (RuntimeException e) {
            LOG.error("the scheduling core failed on an event; going on", e);
        }
    }

    private void finishQueue() {
        for (Task left = queue.poll(); left != null; left = queue.poll()) {
            run(left);
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
