package io.offcut.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.LeaseView;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.EndReason;
import io.offcut.executor.InvocationChannel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkerPoolTest {
    private static final LeaseOptions FOUR = LeaseOptions.of("text/upper").workers(4);
    private static final LeaseOptions ONE = LeaseOptions.of("text/upper").workers(1);

    private final CountDownLatch gate = new CountDownLatch(1);
    private final AtomicInteger started = new AtomicInteger();

    private static byte[] upper(FakeChannel channel, int function, byte[] input) {
        return new String(input, UTF_8).toUpperCase(Locale.ROOT).getBytes(UTF_8);
    }

    /** Holds the first call until the gate opens. */
    private byte[] firstHeld(FakeChannel channel, int function, byte[] input) throws Exception {
        if (started.incrementAndGet() == 1) {
            gate.await();
        }
        return upper(channel, function, input);
    }

    private static String text(Result result) {
        return new String(result.orThrow(), UTF_8);
    }

    @Test
    void callsAndReturnsTheResult() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        try (WorkerPool pool = cluster.pool(ONE)) {
            Result result = pool.invoke("upper", "abc".getBytes(UTF_8));

            assertThat(text(result)).isEqualTo("ABC");
            assertThat(result.attempts()).isEqualTo(1);
            assertThat(pool.status().completed()).isEqualTo(1);
        }
    }

    @Test
    void doesNotAskForAWorkerThatTheSchedulerTellsOf() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.tellsChannels = true;
        try (WorkerPool pool = cluster.pool(ONE)) {
            assertThat(text(pool.invoke("upper", "abc".getBytes(UTF_8)))).isEqualTo("ABC");
            assertThat(cluster.openings).isEmpty();
        }
    }

    @Test
    void asksTheNodeWhenTheToldWorkerIsNotThereOrOfAnotherTransport() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.tellsChannels = true;
        cluster.sharedMemoryWorks = false;
        try (WorkerPool pool = cluster.pool(ONE)) {
            assertThat(text(pool.invoke("upper", "abc".getBytes(UTF_8)))).isEqualTo("ABC");
            assertThat(cluster.openings).isNotEmpty();
        }
        FakeCluster other = new FakeCluster(WorkerPoolTest::upper);
        other.tellsChannels = true;
        try (WorkerPool pool = other.pool(ONE.transports(List.of("tcp", "shm")))) {
            assertThat(text(pool.invoke("upper", "abc".getBytes(UTF_8)))).isEqualTo("ABC");
            assertThat(other.openings).isNotEmpty();
        }
    }

    @Test
    void givesWorkersBackWhenTheReferenceMeansNoFunctionOfTheBundle() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        assertThatThrownBy(() -> cluster.pool(LeaseOptions.of("text")).close())
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE));
        assertThat(cluster.liveLeases()).isEmpty();
    }

    @Test
    void lendsAWorkerAndGoesOnWhenItComesBack() throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        try (WorkerPool pool = cluster.pool(ONE)) {
            try (DirectWorker worker = pool.take(Duration.ofSeconds(30))) {
                assertThat(callDirectly(worker, "abc")).isEqualTo("ABC");
                assertThat(callDirectly(worker, "def")).isEqualTo("DEF");
                // The only worker is out.
                assertThatThrownBy(() -> pool.take(Duration.ofMillis(100)))
                        .isInstanceOfSatisfying(
                                OffcutException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_CAPACITY));
            }
            assertThat(text(pool.invoke("upper", "ghi".getBytes(UTF_8)))).isEqualTo("GHI");
        }
    }

    @Test
    void tellsWhoHasAWorkerWhyItEnded() throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        try (WorkerPool pool = cluster.pool(ONE);
                DirectWorker worker = pool.take(Duration.ofSeconds(30))) {
            cluster.revoke(
                    cluster.liveLeases().getFirst(), InvocationStatus.REVOKED, EndReason.RECLAIMED);
            await().until(() -> worker.channel().ended() == InvocationStatus.REVOKED.code());
            try (DirectWorker next = pool.take(Duration.ofSeconds(30))) {
                assertThat(callDirectly(next, "abc")).isEqualTo("ABC");
            }
        }
    }

    private static String callDirectly(DirectWorker worker, String input) {
        InvocationChannel channel = worker.channel();
        int slot = channel.acquire();
        byte[] bytes = input.getBytes(UTF_8);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, channel.input(slot), 0, bytes.length);
        assertThat(channel.post(slot, 1, worker.functionIndex("upper"), bytes.length, 0)).isZero();
        int done = channel.await(TimeUnit.SECONDS.toNanos(30));
        assertThat(channel.status(done)).isZero();
        String result = new String(channel.result(done).toArray(ValueLayout.JAVA_BYTE), UTF_8);
        channel.release(done);
        return result;
    }

    @Test
    void keepsTheOrderOfABatch() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        List<byte[]> inputs =
                IntStream.range(0, 5_000).mapToObj(i -> ("item" + i).getBytes(UTF_8)).toList();
        try (WorkerPool pool = cluster.pool(FOUR)) {
            List<Result> results = pool.invokeAll("upper", inputs);

            assertThat(results).hasSize(5_000);
            assertThat(IntStream.range(0, 5_000))
                    .allMatch(i -> text(results.get(i)).equals("ITEM" + i));
        }
    }

    @Test
    void movesAnIdempotentCallWhenItsWorkerIsRevoked() throws Exception {
        FakeCluster cluster = new FakeCluster(this::firstHeld);
        try (WorkerPool pool = cluster.pool(ONE)) {
            CompletableFuture<Result> call = pool.invokeAsync("upper", "abc".getBytes(UTF_8));
            await().until(() -> started.get() == 1);
            String lease = cluster.liveLeases().getFirst();
            cluster.revoke(lease, InvocationStatus.REVOKED, EndReason.RECLAIMED);

            Result result = call.get(30, TimeUnit.SECONDS);
            assertThat(text(result)).isEqualTo("ABC");
            assertThat(result.attempts()).isEqualTo(2);
            assertThat(pool.status().retries()).isEqualTo(1);
            assertThat(pool.status().lostWorkers()).isEqualTo(1);
            assertThat(cluster.liveLeases()).hasSize(1).doesNotContain(lease);
        }
    }

    @Test
    void reportsTheRevocationOfACallThatMustNotRunTwice() throws Exception {
        FakeCluster cluster = new FakeCluster(this::firstHeld);
        try (WorkerPool pool = cluster.pool(ONE)) {
            CompletableFuture<Result> call = pool.invokeAsync("once", "abc".getBytes(UTF_8));
            await().until(() -> started.get() == 1);
            cluster.revoke(
                    cluster.liveLeases().getFirst(), InvocationStatus.REVOKED, EndReason.RECLAIMED);

            assertThat(call.get(30, TimeUnit.SECONDS).status()).isEqualTo(InvocationStatus.REVOKED);
            assertThat(started).hasValue(1);
            assertThat(text(pool.invoke("once", "next".getBytes(UTF_8)))).isEqualTo("NEXT");
        }
    }

    @Test
    void dropsCompletionsThatComeTwice() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.repeating = true;
        int[] seen = new int[2_000];
        try (WorkerPool pool = cluster.pool(FOUR)) {
            MapSummary summary =
                    pool.map(
                            "upper",
                            items(2_000),
                            MapOptions.unordered(),
                            (tag, result) -> {
                                assertThat(text(result)).isEqualTo("ITEM" + tag);
                                seen[tag]++;
                            });

            assertThat(summary).isEqualTo(new MapSummary(2_000, 0, false));
            assertThat(seen).containsOnly(1);
            assertThat(pool.status().completed()).isEqualTo(2_000);
        }
    }

    private static Iterator<Item<Integer>> items(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> Item.of(i, ("item" + i).getBytes(UTF_8)))
                .iterator();
    }

    @Test
    void goesOnWhileTheSchedulerIsAway() throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        try (WorkerPool pool = cluster.pool(ONE)) {
            assertThat(pool.awaitWorkers(1, Duration.ofSeconds(30))).isTrue();
            cluster.away(true);
            await().until(() -> !pool.status().schedulerReachable());

            assertThat(text(pool.invoke("upper", "abc".getBytes(UTF_8)))).isEqualTo("ABC");

            cluster.away(false);
            await().until(() -> pool.status().schedulerReachable());
        }
    }

    @Test
    void asksAgainWhenARestartedSchedulerForgotTheRequest() throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        try (WorkerPool pool = cluster.pool(ONE)) {
            assertThat(pool.awaitWorkers(1, Duration.ofSeconds(30))).isTrue();
            String before = cluster.liveLeases().getFirst();
            cluster.forget();
            cluster.revoke(before, InvocationStatus.EXPIRED, EndReason.EXPIRED);
            await().until(() -> cluster.submissions == 2);

            assertThat(text(pool.invoke("upper", "abc".getBytes(UTF_8)))).isEqualTo("ABC");
        }
    }

    @Test
    void findsItsLeasesAgainAtARestartedSchedulerAndAsksOnlyForTheRest() throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        try (WorkerPool pool = cluster.pool(FOUR)) {
            assertThat(pool.awaitWorkers(4, Duration.ofSeconds(30))).isTrue();
            FakeCluster.Req request = cluster.requests.values().iterator().next();
            cluster.forget();
            request.workers = 3;
            cluster.remember(request);
            cluster.revoke(
                    request.leases.keySet().iterator().next(),
                    InvocationStatus.REVOKED,
                    EndReason.REVOKED);

            await().until(() -> cluster.liveLeases().size() == 4);
            assertThat(cluster.requests).hasSize(2);
            assertThat(pool.invokeAll("upper", List.of("a".getBytes(UTF_8))))
                    .allMatch(result -> text(result).equals("A"));
        }
        assertThat(cluster.liveLeases()).isEmpty();
    }

    @Test
    void keepsLeasesThatARestartedSchedulerHasNotHeardOfYet() throws Exception {
        FakeCluster cluster = new FakeCluster(this::firstHeld);
        try (WorkerPool pool = cluster.pool(LeaseOptions.of("text/upper").workers(2))) {
            assertThat(pool.awaitWorkers(2, Duration.ofSeconds(30))).isTrue();
            CompletableFuture<Result> call = pool.invokeAsync("upper", "a".getBytes(UTF_8));
            await().until(() -> started.get() == 1);
            FakeCluster.Req request = cluster.requests.values().iterator().next();
            Map<String, LeaseView> all = Map.copyOf(request.leases);
            cluster.forget();
            request.leases.clear();
            request.workers = 0;
            cluster.remember(request);
            // Longer than the grace that the channels of an ended lease get.
            await().during(Duration.ofMillis(1_500)).until(() -> pool.status().workers() == 2);
            request.leases.putAll(all);
            request.workers = 2;
            cluster.remember(request);
            gate.countDown();

            Result result = call.get(30, TimeUnit.SECONDS);
            assertThat(text(result)).isEqualTo("A");
            assertThat(result.attempts()).isEqualTo(1);
            assertThat(cluster.submissions).isEqualTo(1);
        }
    }

    @Test
    void waitsWhileAllNodesAreGoneAndGoesOnWhenTheyReturn() throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        try (WorkerPool pool = cluster.pool(FOUR)) {
            assertThat(pool.awaitWorkers(4, Duration.ofSeconds(30))).isTrue();
            cluster.capacity(0);
            for (String lease : cluster.liveLeases()) {
                cluster.revoke(lease, InvocationStatus.DISCONNECTED, EndReason.NODE_LOST);
            }
            await().until(() -> pool.status().workers() == 0);
            CompletableFuture<Result> call = pool.invokeAsync("upper", "abc".getBytes(UTF_8));
            assertThat(pool.awaitWorkers(1, Duration.ofMillis(50))).isFalse();
            assertThat(call).isNotDone();

            cluster.capacity(4);

            assertThat(text(call.get(30, TimeUnit.SECONDS))).isEqualTo("ABC");
        }
    }

    @Test
    void opensALeaseAgainAfterItsExecutorDied() throws Exception {
        FakeCluster cluster =
                new FakeCluster((channel, function, input) -> {
                    if (started.incrementAndGet() == 1) {
                        channel.end(InvocationStatus.CRASHED);
                    }
                    return upper(channel, function, input);
                });
        try (WorkerPool pool = cluster.pool(ONE)) {
            Result result = pool.invoke("upper", "abc".getBytes(UTF_8));

            assertThat(text(result)).isEqualTo("ABC");
            assertThat(cluster.openings).hasSize(2);
            assertThat(cluster.submissions).isEqualTo(1);
        }
    }

    @Test
    void failsOnlyTheInputsThatKillTheirExecutor() {
        FakeCluster cluster =
                new FakeCluster((channel, function, input) -> {
                    if (new String(input, UTF_8).endsWith("7")) {
                        channel.end(InvocationStatus.CRASHED);
                    }
                    return upper(channel, function, input);
                });
        InvocationStatus[] ends = new InvocationStatus[50];
        try (WorkerPool pool = cluster.pool(LeaseOptions.of("text/upper").workers(2))) {
            pool.map(
                    "upper",
                    items(50),
                    MapOptions.unordered(),
                    (tag, result) -> ends[tag] = result.status());
        }
        assertThat(IntStream.range(0, 50))
                .allMatch(i ->
                        ends[i] == (i % 10 == 7 ? InvocationStatus.CRASHED : InvocationStatus.OK));
    }

    @Test
    void asksForTcpWhenSharedMemoryCannotBeUsed() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.sharedMemoryWorks = false;
        try (WorkerPool pool = cluster.pool(ONE)) {
            assertThat(text(pool.invoke("upper", "abc".getBytes(UTF_8)))).isEqualTo("ABC");
        }
        assertThat(cluster.openings.getFirst().transports()).containsExactly("shm", "tcp");
        assertThat(cluster.openings.getLast().transports()).containsExactly("tcp", "shm");
    }

    @Test
    void goesOnByTcpWhenSharedMemoryFailsUnderAWrite(@TempDir Path directory) throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.sharedInputs = shortened(directory.resolve("region"));
        try (WorkerPool pool = cluster.pool(ONE)) {
            CompletableFuture<Result> once = pool.invokeAsync("once", "abc".getBytes(UTF_8));
            CompletableFuture<Result> upper = pool.invokeAsync("upper", "def".getBytes(UTF_8));

            assertThat(text(once.get(30, TimeUnit.SECONDS))).isEqualTo("ABC");
            assertThat(text(upper.get(30, TimeUnit.SECONDS))).isEqualTo("DEF");
        }
        assertThat(cluster.openings.getLast().transports()).containsExactly("tcp", "shm");
    }

    @Test
    void endsACallWhenThereIsNothingButSharedMemoryThatFails(@TempDir Path directory)
            throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.sharedInputs = shortened(directory.resolve("region"));
        try (WorkerPool pool = cluster.pool(ONE.transports(List.of("shm")))) {
            Result result =
                    pool.invokeAsync("upper", "abc".getBytes(UTF_8)).get(30, TimeUnit.SECONDS);

            assertThat(result.status()).isEqualTo(InvocationStatus.DISCONNECTED);
            assertThat(result.message()).contains("/dev/shm").contains("tcp");
        }
    }

    @Test
    void opensByTcpWhenSharedMemoryFailsWhileItIsOpened() throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.sharedMemoryFault = true;
        try (WorkerPool pool = cluster.pool(ONE)) {
            CompletableFuture<Result> call = pool.invokeAsync("upper", "abc".getBytes(UTF_8));

            assertThat(text(call.get(30, TimeUnit.SECONDS))).isEqualTo("ABC");
        }
    }

    /** Memory that gives SIGBUS, as a region does whose file system is full. */
    private static MemorySegment shortened(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, CREATE_NEW, READ, WRITE)) {
            MemorySegment mapped =
                    channel.map(FileChannel.MapMode.READ_WRITE, 0, 1 << 16, Arena.ofAuto());
            channel.truncate(0);
            return mapped;
        }
    }

    @Test
    void renewsWellBeforeTheLeasesExpire() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        try (WorkerPool pool = cluster.pool(ONE.ttl(Duration.ofMillis(150)))) {
            await().until(() -> cluster.renewals >= 3);
            assertThat(pool.status().schedulerReachable()).isTrue();
            assertThat(cluster.submissions).isEqualTo(1);
        }
    }

    @Test
    void renewsInTimeWhenARestartedSchedulerGivesLessThanTheTtl() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        try (WorkerPool pool = cluster.pool(ONE.ttl(Duration.ofHours(1)))) {
            assertThat(text(pool.invoke("upper", "abc".getBytes(UTF_8)))).isEqualTo("ABC");
            assertThat(cluster.renewals).isZero();

            cluster.leaseMillis(3_000);
            await().until(() -> cluster.renewals >= 2);
        }
    }

    @Test
    void givesBackALeaseThatItsNodeDoesNotOpen() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.nodesRefuse = true;
        cluster.capacity = 1;
        try (WorkerPool pool = cluster.pool(ONE)) {
            String lease = cluster.liveLeases().getFirst();
            await().atMost(Duration.ofSeconds(40))
                    .until(() -> !cluster.liveLeases().contains(lease));
            cluster.nodesRefuse = false;

            assertThat(text(pool.invoke("upper", "abc".getBytes(UTF_8)))).isEqualTo("ABC");
        }
    }

    @Test
    void refusesWhatCanNeverBeMet() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.refusal = EndReason.IMPOSSIBLE;
        assertThatThrownBy(() -> cluster.pool(FOUR))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_CAPACITY))
                .hasMessageContaining("4 workers")
                .hasMessageContaining("offcut nodes");
    }

    @Test
    void tellsWaitingCallsThatAnOperatorEndedTheRequest() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.capacity = 0;
        try (WorkerPool pool = cluster.pool(ONE)) {
            CompletableFuture<Result> call = pool.invokeAsync("upper", new byte[0]);
            cluster.endRequests(EndReason.REVOKED);

            assertThatThrownBy(() -> call.get(30, TimeUnit.SECONDS))
                    .hasRootCauseInstanceOf(OffcutException.class)
                    .hasMessageContaining("operator");
            assertThatThrownBy(() -> pool.awaitWorkers(1, Duration.ofSeconds(30)))
                    .isInstanceOf(OffcutException.class);
        }
    }

    @Test
    void namesTheFunctionsThereAreWhenOneIsUnknown() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        try (WorkerPool pool = cluster.pool(ONE)) {
            assertThatThrownBy(() -> pool.invoke("lower", new byte[0]))
                    .isInstanceOfSatisfying(
                            OffcutException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND))
                    .hasMessageContaining("text/lower")
                    .hasMessageContaining("text/upper");
        }
    }

    @Test
    void refusesAnInputOverThePayloadLimitWithoutSendingIt() {
        FakeCluster cluster = new FakeCluster(this::firstHeld);
        try (WorkerPool pool = cluster.pool(ONE)) {
            Result result = pool.invoke("upper", new byte[65]);

            assertThat(result.status()).isEqualTo(InvocationStatus.TOO_LARGE);
            assertThat(result.message()).contains("65").contains("64");
            assertThat(started).hasValue(0);
        }
    }

    @Test
    void endsACallAtItsDeadlineAlsoWithoutAWorker() throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.capacity = 0;
        try (WorkerPool pool = cluster.pool(ONE)) {
            MemorySegment input = MemorySegment.ofArray(new byte[1]);
            Duration limit = Duration.ofMillis(20);

            assertThat(pool.invoke("upper", input, limit).status())
                    .isEqualTo(InvocationStatus.TIMED_OUT);
            assertThat(pool.invokeAsync("upper", input, limit).get(30, TimeUnit.SECONDS).status())
                    .isEqualTo(InvocationStatus.TIMED_OUT);
        }
    }

    @Test
    void neverRunsACallThatWasCancelledInTheQueue() throws Exception {
        FakeCluster cluster = new FakeCluster(this::firstHeld);
        try (WorkerPool pool = cluster.pool(ONE)) {
            CompletableFuture<Result> first = pool.invokeAsync("upper", "a".getBytes(UTF_8));
            await().until(() -> started.get() == 1);
            CompletableFuture<Result> second = pool.invokeAsync("upper", "b".getBytes(UTF_8));
            CompletableFuture<Result> third = pool.invokeAsync("upper", "c".getBytes(UTF_8));
            assertThat(second.cancel(true)).isTrue();
            gate.countDown();

            assertThat(text(first.get(30, TimeUnit.SECONDS))).isEqualTo("A");
            assertThat(text(third.get(30, TimeUnit.SECONDS))).isEqualTo("C");
            assertThat(started).hasValue(2);
        }
    }

    @Test
    void givesEverythingBackWhenClosed() throws Exception {
        FakeCluster cluster = new FakeCluster(this::firstHeld);
        WorkerPool pool = cluster.pool(ONE);
        CompletableFuture<Result> running = pool.invokeAsync("upper", "a".getBytes(UTF_8));
        await().until(() -> started.get() == 1);
        CompletableFuture<Result> waiting = pool.invokeAsync("upper", "b".getBytes(UTF_8));

        pool.close();

        assertThat(running.get(30, TimeUnit.SECONDS).status())
                .isEqualTo(InvocationStatus.CANCELLED);
        assertThatThrownBy(() -> waiting.get(30, TimeUnit.SECONDS)).hasMessageContaining("closed");
        assertThatThrownBy(() -> pool.invoke("upper", new byte[0]))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("closed");
        assertThat(cluster.liveLeases()).isEmpty();
        assertThat(cluster.channels.values()).allMatch(channel -> channel.closed);
    }

    @Test
    void passesOnWhatTheHandlerThrowsAndStopsReading() {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        AtomicInteger read = new AtomicInteger();
        Iterator<Item<Integer>> endless =
                Stream.generate(() -> Item.of(read.incrementAndGet(), new byte[1])).iterator();
        try (WorkerPool pool = cluster.pool(ONE)) {
            assertThatThrownBy(() ->
                            pool.map(
                                    "upper",
                                    endless,
                                    new MapOptions(true, 8, 1 << 20, 0),
                                    (tag, result) -> {
                                        throw new IllegalStateException("disk full");
                                    }))
                    .hasMessage("disk full");
            assertThat(read.get()).isBetween(1, 10);
        }
    }

    @Test
    void readsNoFurtherAheadThanItsWindow() throws Exception {
        FakeCluster cluster = new FakeCluster(this::firstHeld);
        AtomicInteger read = new AtomicInteger();
        Iterator<Item<Integer>> items =
                IntStream.range(0, 1000)
                        .mapToObj(i -> {
                            read.incrementAndGet();
                            return Item.of(i, new byte[1]);
                        })
                        .iterator();
        try (WorkerPool pool = cluster.pool(ONE)) {
            CompletableFuture<MapSummary> map =
                    CompletableFuture.supplyAsync(() ->
                            pool.map(
                                    "upper",
                                    items,
                                    new MapOptions(false, 16, 1 << 20, 0),
                                    (tag, result) -> {}));
            await().until(() -> started.get() == 1);
            await().during(Duration.ofMillis(200)).until(() -> read.get() <= 18);
            gate.countDown();
            assertThat(map.get(30, TimeUnit.SECONDS).items()).isEqualTo(1000);
        }
    }

    /** Whatever happens to workers and scheduler, each item comes back once, and right. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void deliversEachItemOnceUnderRandomFaults(long seed) throws Exception {
        FakeCluster cluster = new FakeCluster(WorkerPoolTest::upper);
        cluster.repeating = seed % 2 == 0;
        int count = 60_000;
        int[] seen = new int[count];
        LeaseOptions options = FOUR.retry(new RetryPolicy(1_000_000, 1_000_000));
        CountDownLatch finished = new CountDownLatch(1);
        Thread chaos = Thread.ofVirtual().start(() -> chaos(cluster, new Random(seed), finished));
        try (WorkerPool pool = cluster.pool(options)) {
            pool.map(
                    "upper",
                    items(count),
                    seed % 3 == 0 ? MapOptions.inOrder() : MapOptions.unordered(),
                    (tag, result) -> {
                        assertThat(text(result)).as("seed %d", seed).isEqualTo("ITEM" + tag);
                        seen[tag]++;
                    });
        } finally {
            finished.countDown();
            chaos.join();
        }
        assertThat(seen).as("seed %d", seed).containsOnly(1);
    }

    private static void chaos(FakeCluster cluster, Random random, CountDownLatch finished) {
        InvocationStatus[] ends = {
            InvocationStatus.REVOKED, InvocationStatus.DISCONNECTED, InvocationStatus.CRASHED
        };
        try {
            while (!finished.await(random.nextInt(20), TimeUnit.MILLISECONDS)) {
                List<String> live = cluster.liveLeases();
                if (!live.isEmpty()) {
                    String lease = live.get(random.nextInt(live.size()));
                    InvocationStatus end = ends[random.nextInt(ends.length)];
                    if (end == InvocationStatus.CRASHED) {
                        FakeChannel channel = cluster.channels.get(lease);
                        if (channel != null) {
                            channel.end(end);
                        }
                    } else {
                        cluster.revoke(lease, end, EndReason.RECLAIMED);
                    }
                }
                switch (random.nextInt(40)) {
                    case 0 -> cluster.away(true);
                    case 1 -> cluster.forget();
                    default -> cluster.away(false);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            cluster.away(false);
        }
    }
}
