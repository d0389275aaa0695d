package io.offcut.executor;

import static io.offcut.executor.Invoker.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.ibm.disni.verbs.IbvWC.IbvWcStatus;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.rdma.WorkCompletion;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
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
        "0, '', UNAUTHORIZED",
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

    @SuppressWarnings("EnumOrdinal") // DiSNI's enumeration is that of verbs.h, in its order
    @Test
    void aWriteBeyondTheInputsReachesNothing() throws IOException {
        try (RawVerbsClient client = new RawVerbsClient(worker, RawVerbsClient.hello(), 4)) {
            client.write(64, -64, 0);
            assertThat(IbvWcStatus.values()[client.written().getStatus()])
                    .isEqualTo(IbvWcStatus.IBV_WC_REM_ACCESS_ERR);
        }
        stillServes();
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
