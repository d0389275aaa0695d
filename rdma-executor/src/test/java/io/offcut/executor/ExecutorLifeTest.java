package io.offcut.executor;

import static io.offcut.executor.Invoker.PATIENCE;
import static io.offcut.executor.Invoker.call;
import static io.offcut.executor.Invoker.post;
import static io.offcut.executor.Invoker.take;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.offcut.core.CpuSet;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ProcessTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The executor process and its daemon. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExecutorLifeTest {
    private TestBundle bundle;

    @BeforeEach
    void makeBundle(@TempDir Path directory) throws IOException, InterruptedException {
        bundle = TestBundle.make(directory.resolve("bundle"));
    }

    @Test
    void saysHelloThenReadyAndConfinesItself() throws IOException {
        int core = CpuAffinity.current().lowest(1).toArray()[0];
        try (TestExecutor executor =
                TestExecutor.start(bundle, TestExecutor.Options.DEFAULT.withCores(List.of(core)))) {
            long pid = executor.process.pid();
            assertThat(executor.events)
                    .containsExactly(
                            "connected lease-1 1 " + pid,
                            // Its starter puts it there; this test does not.
                            "ready lease-1 1 [it was not started in SCHED_IDLE: functions compete"
                                    + " with jobs for cores]");
            assertThat(Files.readString(Path.of("/proc/" + pid + "/oom_score_adj")).strip())
                    .isEqualTo("1000");
            assertThat(CpuAffinity.ofProcess(pid)).isEqualTo(CpuSet.of(core));
            assertThat(Files.readString(Path.of("/proc/" + pid + "/cmdline")))
                    .doesNotContain(TestExecutor.SECRET);
        }
    }

    @Test
    void whatFunctionsStartLivesInTheLeasesFolder() throws IOException {
        try (TestExecutor fresh = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                TestExecutor parked =
                        TestExecutor.startParked(bundle, TestExecutor.Options.DEFAULT)) {
            for (TestExecutor executor : List.of(fresh, parked)) {
                String scratch = executor.spec.scratchDir();
                try (InvocationChannel channel = executor.open(ChannelDescriptor.SHM)) {
                    assertThat(call(channel, bundle.index("Homes"), new byte[0]).bytes())
                            .asString()
                            .isEqualTo(scratch + ":" + scratch);
                }
            }
        }
    }

    @Test
    void workersThatShareACoreAllServe() throws IOException {
        TestExecutor.Options options =
                TestExecutor.Options.DEFAULT.withCores(List.of(0, 0, 0)).withHotTimeoutMicros(-1);
        try (TestExecutor executor = TestExecutor.start(bundle, options)) {
            for (int worker = 0; worker < 3; worker++) {
                for (String transport : List.of(ChannelDescriptor.SHM, ChannelDescriptor.TCP)) {
                    try (InvocationChannel channel =
                            Channels.open(
                                    executor.descriptor(transport, worker),
                                    TestExecutor.CONNECT_TIMEOUT)) {
                        assertThat(call(channel, bundle.index("echo"), new byte[] {6}).bytes())
                                .containsExactly(6);
                    }
                }
            }
        }
    }

    @Test
    void aRestartedDaemonLearnsEverythingAgain() throws IOException {
        try (TestExecutor executor = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                InvocationChannel channel = executor.open(ChannelDescriptor.SHM)) {
            ChannelDescriptor before = executor.descriptor(ChannelDescriptor.TCP, 0);
            executor.restartControl();
            assertThat(call(channel, bundle.index("echo"), new byte[] {1}).bytes())
                    .containsExactly(1);
            await().atMost(PATIENCE).until(executor::hasChannels);
            assertThat(executor.descriptor(ChannelDescriptor.TCP, 0)).isEqualTo(before);
            await().atMost(PATIENCE).until(() -> executor.usage() == 1);
            assertThat(call(channel, bundle.index("echo"), new byte[] {2}).bytes())
                    .containsExactly(2);
            await().atMost(PATIENCE).until(() -> executor.usage() == 2);
        }
    }

    @Test
    void timeInFunctionsIsCountedApartFromPolling() throws IOException {
        TestExecutor.Options sleeps = TestExecutor.Options.DEFAULT.withHotTimeoutMicros(0);
        try (TestExecutor executor = TestExecutor.start(bundle, sleeps);
                InvocationChannel channel = executor.open(ChannelDescriptor.SHM)) {
            Invoker.Answer nap = call(channel, bundle.index("nap"), ChannelContract.millis(300));
            assertThat(nap.status()).isEqualTo(InvocationStatus.OK);
            await().atMost(PATIENCE).until(() -> executor.used().executingMicros() >= 300_000);
            assertThat(executor.used().hotPollingMicros()).isLessThan(200_000);
        }
        TestExecutor.Options polls = TestExecutor.Options.DEFAULT.withHotTimeoutMicros(-1);
        try (TestExecutor executor = TestExecutor.start(bundle, polls);
                InvocationChannel channel = executor.open(ChannelDescriptor.SHM)) {
            assertThat(call(channel, bundle.index("echo"), new byte[1]).status())
                    .isEqualTo(InvocationStatus.OK);
            await().atMost(PATIENCE).until(() -> executor.used().hotPollingMicros() > 1_000_000);
            assertThat(executor.used().executingMicros()).isLessThan(200_000);
        }
    }

    @Test
    void anOrphanEndsAfterItsTime() throws IOException, InterruptedException {
        TestExecutor.Options options = TestExecutor.Options.DEFAULT.withOrphanMillis(300);
        try (TestExecutor executor = TestExecutor.start(bundle, options);
                InvocationChannel channel = executor.open(ChannelDescriptor.TCP)) {
            post(channel, 1, bundle.index("nap"), ChannelContract.millis(60_000), 0);
            executor.stopControl();
            assertThat(executor.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(executor.process.exitValue()).isEqualTo(ExecutorExit.ORPHANED);
            assertThat(take(channel, channel.await(PATIENCE.toNanos())).status())
                    .isEqualTo(InvocationStatus.DISCONNECTED);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0})
    void aRegionThatTheDaemonEndsEndsTheExecutor(long hotTimeoutMicros)
            throws IOException, InterruptedException {
        TestExecutor.Options options =
                TestExecutor.Options.DEFAULT.withHotTimeoutMicros(hotTimeoutMicros);
        try (TestExecutor executor = TestExecutor.start(bundle, options);
                InvocationChannel channel = executor.open(ChannelDescriptor.SHM)) {
            assertThat(ShmRegion.end(executor.region(0), InvocationStatus.EXPIRED)).isTrue();
            assertThat(ShmRegion.end(executor.region(0), InvocationStatus.REVOKED)).isFalse();
            assertThat(channel.ended()).isEqualTo(InvocationStatus.EXPIRED.code());
            assertThat(channel.acquire()).isEqualTo(InvocationChannel.NONE);
            assertThat(executor.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(executor.process.exitValue()).isEqualTo(ExecutorExit.ENDED);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ChannelDescriptor.SHM, ChannelDescriptor.TCP})
    void oneThatRestsHasEndedItsLeaseAndEndsWithItsDaemon(String transport)
            throws IOException, InterruptedException {
        try (TestExecutor executor = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                InvocationChannel channel = executor.open(transport)) {
            assertThat(call(channel, bundle.index("Reverse"), new byte[] {1}).bytes())
                    .containsExactly(1);
            assertThat(executor.rest(InvocationStatus.EXPIRED)).isTrue();
            await().atMost(PATIENCE).until(() -> executor.events.contains("resting lease-1 1"));
            await().atMost(PATIENCE)
                    .until(() -> channel.ended() == InvocationStatus.EXPIRED.code());
            assertThat(executor.process.isAlive()).isTrue();
            assertThat(Files.readString(Path.of("/proc/" + executor.process.pid() + "/maps")))
                    .doesNotContain(executor.region(0).toString());
            executor.stopControl();
            assertThat(executor.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(executor.process.exitValue()).isEqualTo(ExecutorExit.ENDED);
        }
    }

    @Test
    void oneThatIsInAFunctionEndsInsteadOfResting() throws IOException, InterruptedException {
        try (TestExecutor executor = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                InvocationChannel channel = executor.open(ChannelDescriptor.SHM)) {
            post(channel, 1, bundle.index("hang"), new byte[0], 0);
            long pid = executor.process.pid();
            await().atMost(PATIENCE).until(() -> ProcessTree.descendants(pid).size() >= 2);
            assertThat(executor.rest(InvocationStatus.REVOKED)).isTrue();
            assertThat(executor.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(executor.process.exitValue()).isEqualTo(ExecutorExit.ENDED);
            assertThat(executor.events).doesNotContain("resting lease-1 1");
            assertThat(take(channel, channel.await(PATIENCE.toNanos())).status())
                    .isEqualTo(InvocationStatus.REVOKED);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"hang", "detach_and_hang"})
    void commandsDieWithTheirExecutor(String function) throws IOException, InterruptedException {
        try (TestExecutor executor = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                InvocationChannel channel = executor.open(ChannelDescriptor.SHM)) {
            post(channel, 1, bundle.index(function), new byte[0], 60_000_000_000L);
            long pid = executor.process.pid();
            await().atMost(PATIENCE).until(() -> ProcessTree.descendants(pid).size() >= 3);
            var commands = ProcessTree.descendants(pid);
            executor.end(InvocationStatus.REVOKED);
            assertThat(executor.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            await().atMost(PATIENCE).until(() -> commands.stream().noneMatch(c -> c.isAlive()));
        }
    }

    @Test
    void largePayloadLimitsCostNothingUntilUsed() throws IOException {
        TestExecutor.Options options = TestExecutor.Options.DEFAULT.withPayloadBytes(1 << 30);
        try (TestExecutor executor = TestExecutor.start(bundle, options)) {
            for (String transport : List.of(ChannelDescriptor.SHM, ChannelDescriptor.TCP)) {
                try (InvocationChannel channel = executor.open(transport)) {
                    assertThat(call(channel, bundle.index("echo"), new byte[] {2}).bytes())
                            .containsExactly(2);
                }
            }
            assertThat((Integer) Files.getAttribute(executor.region(0), "unix:nlink")).isOne();
            assertThat(blocks(executor.region(0))).isLessThan(1 << 20);
        }
    }

    /** Bytes that the file really takes. */
    private static long blocks(Path file) throws IOException {
        Process du = new ProcessBuilder("du", "-B1", file.toString()).start();
        String line = du.inputReader().readLine();
        return Long.parseLong(line.substring(0, line.indexOf('\t')));
    }

    @Test
    void aShortenedRegionKillsNeitherSide() throws IOException {
        try (TestExecutor executor = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                InvocationChannel channel = executor.open(ChannelDescriptor.SHM)) {
            post(channel, 1, bundle.index("nap"), ChannelContract.millis(200), 0);
            try (var file =
                    java.nio.channels.FileChannel.open(
                            executor.region(0), java.nio.file.StandardOpenOption.WRITE)) {
                file.truncate(0);
            }
            try {
                int slot = channel.await(PATIENCE.toNanos());
                assertThat(take(channel, slot).status()).isEqualTo(InvocationStatus.DISCONNECTED);
            } catch (InternalError e) {
                // The virtual machine reports it where it pleases; it lives.
                assertThat(e).hasMessageContaining("unsafe memory access");
            }
            assertThat(ShmRegion.end(executor.region(0), InvocationStatus.REVOKED)).isFalse();
            assertThatThrownBy(() -> executor.open(ChannelDescriptor.SHM))
                    .hasMessageContaining("expected");
        }
    }
}
