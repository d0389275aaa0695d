package io.offcut.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.MemoryStatus;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TcpMemoryTest extends MemoryContract {
    private static final int OUT_OF_BOUNDS = MemoryStatus.OUT_OF_BOUNDS.code();

    @Override
    String transport() {
        return ChannelDescriptor.TCP;
    }

    @Override
    MemoryStatus lost() {
        return MemoryStatus.UNREACHABLE;
    }

    @Test
    void aWrongSecretIsRefused() {
        ChannelDescriptor right = holder.descriptor(transport());
        ChannelDescriptor wrong =
                new ChannelDescriptor(
                        0, right.transport(), "", right.host(), right.port(), "0".repeat(32), 0, 0);
        assertThatThrownBy(() -> Channels.openMemory(wrong, PATIENCE))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAUTHORIZED))
                .hasMessageNotContaining("0000");
    }

    /** What a client of ours refuses itself: the holder must not rely on it. */
    @ParameterizedTest
    @CsvSource({
        "1, -8, 8",
        "1, 6291480, 1",
        "1, 9223372036854775807, 1073741824",
        "1, 4611686018427387904, 8",
        "3, 6291476, 8",
        "4, -9223372036854775808, 8",
    })
    void aHostileOffsetIsAnsweredAndHarmless(int operation, long offset, int length)
            throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request(0x514D464F, operation, offset, length, 7));
            ByteBuffer answer = answer(socket.getInputStream(), 32);
            assertThat(answer.getInt(4)).isEqualTo(OUT_OF_BOUNDS);
            assertThat(answer.getInt(16)).isZero();
            assertThat(answer.getInt(20)).isEqualTo(7);
        }
        assertZeros(read(0, (int) TestHolder.BYTES));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 0, 8",
        "1364018767, 0, 0, 8",
        "1364018767, 5, 0, 8",
        "1364018767, 1, 0, -1",
        "1364018767, 2, 0, 2147483647",
        "1364018767, 3, 0, 4",
    })
    void whatIsNoRequestEndsTheConnectionAlone(int magic, int operation, long offset, int length)
            throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request(magic, operation, offset, length, 7));
            ByteBuffer answer = answer(socket.getInputStream(), 32);
            assertThat(answer.getInt(4)).isEqualTo(MemoryStatus.MALFORMED.code());
            assertThat(answer.getInt(20)).isEqualTo(-1);
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(write(0, new byte[] {1})).isZero();
    }

    @Test
    void aClientThatLeavesInTheMiddleHarmsNobody() throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request(0x514D464F, 2, 0, 1 << 20, 7));
            socket.getOutputStream().write(new byte[1000]);
        }
        try (Socket socket = new Socket(holder.descriptor(transport()).host(), port())) {
            socket.getOutputStream().write(new byte[10]);
        }
        assertThat(write(1 << 20, new byte[] {1})).isZero();
        assertThat(read(1 << 20, 1)).containsExactly(1);
    }

    private int port() {
        return holder.descriptor(transport()).port();
    }

    private Socket connect() throws Exception {
        Socket socket = new Socket(holder.descriptor(transport()).host(), port());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        ByteBuffer hello = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        hello.putInt(0, 0x484D464F)
                .putInt(4, 1)
                .put(16, TestExecutor.SECRET.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().write(hello.array());
        ByteBuffer reply = answer(socket.getInputStream(), 64);
        assertThat(reply.getInt(8)).isZero();
        assertThat(reply.getLong(16)).isEqualTo(TestHolder.BYTES);
        return socket;
    }

    private static byte[] request(int magic, int operation, long offset, int length, int sequence) {
        return ByteBuffer.allocate(40)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(magic)
                .putInt(operation)
                .putLong(offset)
                .putInt(length)
                .putInt(sequence)
                .array();
    }

    private static ByteBuffer answer(InputStream in, int length) throws Exception {
        byte[] bytes = in.readNBytes(length);
        assertThat(bytes).hasSize(length);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
