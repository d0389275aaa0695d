package io.offcut.executor;

import static io.offcut.executor.Invoker.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC.IbvWcStatus;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.rdma.WorkCompletion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Peers over RDMA that do not keep to the protocol. Runs in the guest, by GuestTest of end-to-end.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VerbsFaultsInGuest {
    private static final int STATUS_OFFSET = 8;

    private TestBundle bundle;
    private TestExecutor executor;
    private ChannelDescriptor worker;

    @BeforeAll
    void startExecutor(@TempDir Path directory) throws IOException, InterruptedException {
        bundle = TestBundle.make(directory.resolve("bundle"));
        executor = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
        worker = executor.descriptor(ChannelDescriptor.VERBS, 0);
    }

    @AfterAll
    void stopExecutor() throws IOException {
        if (executor != null) {
            executor.close();
        }
    }

    private void stillServes() {
        try (InvocationChannel channel = executor.open(ChannelDescriptor.VERBS)) {
            assertThat(call(channel, bundle.index("echo"), new byte[] {1, 2}).bytes())
                    .containsExactly(1, 2);
        }
        assertThat(executor.process.isAlive()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1123456789abcdef0123456789abcdef, UNAUTHORIZED",
        "0, '', INVALID_INPUT",
        "1, 0123456789abcdef0123456789abcdef, NOT_FOUND",
        "-1, 0123456789abcdef0123456789abcdef, NOT_FOUND"
    })
    void aWrongHelloIsRefusedWithItsReason(int index, String secret, ErrorCode code) {
        ChannelDescriptor wrong =
                new ChannelDescriptor(
                        index, "verbs", "", worker.host(), worker.port(), secret, 4, 100);
        assertThatThrownBy(() -> Channels.open(wrong, TestExecutor.CONNECT_TIMEOUT))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(code);
                            assertThat(e.getMessage()).doesNotContain("0123456789abcdef");
                        });
        stillServes();
    }

    @Test
    void whoIsRefusedIsToldOfNoMemory() throws IOException {
        byte[] wrong = RawVerbsClient.hello();
        wrong[8] ^= 1;
        try (RawVerbsClient client = new RawVerbsClient(worker, wrong, 1)) {
            assertThat(client.refused()).isTrue();
            for (int offset = STATUS_OFFSET + 4; offset < 40; offset += 4) {
                assertThat(client.answered(offset)).isZero();
            }
        }
    }

    @Test
    void anotherVersionIsToldSo() throws IOException {
        byte[] hello = RawVerbsClient.hello();
        hello[4] = 2;
        try (RawVerbsClient client = new RawVerbsClient(worker, hello, 1)) {
            assertThat(client.refused()).isTrue();
            assertThat(client.answered(STATUS_OFFSET))
                    .isEqualTo(InvocationStatus.WRONG_VERSION.code());
        }
    }

    @Test
    void whoSaysNothingIsRefused() throws IOException {
        try (RawVerbsClient client = new RawVerbsClient(worker, new byte[0], 1)) {
            assertThat(client.refused()).isTrue();
            assertThat(client.answered(STATUS_OFFSET)).isEqualTo(InvocationStatus.MALFORMED.code());
        }
        stillServes();
    }

    @Test
    void whereNobodyListensTheClientHearsSo() throws IOException {
        ChannelDescriptor gone;
        try (TestExecutor other = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT)) {
            gone = other.descriptor(ChannelDescriptor.VERBS, 0);
        }
        assertThatThrownBy(() -> Channels.open(gone, Duration.ofSeconds(60)))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.UNREACHABLE))
                .hasMessageContaining("nobody listens");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 99, -1, Integer.MIN_VALUE})
    void aWriteThatIsNoRequestEndsItsConnectionAlone(int slot) throws IOException {
        try (RawVerbsClient client = new RawVerbsClient(worker, RawVerbsClient.hello(), 4)) {
            assertThat(client.refused()).isFalse();
            client.write(64, 0, slot);
            WorkCompletion word = client.arrived();
            assertThat(word.succeeded()).isTrue();
            assertThat(word.immediate()).isEqualTo(InvocationStatus.MALFORMED.code());
            client.awaitEnd();
        }
        stillServes();
    }

    @Test
    void aWriteBeyondTheInputsReachesNothing() throws IOException {
        try (RawVerbsClient client = new RawVerbsClient(worker, RawVerbsClient.hello(), 4)) {
            client.write(64, -64, 0);
            assertRefused(client);
        }
        try (RawVerbsClient client = new RawVerbsClient(worker, RawVerbsClient.hello(), 4)) {
            client.write(64, client.regionBytes(), 0);
            assertRefused(client);
        }
        try (RawVerbsClient client = new RawVerbsClient(worker, RawVerbsClient.hello(), 4)) {
            client.write(64, client.regionBytes() - 63, 0);
            assertRefused(client);
        }
        stillServes();
    }

    @Test
    void nothingOfTheWorkerCanBeRead() throws IOException {
        try (RawVerbsClient client = new RawVerbsClient(worker, RawVerbsClient.hello(), 4)) {
            client.post(
                    IbvSendWR.IBV_WR_RDMA_READ,
                    64,
                    client.regionAddress(),
                    client.answered(RawVerbsClient.RKEY_OFFSET),
                    0);
            assertRefused(client);
        }
        stillServes();
    }

    @Test
    void theKeyOfAnotherLeaseIsOfNoUse() throws IOException {
        try (TestExecutor other = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                RawVerbsClient theirs =
                        new RawVerbsClient(
                                other.descriptor(ChannelDescriptor.VERBS, 0),
                                RawVerbsClient.hello(),
                                4);
                RawVerbsClient client = new RawVerbsClient(worker, RawVerbsClient.hello(), 4)) {
            client.post(
                    IbvSendWR.IBV_WR_RDMA_WRITE_WITH_IMM,
                    64,
                    theirs.regionAddress(),
                    theirs.answered(RawVerbsClient.RKEY_OFFSET),
                    0);
            assertRefused(client);
        }
        stillServes();
    }

    @SuppressWarnings("EnumOrdinal") // DiSNI's enumeration is that of verbs.h, in its order
    private static void assertRefused(RawVerbsClient client) throws IOException {
        assertThat(IbvWcStatus.values()[client.written().getStatus()])
                .isEqualTo(IbvWcStatus.IBV_WC_REM_ACCESS_ERR);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoIsGoneBeforeTheAnswerLeavesNothingBehind(boolean knowsTheSecret) throws Exception {
        stillServes();
        long identifiers = resources("cm_id", executor.process);
        assertThat(identifiers).isPositive();
        byte[] hello = RawVerbsClient.hello();
        hello[8] ^= (byte) (knowsTheSecret ? 0 : 1);
        CutOff.run("kill", "-STOP", Long.toString(executor.process.pid()));
        try {
            for (int i = 0; i < 3; i++) {
                RawVerbsClient.askAndGo(worker, hello);
            }
        } finally {
            CutOff.run("kill", "-CONT", Long.toString(executor.process.pid()));
        }
        // Who asked first has the worker for as long as its end is not heard of.
        stillServes();
        stillServes();
        Awaitility.await()
                .atMost(TestExecutor.CONNECT_TIMEOUT)
                .until(() -> resources("cm_id", executor.process) <= identifiers);
    }

    @Test
    void whatCannotBeRegisteredIsRefusedAndKeepsNothing() throws Exception {
        try (TestExecutor limited =
                TestExecutor.startBy(
                        List.of("setpriv", "--bounding-set", "-ipc_lock"),
                        bundle,
                        TestExecutor.Options.DEFAULT)) {
            String pid = Long.toString(limited.process.pid());
            // Enough for the inputs and one of the results.
            CutOff.run("prlimit", "--pid", pid, "--memlock=" + (6L << 20) + ":unlimited");
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> limited.open(ChannelDescriptor.VERBS).close())
                        .isInstanceOfSatisfying(
                                OffcutException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
            }
            assertThat(Files.readString(Path.of("/proc", pid, "status")))
                    .containsPattern("VmPin:\\s+0 kB");
            CutOff.run("prlimit", "--pid", pid, "--memlock=unlimited:unlimited");
            try (InvocationChannel channel = limited.open(ChannelDescriptor.VERBS)) {
                assertThat(call(channel, bundle.index("echo"), new byte[] {3}).bytes())
                        .containsExactly(3);
            }
        }
    }

    @Test
    void aWorkerThatIsSilentlyCutOffIsGivenUp() throws Exception {
        try (TestExecutor other = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                InvocationChannel channel = other.open(ChannelDescriptor.VERBS)) {
            assertThat(call(channel, bundle.index("echo"), new byte[] {4}).bytes())
                    .containsExactly(4);
            CutOff.run("kill", "-STOP", Long.toString(other.process.pid()));
            int posted = Invoker.post(channel, 7, bundle.index("echo"), new byte[] {4}, 0);
            int done = InvocationChannel.NONE;
            try (CutOff _ = new CutOff()) {
                long begin = System.nanoTime();
                // As the client's threads wait.
                while (done == InvocationChannel.NONE
                        && System.nanoTime() - begin < TestExecutor.CONNECT_TIMEOUT.toNanos()) {
                    done = channel.await(20_000_000);
                }
            }
            assertThat(done).isEqualTo(posted);
            assertThat(channel.status(done)).isEqualTo(InvocationStatus.DISCONNECTED.code());
        }
        stillServes();
    }

    @Test
    void aClientThatIsSilentlyCutOffIsGivenUp() throws Exception {
        try (TestExecutor other = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                RawVerbsClient client =
                        new RawVerbsClient(
                                other.descriptor(ChannelDescriptor.VERBS, 0),
                                RawVerbsClient.hello(),
                                4)) {
            request(client, client.region.getRkey());
            assertThat(client.arrived().succeeded()).isTrue();
            long pairs = resources("qp", other.process);
            assertThat(pairs).isPositive();
            try (CutOff _ = new CutOff()) {
                Awaitility.await()
                        .atMost(TestExecutor.CONNECT_TIMEOUT)
                        .until(() -> resources("qp", other.process) < pairs);
            }
        }
        stillServes();
    }

    /** How many of these the kernel keeps for a process, as made by its threads. */
    private static long resources(String kind, Process process) throws Exception {
        Set<String> threads;
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
            threads = tasks.map(task -> task.getFileName() + "").collect(Collectors.toSet());
        }
        return CutOff.run("rdma", "resource", "show", kind)
                .lines()
                .filter(one -> threads.contains(one.replaceFirst(".* pid (\\d+) .*", "$1")))
                .count();
    }

    @Test
    void aResultThatMayNotBeWrittenEndsTheConnectionAlone() throws IOException {
        try (RawVerbsClient client = new RawVerbsClient(worker, RawVerbsClient.hello(), 4)) {
            request(client, client.region.getRkey() + 1);
            client.awaitEnd();
        }
        stillServes();
    }

    @Test
    void aClientThatReceivesNothingIsGivenUpInTheEnd() throws IOException {
        try (RawVerbsClient client = new RawVerbsClient(worker, RawVerbsClient.hello(), 0)) {
            request(client, client.region.getRkey());
            client.awaitEnd();
        }
        stillServes();
    }

    private void request(RawVerbsClient client, int rkey) throws IOException {
        InvocationFrame.writeRequest(client.memory, 0, 7, bundle.index("echo"), 0, 100, 0);
        InvocationFrame.setResult(client.memory, 0, client.memory.address() + 1024, rkey);
        client.write(64, 0, 0);
    }
}
