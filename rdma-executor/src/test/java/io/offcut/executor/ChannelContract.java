package io.offcut.executor;

import static io.offcut.executor.Invoker.PATIENCE;
import static io.offcut.executor.Invoker.call;
import static io.offcut.executor.Invoker.post;
import static io.offcut.executor.Invoker.random;
import static io.offcut.executor.Invoker.take;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.management.ThreadMXBean;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.Invoker.Answer;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.ProcessTree;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every transport must do, against a real executor process. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class ChannelContract {
    private TestBundle bundle;
    private TestExecutor executor;
    private InvocationChannel channel;

    abstract String transport();

    /** What outstanding invocations end with when the executor is gone without a word. */
    abstract InvocationStatus lost();

    @BeforeAll
    void startExecutor(@TempDir Path directory) throws IOException, InterruptedException {
        bundle = TestBundle.make(directory.resolve("bundle"));
        executor = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
    }

    @AfterAll
    void stopExecutor() throws IOException {
        if (executor != null) {
            executor.close();
        }
    }

    @BeforeEach
    void openChannel() {
        channel = executor.open(transport());
    }

    @AfterEach
    void closeChannel() {
        channel.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 65, 4096, 100_000, TestExecutor.PAYLOAD_BYTES})
    void echoesEverySize(int length) {
        byte[] input = random(length, length);
        Answer answer = call(channel, bundle.index("echo"), input);
        assertThat(answer.status()).isEqualTo(InvocationStatus.OK);
        assertThat(answer.bytes()).isEqualTo(input);
        assertThat(answer.id()).isEqualTo(77);
        assertThat(answer.executionNanos()).isPositive();
    }

    @Test
    void refusesAnInputOverTheLimitAndKeepsTheSlotUsable() {
        int slot = channel.acquire();
        int echo = bundle.index("echo");
        assertThat(channel.post(slot, 1, echo, TestExecutor.PAYLOAD_BYTES + 1, 0))
                .isEqualTo(InvocationStatus.TOO_LARGE.code());
        assertThat(channel.post(slot, 1, echo, -1, 0)).isEqualTo(InvocationStatus.TOO_LARGE.code());
        assertThat(channel.post(slot, 1, echo, 3, 0)).isZero();
        assertThat(channel.await(PATIENCE.toNanos())).isEqualTo(slot);
        channel.release(slot);
    }

    @Test
    void servesAllSlotsAtOnceAndManyTimesOver() {
        int echo = bundle.index("echo");
        long posted = 0;
        for (int slot = 0; slot < channel.slots(); slot++) {
            post(channel, posted, echo, random(1000, posted++), 0);
        }
        assertThat(channel.acquire()).isEqualTo(InvocationChannel.NONE);
        Set<Long> seen = new HashSet<>();
        while (seen.size() < 2_000) {
            Answer answer = take(channel, channel.await(PATIENCE.toNanos()));
            assertThat(answer.status()).isEqualTo(InvocationStatus.OK);
            assertThat(answer.bytes()).isEqualTo(random(1000, answer.id()));
            assertThat(seen.add(answer.id())).isTrue();
            if (posted < 2_000) {
                post(channel, posted, echo, random(1000, posted++), 0);
            }
        }
    }

    @Test
    void bigInputsAndResultsCrossWithoutDeadlock() {
        int echo = bundle.index("echo");
        for (int round = 0; round < 5; round++) {
            for (int slot = 0; slot < channel.slots(); slot++) {
                post(channel, slot, echo, random(TestExecutor.PAYLOAD_BYTES, slot), 0);
            }
            for (int left = channel.slots(); left > 0; left--) {
                Answer answer = take(channel, channel.await(PATIENCE.toNanos()));
                assertThat(answer.bytes())
                        .isEqualTo(random(TestExecutor.PAYLOAD_BYTES, answer.id()));
            }
        }
    }

    /**
     * Skips the test where a transport takes more than what is touched, and there is not as much.
     */
    void needsRoomForGibibytes() throws IOException {}

    /** Offsets beyond what an int holds. */
    @Test
    void aGibibyteCrossesBothWaysInTheLastOfManySlots() throws IOException {
        needsRoomForGibibytes();
        int bytes = InvocationFrame.MAX_PAYLOAD_BYTES;
        TestExecutor.Options options = TestExecutor.Options.DEFAULT.withPayloadBytes(bytes);
        try (TestExecutor large = TestExecutor.start(bundle, options);
                InvocationChannel wide = large.open(transport())) {
            for (int slot = 0; slot < wide.slots() - 1; slot++) {
                post(wide, slot, bundle.index("echo"), random(100_000, slot), 0);
            }
            int last = wide.acquire();
            wide.input(last).set(ValueLayout.JAVA_BYTE, 0, (byte) 3);
            wide.input(last).set(ValueLayout.JAVA_BYTE, bytes - 1, (byte) 9);
            assertThat(wide.post(last, 99, bundle.index("ends"), bytes, 0)).isZero();
            for (int left = wide.slots(); left > 0; left--) {
                int done = wide.await(PATIENCE.toNanos());
                if (done == last) {
                    MemorySegment result = wide.result(done);
                    assertThat(result.byteSize()).isEqualTo(bytes);
                    assertThat(result.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 3);
                    assertThat(result.get(ValueLayout.JAVA_BYTE, bytes - 1)).isEqualTo((byte) 9);
                    wide.release(done);
                } else {
                    Answer answer = take(wide, done);
                    assertThat(answer.bytes()).isEqualTo(random(100_000, answer.id()));
                }
            }
        }
    }

    @Test
    void resultsCanBeTakenInAnyOrder() {
        int echo = bundle.index("echo");
        Set<Integer> done = new HashSet<>();
        for (int slot = 0; slot < channel.slots(); slot++) {
            post(channel, 100 + slot, echo, new byte[] {(byte) slot}, 0);
        }
        while (done.size() < channel.slots()) {
            done.add(channel.await(PATIENCE.toNanos()));
        }
        for (int slot = channel.slots() - 1; slot >= 0; slot--) {
            Answer answer = take(channel, slot);
            assertThat(answer.id()).isEqualTo(100 + answer.bytes()[0]);
        }
        assertThat(channel.poll()).isEqualTo(InvocationChannel.NONE);
        assertThat(channel.await(1)).isEqualTo(InvocationChannel.NONE);
    }

    @Test
    void pollingAloneIsEnough() {
        post(channel, 5, bundle.index("checked_echo"), random(10, 5), 0);
        int[] done = {InvocationChannel.NONE};
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> (done[0] = channel.poll()) >= 0);
        assertThat(take(channel, done[0]).bytes()).isEqualTo(random(10, 5));
    }

    @Test
    void wakesASleepingWorkerEachTime() {
        int nap = bundle.index("nap");
        for (int round = 0; round < 20; round++) {
            byte[] millis = millis(round % 3);
            assertThat(call(channel, nap, millis).bytes()).isEqualTo(millis);
            await().atMost(PATIENCE)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> executor.threadSleeps("worker-0"));
        }
    }

    @Test
    void anInvocationAllocatesNothing() {
        int echo = bundle.index("checked_echo");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        // What the compilers still do in the first batches is not the channel's.
        for (int batch = 0; batch < 50 && least > 0; batch++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int round = 0; round < 2_000; round++) {
                invokeByPolling(echo, round);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).as("bytes allocated in 2,000 invocations").isZero();
    }

    private void invokeByPolling(int function, int round) {
        int slot = channel.acquire();
        channel.input(slot).set(ValueLayout.JAVA_BYTE, 0, (byte) round);
        if (channel.post(slot, round, function, 1, 0) != 0) {
            throw new AssertionError("not posted");
        }
        int done = channel.poll();
        while (done == InvocationChannel.NONE) {
            Thread.onSpinWait();
            done = channel.poll();
        }
        if (channel.status(done) != 0 || channel.invocationId(done) != round) {
            throw new AssertionError("status " + channel.status(done));
        }
        channel.release(done);
    }

    @Test
    void awaitGivesUpInTimeAndTheResultStillComes() {
        post(channel, 9, bundle.index("nap"), millis(300), 0);
        assertThat(channel.await(1_000_000)).isEqualTo(InvocationChannel.NONE);
        assertThat(take(channel, channel.await(PATIENCE.toNanos())).id()).isEqualTo(9);
    }

    @ParameterizedTest
    @CsvSource({
        "claim_too_much, TOO_LARGE, ''",
        "refuse, FUNCTION_ERROR, function 'refuse' returned -42",
        "absent_symbol, NO_SUCH_FUNCTION, no symbol 'absent_symbol'",
        "Throwing, FUNCTION_ERROR, thrown on purpose",
        "TooLong, TOO_LARGE, ''",
        "AbsentClass, NO_SUCH_FUNCTION, no class",
        "Unmakable, NO_SUCH_FUNCTION, constructor",
        "fail, FUNCTION_ERROR, no such luck",
        "yes, TOO_LARGE, ''",
        "shout, FUNCTION_ERROR, OH",
        "hang, TIMED_OUT, ''",
        "absent_program, NO_SUCH_FUNCTION, no program 'no-such-program'",
        "escape, NO_SUCH_FUNCTION, no program"
    })
    void aFailureEndsItsInvocationAndNothingElse(
            String function, InvocationStatus status, String message) {
        Answer answer = call(channel, bundle.index(function), new byte[3]);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.text()).contains(message);
        assertThat(call(channel, bundle.index("echo"), new byte[] {4}).bytes()).containsExactly(4);
        assertThat(executor.process.isAlive()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1_000_000, Integer.MIN_VALUE})
    void anIndexThatIsNoneHasNoFunction(int index) {
        assertThat(call(channel, index, new byte[0]).status())
                .isEqualTo(InvocationStatus.NO_SUCH_FUNCTION);
    }

    @Test
    void runsJavaFunctionsThatSeeOnlyTheJdkAndCore() {
        assertThat(
                        call(
                                        channel,
                                        bundle.index("Reverse"),
                                        "offcut".getBytes(StandardCharsets.UTF_8))
                                .text())
                .isEqualTo("tucffo");
        assertThat(call(channel, bundle.index("Peeping"), new byte[0]).text()).isEqualTo("----");
    }

    @Test
    void runsCommandsWithoutDeadlockAndWithACleanEnvironment() {
        byte[] input = random(TestExecutor.PAYLOAD_BYTES, 3);
        assertThat(call(channel, bundle.index("cat"), input).bytes()).isEqualTo(input);
        assertThat(call(channel, bundle.index("ignore"), input).text()).isEqualTo("ignored\n");
        assertThat(call(channel, bundle.index("environment"), new byte[0]).text())
                .contains("HOME=" + executor.spec.scratchDir())
                .doesNotContain("JAVA")
                .doesNotContain(TestExecutor.SECRET);
    }

    @Test
    void eachCommandHasAFolderWhateverTheLastDidToIt() {
        for (int round = 0; round < 3; round++) {
            assertThat(call(channel, bundle.index("homewrecker"), new byte[0]).text())
                    .isEqualTo("gone\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"hang", "mute"})
    void aCommandsDeadlineIsTheCallers(String function) {
        long begin = System.nanoTime();
        post(channel, 1, bundle.index(function), random(TestExecutor.PAYLOAD_BYTES, 5), 50_000_000);
        assertThat(take(channel, channel.await(PATIENCE.toNanos())).status())
                .isEqualTo(InvocationStatus.TIMED_OUT);
        assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(50_000_000);
    }

    @Test
    void aResultIsWholeAlsoWhenTheProgramEndsBeforeWhatItStarted() {
        assertThat(call(channel, bundle.index("late"), new byte[0]).text())
                .isEqualTo("early\nlate\n");
    }

    @Test
    void aResultThatNeverEndsTimesOut() {
        post(channel, 1, bundle.index("keep"), new byte[0], 1_000_000_000);
        Answer answer = take(channel, channel.await(PATIENCE.toNanos()));
        assertThat(answer.status()).isEqualTo(InvocationStatus.TIMED_OUT);
        assertThat(answer.bytes()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"detach, 0, OK", "detach, 3, FUNCTION_ERROR", "homeless, 0, OK"})
    void whatACommandLeavesRunningEndsWithTheInvocation(
            String function, String code, InvocationStatus status) {
        Answer answer =
                call(channel, bundle.index(function), code.getBytes(StandardCharsets.UTF_8));
        assertThat(answer.status()).isEqualTo(status);
        await().atMost(PATIENCE)
                .until(() ->
                        ProcessTree.descendants(executor.process.pid()).stream()
                                .noneMatch(ProcessRef::isAlive));
    }

    @Test
    void reportsUsageToTheDaemon() {
        long before = executor.usage();
        call(channel, bundle.index("echo"), new byte[1]);
        await().atMost(PATIENCE).until(() -> executor.usage() > before);
    }

    @Test
    void aSecondClientWaitsForTheFirstAndIsTurnedAwayOtherwise() {
        assertThatThrownBy(() ->
                        // Long enough for the executor to be heard on a machine that is busy.
                        Channels.open(executor.descriptor(transport(), 0), Duration.ofSeconds(2)))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
        channel.close();
        channel = executor.open(transport());
        assertThat(call(channel, bundle.index("echo"), new byte[] {1}).bytes()).containsExactly(1);
    }

    @Test
    void aClientThatLeavesInTheMiddleIsReplaced() {
        for (int slot = 0; slot < channel.slots(); slot++) {
            post(channel, slot, bundle.index("nap"), millis(50), 0);
        }
        channel.close();
        channel = executor.open(transport());
        int[] first = {InvocationChannel.NONE};
        await().atMost(PATIENCE).until(() -> (first[0] = channel.acquire()) >= 0);
        channel.release(first[0]);
        assertThat(call(channel, bundle.index("echo"), new byte[] {8}).bytes()).containsExactly(8);
        Set<Integer> all = new HashSet<>();
        await().atMost(PATIENCE)
                .until(() -> {
                    int slot = channel.acquire();
                    return slot >= 0 && all.add(slot) && all.size() == channel.slots();
                });
    }

    @ParameterizedTest
    @CsvSource({"crash, false", "quit, false", "overrun, false", "Exiting, true"})
    void aDeadExecutorEndsEveryOutstandingInvocation(String function, boolean says)
            throws IOException {
        try (TestExecutor victim = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                InvocationChannel doomed = victim.open(transport())) {
            post(doomed, 1, bundle.index("nap"), millis(100), 0);
            post(doomed, 2, bundle.index(function), new byte[0], 0);
            post(doomed, 3, bundle.index("echo"), new byte[1], 0);
            Set<InvocationStatus> ends = new HashSet<>();
            for (int left = 3; left > 0; left--) {
                ends.add(take(doomed, doomed.await(PATIENCE.toNanos())).status());
            }
            assertThat(ends)
                    .contains(says ? InvocationStatus.CRASHED : lost())
                    .isSubsetOf(InvocationStatus.OK, InvocationStatus.CRASHED, lost());
            assertThat(doomed.acquire()).isEqualTo(InvocationChannel.NONE);
            assertThat(doomed.ended()).isNegative();
        }
    }

    @Test
    void anEndlessLoopTimesOutAndTakesItsExecutorAlong() throws IOException, InterruptedException {
        try (TestExecutor victim = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                InvocationChannel doomed = victim.open(transport())) {
            post(doomed, 1, bundle.index("spin"), new byte[0], 100_000_000);
            assertThat(take(doomed, doomed.await(PATIENCE.toNanos())).status())
                    .isEqualTo(InvocationStatus.TIMED_OUT);
            assertThat(victim.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(victim.process.exitValue()).isEqualTo(ExecutorExit.TIMED_OUT);
        }
    }

    @Test
    void aKilledExecutorIsNoticedWhileTheCallerWaits() throws IOException {
        try (TestExecutor victim = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                InvocationChannel doomed = victim.open(transport())) {
            victim.stopControl();
            post(doomed, 1, bundle.index("nap"), millis(60_000), 0);
            assertThat(doomed.await(50_000_000)).isEqualTo(InvocationChannel.NONE);
            victim.process.destroyForcibly();
            assertThat(take(doomed, doomed.await(PATIENCE.toNanos())).status()).isEqualTo(lost());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 1_000})
    void theDaemonsEndReachesRunningAndIdleWorkers(long hotTimeoutMicros)
            throws IOException, InterruptedException {
        TestExecutor.Options options =
                TestExecutor.Options.DEFAULT.withHotTimeoutMicros(hotTimeoutMicros);
        try (TestExecutor victim = TestExecutor.start(bundle, options);
                InvocationChannel doomed = victim.open(transport())) {
            assertThat(call(doomed, bundle.index("echo"), new byte[1]).status())
                    .isEqualTo(InvocationStatus.OK);
            if (hotTimeoutMicros != 0) {
                post(doomed, 1, bundle.index("nap"), millis(60_000), 0);
            }
            assertThat(victim.end(InvocationStatus.REVOKED)).isTrue();
            if (hotTimeoutMicros != 0) {
                assertThat(take(doomed, doomed.await(PATIENCE.toNanos())).status())
                        .isEqualTo(InvocationStatus.REVOKED);
            }
            assertThat(victim.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(victim.process.exitValue()).isEqualTo(ExecutorExit.ENDED);
            assertThat(doomed.ended()).isEqualTo(InvocationStatus.REVOKED.code());
        }
    }

    static byte[] millis(int millis) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(millis).array();
    }
}
