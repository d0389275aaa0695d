package io.offcut.benchmarks.invoke;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A socket that is never waited for: both ends spin. */
final class RawSocket {
    private RawSocket() {}

    static void readAll(SocketChannel socket, ByteBuffer to) throws IOException {
        while (to.hasRemaining()) {
            if (socket.read(to) < 0) {
                throw new EOFException("the other end of the bare socket is gone");
            }
        }
    }

    static void writeAll(SocketChannel socket, ByteBuffer from) throws IOException {
        while (from.hasRemaining()) {
            int ignored = socket.write(from);
        }
    }
}
