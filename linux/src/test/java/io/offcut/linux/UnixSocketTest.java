package io.offcut.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UnixSocketTest {
    private static final long SEED = 7;

    @Test
    void exchangesBytesWithTheSocketsOfJava(@TempDir Path folder) throws Exception {
        Path path = folder.resolve("s");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            try (UnixSocket client = UnixSocket.connect(path);
                    SocketChannel accepted = server.accept()) {
                writeAll(client, ByteBuffer.wrap("to Java".getBytes(UTF_8)));
                assertThat(read(accepted, 7)).isEqualTo("to Java");
                accepted.write(ByteBuffer.wrap("from Java".getBytes(UTF_8)));
                assertThat(read(client, 9)).isEqualTo("from Java");
                accepted.shutdownOutput();
                assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            }
        }
    }

    @Test
    void carriesMoreThanTheKernelHolds() throws Exception {
        byte[] much = new byte[1 << 20];
        new Random(SEED).nextBytes(much);
        List<UnixSocket> pair = UnixSocket.pair();
        try (UnixSocket from = pair.getFirst();
                UnixSocket to = pair.getLast()) {
            CompletableFuture<Void> writing =
                    CompletableFuture.runAsync(() -> {
                        try {
                            writeAll(from, ByteBuffer.wrap(much));
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    });
            ByteBuffer got = ByteBuffer.allocate(much.length);
            while (got.hasRemaining()) {
                assertThat(to.read(got)).isPositive();
            }
            writing.get(20, TimeUnit.SECONDS);
            assertThat(got.array()).isEqualTo(much);
        }
    }

    @Test
    void saysWhatCannotBe(@TempDir Path folder) throws Exception {
        assertThatThrownBy(() -> UnixSocket.connect(folder.resolve("nobody")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("nobody");
        assertThatThrownBy(() -> UnixSocket.connect(folder.resolve("x".repeat(200))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("too long");
        List<UnixSocket> pair = UnixSocket.pair();
        UnixSocket left = pair.getFirst();
        pair.getLast().close();
        // No SIGPIPE, which would end the process.
        assertThatThrownBy(() -> writeAll(left, ByteBuffer.allocate(1)))
                .isInstanceOf(IOException.class);
        left.close();
        assertThat(left.isOpen()).isFalse();
        assertThatThrownBy(() -> left.read(ByteBuffer.allocate(1)))
                .isInstanceOf(ClosedChannelException.class);
    }

    private static void writeAll(UnixSocket socket, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            assertThat(socket.write(bytes)).isPositive();
        }
    }

    private static String read(ByteChannel channel, int bytes) throws IOException {
        ByteBuffer got = ByteBuffer.allocate(bytes);
        while (got.hasRemaining()) {
            assertThat(channel.read(got)).isPositive();
        }
        return new String(got.array(), UTF_8);
    }
}
