package io.offcut.benchmarks.invoke;

import io.offcut.core.CpuSet;
import io.offcut.linux.CpuAffinity;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * The other end of a bare socket, for memory: {@code MemoryPeer cpu port}. A message is two ints
 * and the first of them in bytes, the answer the second of them in bytes.
 */
final class MemoryPeer {
    static final int ORDER_BYTES = 2 * Integer.BYTES;
    private static final int LARGEST = 2 << 20;

    private MemoryPeer() {}

    public static void main(String[] arguments) throws IOException {
        CpuAffinity.pinCurrentThread(CpuSet.of(Integer.parseInt(arguments[0])));
        ByteBuffer bytes = ByteBuffer.allocateDirect(LARGEST);
        try (SocketChannel socket =
                SocketChannel.open(
                        new InetSocketAddress(
                                InetAddress.getLoopbackAddress(),
                                Integer.parseInt(arguments[1])))) {
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            while (true) {
                bytes.clear();
                read(socket, bytes, ORDER_BYTES);
                int in = bytes.getInt(0);
                int out = bytes.getInt(Integer.BYTES);
                read(socket, bytes, ORDER_BYTES + in);
                RawSocket.writeAll(socket, bytes.clear().limit(out));
            }
        } catch (EOFException e) {
            // The measurement is over.
        }
    }

    /** What comes with the order comes in one read when it can. */
    private static void read(SocketChannel socket, ByteBuffer to, int until) throws IOException {
        while (to.position() < until) {
            if (socket.read(to) < 0) {
                throw new EOFException("over");
            }
        }
    }
}
