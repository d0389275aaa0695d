package io.offcut.scheduler.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.scheduler.brain.Brain;
import io.offcut.scheduler.brain.BrainConfig;
import io.offcut.scheduler.brain.Placements;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BrainLoopTest {
    private final ExecutorService answers =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().name("answers").factory());
    private final CompletableFuture<Integer> exit = new CompletableFuture<>();
    private final BrainLoop loop =
            new BrainLoop(
                    Brain.create(BrainConfig.DEFAULT, Placements.defaultPolicy(), "t"),
                    answers,
                    exit::complete);

    @AfterEach
    void stop() {
        loop.close();
        answers.shutdownNow();
    }

    private static <T> T within(CompletableFuture<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatFollowsAnAnswerDoesNotRunOnTheCoresThread() throws Exception {
        CountDownLatch attached = new CountDownLatch(1);
        loop.start((command, brain) -> {});
        CompletableFuture<String> worked =
                loop.call(turn -> {
                    awaitQuietly(attached);
                    return Thread.currentThread().getName();
                });
        CompletableFuture<String> followed =
                worked.thenApply(name -> name + ", then " + Thread.currentThread().getName());
        attached.countDown();

        assertThat(within(followed)).isEqualTo("brain, then answers");
    }

    @Test
    void aRefusalOfTheWorkIsAnsweredElsewhereToo() throws Exception {
        CountDownLatch attached = new CountDownLatch(1);
        loop.start((command, brain) -> {});
        CompletableFuture<String> worked =
                loop.call(turn -> {
                    awaitQuietly(attached);
                    throw new OffcutException(ErrorCode.NOT_FOUND, "not here");
                });
        CompletableFuture<String> followed =
                worked.exceptionally(e -> Thread.currentThread().getName());
        attached.countDown();

        assertThat(within(followed)).isEqualTo("answers");
        String next = within(loop.call(turn -> "goes on"));
        assertThat(next).isEqualTo("goes on");
        assertThat(exit).isNotDone();
    }

    @Test
    void anErrorFailsTheAnswerAndEndsTheProcess() throws Exception {
        loop.start((command, brain) -> {});
        CompletableFuture<String> worked =
                loop.call(turn -> {
                    throw new OutOfMemoryError("for a test");
                });

        assertThatThrownBy(() -> within(worked)).hasCauseInstanceOf(OutOfMemoryError.class);
        assertThat(exit)
                .succeedsWithin(Duration.ofSeconds(20))
                .isEqualTo(ErrorCode.INTERNAL.exitCode());
    }
}
