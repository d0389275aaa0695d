package io.offcut.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class OffloadRunTest {
    private static final int TASKS = 200;
    private static final LeaseOptions TWO = LeaseOptions.of("text/upper").workers(2);
    private static final List<byte[]> INPUTS =
            IntStream.range(0, TASKS).mapToObj(i -> ("item" + i).getBytes(UTF_8)).toList();

    // A second for each task makes every post pay, whatever this machine is doing.
    private static final long DEAR_NANOS = 1_000_000_000;

    private static byte[] upper(byte[] input) {
        return new String(input, UTF_8).toUpperCase(Locale.ROOT).getBytes(UTF_8);
    }

    private static byte[] there(FakeChannel channel, int function, byte[] input) {
        return upper(input);
    }

    private static OffloadModel dear(int localThreads) {
        return new OffloadModel(DEAR_NANOS, 1_000, 1_000, 1_000, 0, 0, 0, 0, 2, localThreads);
    }

    private static WorkerPool pool(FakeChannel.Work work) throws InterruptedException {
        WorkerPool pool = new FakeCluster(work).pool(TWO);
        assertThat(pool.awaitWorkers(2, Duration.ofSeconds(30))).isTrue();
        return pool;
    }

    private static void assertRight(OffloadSummary summary) {
        assertThat(summary.results()).hasSize(TASKS);
        assertThat(IntStream.range(0, TASKS))
                .allMatch(i -> new String(summary.results().get(i), UTF_8).equals("ITEM" + i));
        assertThat(summary.local() + summary.remote()).isEqualTo(TASKS);
        assertThat(summary.takenBack()).isLessThanOrEqualTo(summary.local());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void computesEachTaskOnceHereOrThere(int threads) throws Exception {
        AtomicInteger here = new AtomicInteger();
        try (WorkerPool pool = pool(OffloadRunTest::there)) {
            OffloadSummary summary =
                    pool.offload(
                            "upper",
                            INPUTS,
                            input -> {
                                here.incrementAndGet();
                                // All but the few that are computed here are there by then.
                                await().until(() -> pool.status().completed() > TASKS - 10);
                                return upper(input);
                            },
                            dear(threads));

            assertRight(summary);
            assertThat(summary.remote()).isPositive();
            assertThat(here.get()).isEqualTo(summary.local());
        }
    }

    @Test
    void isWholeWhenNothingIsKnown() throws Exception {
        try (WorkerPool pool = pool(OffloadRunTest::there)) {
            assertRight(
                    pool.offload("upper", INPUTS, OffloadRunTest::upper, OffloadModel.of(2, 2)));
        }
    }

    @Test
    void takesBackWhatNeverComesAndDropsIt() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (WorkerPool pool =
                pool((channel, function, input) -> {
                    gate.await();
                    return "late".getBytes(UTF_8);
                })) {
            OffloadSummary summary = pool.offload("upper", INPUTS, OffloadRunTest::upper, dear(1));

            assertRight(summary);
            assertThat(summary.takenBack()).isPositive();
            assertThat(summary.remote()).isZero();
            gate.countDown();
        }
    }

    @Test
    void computesHereWhatFailsThere() throws Exception {
        try (WorkerPool pool =
                pool((channel, function, input) -> {
                    throw new FakeChannel.Ending(InvocationStatus.FUNCTION_ERROR);
                })) {
            OffloadSummary summary = pool.offload("upper", INPUTS, OffloadRunTest::upper, dear(1));

            assertRight(summary);
            assertThat(summary.local()).isEqualTo(TASKS);
        }
    }

    @Test
    void oneTaskThatFailsThereDoesNotKeepTheOthersFromGoing() throws Exception {
        Set<String> seen = ConcurrentHashMap.newKeySet();
        String last = "item" + (TASKS - 1);
        try (WorkerPool pool =
                pool((channel, function, input) -> {
                    seen.add(new String(input, UTF_8));
                    if (new String(input, UTF_8).equals(last)) {
                        throw new FakeChannel.Ending(InvocationStatus.FUNCTION_ERROR);
                    }
                    return upper(input);
                })) {
            UnaryOperator<byte[]> local =
                    input -> {
                        await().until(() -> seen.contains(last) && seen.size() > TASKS / 2);
                        return upper(input);
                    };
            OffloadSummary summary = pool.offload("upper", INPUTS, local, dear(1));

            assertRight(summary);
            assertThat(summary.remote()).isPositive();
        }
    }

    @Test
    void computesAllHereWhileThereAreNoWorkers() throws Exception {
        FakeCluster cluster = new FakeCluster(OffloadRunTest::there);
        cluster.capacity(0);
        try (WorkerPool pool = cluster.pool(TWO)) {
            OffloadSummary summary = pool.offload("upper", INPUTS, OffloadRunTest::upper, dear(2));

            assertRight(summary);
            assertThat(summary.local()).isEqualTo(TASKS);
            assertThat(pool.status().queued()).isZero();
        }
    }

    @Test
    void passesOnWhatTheLocalFunctionThrows() throws Exception {
        UnaryOperator<byte[]> broken =
                input -> {
                    throw new IllegalStateException("broken here");
                };
        // Nobody there, so that it is called.
        FakeCluster cluster = new FakeCluster(OffloadRunTest::there);
        cluster.capacity(0);
        try (WorkerPool pool = cluster.pool(TWO)) {
            assertThatThrownBy(() -> pool.offload("upper", INPUTS, broken, dear(2)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("broken here");
        }
    }

    @Test
    void refusesAFunctionThatMayNotRunTwice() throws Exception {
        try (WorkerPool pool = pool(OffloadRunTest::there)) {
            assertThatThrownBy(() -> pool.offload("once", INPUTS, OffloadRunTest::upper, dear(1)))
                    .isInstanceOfSatisfying(
                            OffcutException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                    .hasMessageContaining("idempotent");
        }
    }

    @Test
    void doesNothingForNoTasks() throws Exception {
        try (WorkerPool pool = pool(OffloadRunTest::there)) {
            OffloadSummary summary =
                    pool.offload("upper", List.of(), OffloadRunTest::upper, dear(2));

            assertThat(summary).isEqualTo(new OffloadSummary(List.of(), 0, 0, 0));
        }
    }
}
