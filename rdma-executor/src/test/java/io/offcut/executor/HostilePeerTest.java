package io.offcut.executor;

import static io.offcut.executor.Invoker.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.testing.Seeds;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Peers that do not keep to the protocol, on the socket and in the region. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostilePeerTest {
    private static final int READ_TIMEOUT_MILLIS = 20_000;

    private TestBundle bundle;
    private TestExecutor executor;

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

    private void stillServes(String transport) {
        try (InvocationChannel channel = executor.open(transport)) {
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
    void aWrongHelloIsRefusedWithItsReason(int worker, String secret, ErrorCode code) {
        ChannelDescriptor right = executor.descriptor(ChannelDescriptor.TCP, 0);
        ChannelDescriptor wrong =
                new ChannelDescriptor(
                        worker, "tcp", "", right.host(), right.port(), secret, 4, 100);
        assertThatThrownBy(() -> Channels.open(wrong, TestExecutor.CONNECT_TIMEOUT))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(code);
                            assertThat(e.getMessage()).doesNotContain("0123456789abcdef");
                        });
        stillServes(ChannelDescriptor.TCP);
    }

    @Test
    void anotherVersionIsToldSo() throws IOException {
        try (Socket socket = connect()) {
            byte[] hello = hello();
            hello[4] = 2;
            socket.getOutputStream().write(hello);
            ByteBuffer reply = reply(socket);
            assertThat(reply.getShort(4)).isEqualTo(InvocationFrame.VERSION);
            assertThat(reply.getInt(8)).isEqualTo(InvocationStatus.WRONG_VERSION.code());
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void whoSaysNothingIsTurnedAwayAndDisturbsNobody() throws IOException {
        try (Socket silent = connect();
                Socket slow = connect()) {
            slow.getOutputStream().write(hello(), 0, 63);
            stillServes(ChannelDescriptor.TCP);
            assertThat(silent.getInputStream().read()).isEqualTo(-1);
            assertThat(slow.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void anHttpClientGetsNoFurther() throws IOException {
        try (Socket socket = connect()) {
            String request = "GET / HTTP/1.1\r\nHost: worker\r\n" + "X: y\r\n".repeat(20) + "\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            assertEnds(socket);
        }
        stillServes(ChannelDescriptor.TCP);
    }

    @Test
    void corruptFramesEndTheirConnectionInBoundedTime() throws IOException {
        long seed = Seeds.next();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            try (Socket socket = connect()) {
                socket.getOutputStream().write(hello());
                if (reply(socket).getInt(8) != 0) {
                    // The connection before is still being put away.
                    round--;
                    continue;
                }
                byte[] frame = request(random, 4);
                try {
                    socket.getOutputStream().write(frame);
                    socket.shutdownOutput();
                    assertEnds(socket);
                } catch (IOException e) {
                    assertThat(e)
                            .as("seed %d", seed)
                            .isNotInstanceOf(java.net.SocketTimeoutException.class);
                }
            }
        }
        stillServes(ChannelDescriptor.TCP);
    }

    @Test
    void corruptHeadersInTheRegionAreAnsweredInBoundedTime() throws IOException {
        long seed = Seeds.next();
        Random random = new Random(seed);
        // It polls for ever: nobody wakes it here.
        TestExecutor.Options hot = TestExecutor.Options.DEFAULT.withHotTimeoutMicros(-1);
        try (TestExecutor victim = TestExecutor.start(bundle, hot);
                FileChannel file =
                        FileChannel.open(
                                victim.region(0),
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE)) {
            ByteBuffer region =
                    file.map(MapMode.READ_WRITE, 0, 8192).order(ByteOrder.LITTLE_ENDIAN);
            for (int round = 0; round < 2_000; round++) {
                int slot = random.nextInt(TestExecutor.SLOTS);
                int request = 4096 + 256 * slot;
                int sequence = region.getInt(request + InvocationFrame.SEQUENCE_OFFSET) + 1;
                byte[] header = request(random, 4);
                region.put(request, header, 0, InvocationFrame.SEQUENCE_OFFSET);
                java.lang.invoke.VarHandle.fullFence();
                region.putInt(request + InvocationFrame.SEQUENCE_OFFSET, sequence);
                int response = request + 128 + InvocationFrame.SEQUENCE_OFFSET;
                String what = "seed " + seed + ", round " + round;
                org.awaitility.Awaitility.await(what)
                        .pollInterval(Duration.ofNanos(50_000))
                        .pollDelay(Duration.ZERO)
                        .until(() -> region.getInt(response) == sequence);
                int status = region.getInt(request + 128 + InvocationFrame.STATUS_OFFSET);
                assertThat(status).as(what).isBetween(-12, 0);
            }
            try (InvocationChannel channel = victim.open(ChannelDescriptor.SHM)) {
                assertThat(call(channel, bundle.index("echo"), new byte[] {1, 2}).bytes())
                        .containsExactly(1, 2);
            }
        }
    }

    /** A request to a harmless function, some of its header changed at random. */
    private byte[] request(Random random, int payloadBytes) {
        byte[] frame = new byte[InvocationFrame.HEADER_BYTES + payloadBytes];
        InvocationFrame.writeRequest(
                java.lang.foreign.MemorySegment.ofArray(frame),
                0,
                random.nextLong(),
                bundle.index("checked_echo"),
                payloadBytes,
                100,
                0);
        for (int changes = random.nextInt(4); changes >= 0; changes--) {
            int at = random.nextInt(48);
            if (mayChange(at)) {
                frame[at] = (byte) random.nextInt();
            }
        }
        return frame;
    }

    /**
     * Not the function: some of the others are harmful on purpose. Of the deadline only the bytes
     * that make it negative or longer than this test: one that passes ends the executor, rightly.
     */
    private static boolean mayChange(int at) {
        boolean function =
                at >= InvocationFrame.FUNCTION_INDEX_OFFSET
                        && at < InvocationFrame.PAYLOAD_BYTES_OFFSET;
        boolean soon =
                at >= InvocationFrame.DEADLINE_NANOS_OFFSET
                        && at < InvocationFrame.DEADLINE_NANOS_OFFSET + 6;
        return !function && !soon;
    }

    private static void assertEnds(Socket socket) throws IOException {
        while (socket.getInputStream().read() >= 0) {
            assertThat(socket.isConnected()).isTrue();
        }
    }

    private Socket connect() throws IOException {
        ChannelDescriptor worker = executor.descriptor(ChannelDescriptor.TCP, 0);
        Socket socket = new Socket();
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        socket.connect(new InetSocketAddress(worker.host(), worker.port()), READ_TIMEOUT_MILLIS);
        return socket;
    }

    private static byte[] hello() {
        byte[] hello = new byte[64];
        ByteBuffer.wrap(hello)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, 0x4843464F)
                .putShort(4, InvocationFrame.VERSION)
                .put(16, TestExecutor.SECRET.getBytes(StandardCharsets.US_ASCII));
        return hello;
    }

    private static ByteBuffer reply(Socket socket) throws IOException {
        byte[] reply = socket.getInputStream().readNBytes(64);
        assertThat(reply).hasSize(64);
        return ByteBuffer.wrap(reply).order(ByteOrder.LITTLE_ENDIAN);
    }
}
