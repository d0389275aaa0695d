package io.offcut.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.testing.Seeds;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExecutorControlTest {
    private final CopyOnWriteArrayList<String> events = new CopyOnWriteArrayList<>();
    private final ExecutorControl.Listener listener =
            new ExecutorControl.Listener() {
                @Override
                public boolean connected(String leaseId, int generation, long pid, String secret) {
                    if (secret.equals("s")) {
                        events.add("connected " + leaseId + " " + generation + " " + pid);
                    }
                    return secret.equals("s");
                }

                @Override
                public void ready(
                        String leaseId,
                        int generation,
                        List<ChannelDescriptor> channels,
                        List<String> problems) {
                    events.add("ready " + leaseId + " " + channels + " " + problems);
                }

                @Override
                public void usage(String leaseId, int generation, LeaseUsage usage) {
                    events.add(
                            "usage "
                                    + leaseId
                                    + " "
                                    + usage.invocations()
                                    + " "
                                    + usage.executingMicros()
                                    + " "
                                    + usage.hotPollingMicros());
                }

                @Override
                public void resting(String leaseId, int generation) {
                    events.add("resting " + leaseId + " " + generation);
                }

                @Override
                public void disconnected(String leaseId, int generation) {
                    events.add("disconnected " + leaseId + " " + generation);
                }
            };

    private Path socket;
    private ExecutorControl control;

    @BeforeEach
    void open(@TempDir Path directory) {
        socket = directory.resolve("s");
        control = ExecutorControl.open(socket, listener);
    }

    @AfterEach
    void close() {
        control.close();
    }

    @Test
    void hearsAnExecutorAndTellsItToEnd() throws IOException {
        try (SocketChannel executor = connect()) {
            say(
                    executor,
                    """
                    HELLO 2 l+1 2 99 s
                    CHANNEL 0 shm /a%20b ~ 0 ~ 4 10
                    PROBLEM no+cgroup%0A%1B%5B2J
                    READY
                    """);
            say(executor, "USAGE 7 80 900\n");
            expect(
                    "connected l 1 2 99",
                    "ready l 1 [ChannelDescriptor[worker=0, shm /a b, slots=4, payloadBytes=10]]"
                            + " [no cgroup??[2J]",
                    "usage l 1 7 80 900");
            assertThat(control.end("l 1", InvocationStatus.REVOKED)).isTrue();
            hears(executor, "END REVOKED\n");
        }
        await().until(() -> events.contains("disconnected l 1 2"));
        assertThat(control.end("l 1", InvocationStatus.REVOKED)).isFalse();
    }

    @Test
    void tellsOneToRestAndGivesItItsNextLeaseOnce() throws IOException {
        try (SocketChannel executor = connect()) {
            say(executor, "HELLO 2 l 1 99 s\n");
            expect("connected l 1 99");
            assertThat(control.rest("l", InvocationStatus.EXPIRED)).isTrue();
            hears(executor, "REST EXPIRED\n");
            say(executor, "RESTING\n");
            expect("connected l 1 99", "resting l 1");
            assertThat(control.next("l", Path.of("/a b"))).isTrue();
            hears(executor, "LEASE %2Fa+b\n");
            assertThat(control.next("l", Path.of("/a b"))).isFalse();
            assertThat(control.end("l", InvocationStatus.REVOKED)).isFalse();
        }
    }

    @Test
    void aNewerGenerationTakesThePlaceOfAnOlderAndNeverTheReverse() throws IOException {
        try (SocketChannel old = connect();
                SocketChannel fresh = connect();
                SocketChannel late = connect()) {
            say(old, "HELLO 2 l 1 10 s\n");
            expect("connected l 1 10");
            say(fresh, "HELLO 2 l 2 11 s\n");
            expect("connected l 1 10", "connected l 2 11");
            assertThat(old.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            say(late, "HELLO 2 l 1 10 s\n");
            assertThat(late.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(control.end("l", InvocationStatus.REVOKED)).isTrue();
        }
        expect("connected l 1 10", "connected l 2 11", "disconnected l 2");
    }

    @Test
    void dropsWhoeverDoesNotSpeakTheProtocol() throws IOException {
        for (String nonsense :
                List.of(
                        "\n",
                        "READY\n",
                        "HELLO\n",
                        "HELLO 3 l 1 1 s\n",
                        "HELLO 2 l 1 1\n",
                        "HELLO 2 l x 1 s\n",
                        "HELLO 2 %zz 1 1 s\n",
                        "GET / HTTP/1.1\n",
                        "x".repeat(10_000))) {
            try (SocketChannel stranger = connect()) {
                say(stranger, nonsense);
                assertThat(stranger.read(ByteBuffer.allocate(1))).as(nonsense).isEqualTo(-1);
            }
        }
        assertThat(events).isEmpty();
    }

    @Test
    void tellsWhoeverShowsAnotherSecretToEnd() throws IOException {
        try (SocketChannel real = connect();
                SocketChannel stranger = connect()) {
            say(real, "HELLO 2 l 1 10 s\n");
            expect("connected l 1 10");
            say(stranger, "HELLO 2 l 2 11 guess\nREADY\n");
            ByteBuffer heard = ByteBuffer.allocate(100);
            int read = 0;
            while (read >= 0) {
                read = stranger.read(heard);
            }
            assertThat(new String(heard.array(), 0, heard.position(), StandardCharsets.UTF_8))
                    .isEqualTo("END REVOKED\n");
            assertThat(control.end("l", InvocationStatus.EXPIRED)).isTrue();
            heard.clear();
            assertThat(real.read(heard)).isPositive();
            expect("connected l 1 10");
        }
    }

    @Test
    void survivesRandomBytes() throws IOException {
        long seed = Seeds.next();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            try (SocketChannel stranger = connect()) {
                byte[] bytes = new byte[random.nextInt(300) + 1];
                random.nextBytes(bytes);
                say(stranger, "HELLO 2 l 1 1 s\nUSAGE ");
                stranger.write(ByteBuffer.wrap(bytes));
                say(stranger, "\nREADY x\nHELLO 2 l 1 1 s\n");
                try {
                    assertThat(stranger.read(ByteBuffer.allocate(1)))
                            .as("seed %d", seed)
                            .isEqualTo(-1);
                } catch (IOException e) {
                    assertThat(e).hasMessageContaining("reset");
                }
            }
        }
        try (SocketChannel executor = connect()) {
            say(executor, "HELLO 2 fine 1 1 s\n");
            await().until(() -> events.contains("connected fine 1 1"));
        }
    }

    @Test
    void replacesTheSocketOfAKilledDaemonButNotOfALivingOne() throws IOException {
        assertThatThrownBy(() -> ExecutorControl.open(socket, listener))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
        control.close();
        Files.writeString(socket, "");
        control = ExecutorControl.open(socket, listener);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
    }

    @Test
    void refusesAPathThatNoSocketCanHave() {
        assertThatThrownBy(() ->
                        ExecutorControl.open(socket.resolveSibling("x".repeat(200)), listener))
                .hasMessageContaining("shorter path");
    }

    private SocketChannel connect() throws IOException {
        SocketChannel executor = SocketChannel.open(StandardProtocolFamily.UNIX);
        executor.connect(UnixDomainSocketAddress.of(socket));
        return executor;
    }

    private static void say(SocketChannel to, String text) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
            while (bytes.hasRemaining()) {
                int ignored = to.write(bytes);
            }
        } catch (IOException e) {
            // It hung up already, which is what the caller then sees.
            assertThat(e).isInstanceOf(IOException.class);
        }
    }

    private static void hears(SocketChannel executor, String line) throws IOException {
        ByteBuffer heard = ByteBuffer.allocate(100);
        while (heard.position() < line.length()) {
            assertThat(executor.read(heard)).isPositive();
        }
        assertThat(new String(heard.array(), 0, heard.position(), StandardCharsets.UTF_8))
                .isEqualTo(line);
    }

    private void expect(String... expected) {
        await().untilAsserted(() -> assertThat(events).containsExactly(expected));
    }
}
