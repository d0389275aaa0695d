package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A connected stream socket of the unix domain (unix(7)). The JDK's own first loads its providers
 * of random numbers, for names it may have to invent, which takes longer than a virtual machine
 * takes to start: this is for programs that somebody waits for.
 *
 * <p>One thread may read while another writes; reads and writes block. Only the reading thread may
 * close, while nobody writes.
 */
public final class UnixSocket implements ByteChannel {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM_CLOEXEC = 0x80001;
    private static final int PATH_OFFSET = 2;
    private static final int ADDRESS_BYTES = 110;
    private static final int BUFFER_BYTES = 4096;

    private static final LibC SOCKET = new LibC("socket");
    private static final LibC SOCKETPAIR = new LibC("socketpair");
    private static final LibC CONNECT = new LibC("connect");

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment incoming = arena.allocate(BUFFER_BYTES);
    private final MemorySegment outgoing = arena.allocate(BUFFER_BYTES);
    private final int descriptor;
    private volatile boolean closed;

    private UnixSocket(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Connects to the socket that a process listens on. Blocks while its backlog is full. */
    public static UnixSocket connect(Path path) throws IOException {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length >= ADDRESS_BYTES - PATH_OFFSET) {
            throw new IOException("the path of socket " + path + " is too long");
        }
        int descriptor = (int) SOCKET.call(AF_UNIX, SOCK_STREAM_CLOEXEC, 0);
        if (descriptor < 0) {
            throw failed("socket");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(ADDRESS_BYTES, Short.BYTES);
            address.set(JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(name, 0, address, JAVA_BYTE, PATH_OFFSET, name.length);
            if ((int) CONNECT.call(descriptor, address.address(), ADDRESS_BYTES) != 0) {
                IOException failure = failed("connect to " + path);
                Descriptors.close(descriptor);
                throw failure;
            }
        }
        return new UnixSocket(descriptor);
    }

    /** Two sockets that are connected to each other. */
    public static List<UnixSocket> pair() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment both = arena.allocate(JAVA_INT, 2);
            if ((int) SOCKETPAIR.call(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, both.address(), 0, 0) != 0) {
                throw failed("socketpair");
            }
            return List.of(
                    new UnixSocket(both.get(JAVA_INT, 0)),
                    new UnixSocket(both.get(JAVA_INT, Integer.BYTES)));
        }
    }

    private static IOException failed(String what) {
        return new IOException(what + " failed: " + Descriptors.lastError());
    }

    /** Blocks until something is there. @return how much was read; −1 when the peer has closed */
    @Override
    public int read(ByteBuffer to) throws IOException {
        int wanted = Math.min(to.remaining(), BUFFER_BYTES);
        int got;
        do {
            requireOpen();
            got = Descriptors.read(descriptor, incoming.asSlice(0, wanted));
        } while (got == -LibC.EINTR);
        if (got < 0) {
            throw new IOException("read failed: " + Descriptors.text(-got));
        }
        to.put(incoming.asSlice(0, got).asByteBuffer());
        return got == 0 && wanted > 0 ? -1 : got;
    }

    /** Blocks while the peer does not read. @return how much was written */
    @Override
    public int write(ByteBuffer from) throws IOException {
        int wanted = Math.min(from.remaining(), BUFFER_BYTES);
        outgoing.asByteBuffer().put(from.slice(from.position(), wanted));
        int sent;
        do {
            requireOpen();
            sent = Descriptors.write(descriptor, outgoing.asSlice(0, wanted));
        } while (sent == -LibC.EINTR);
        if (sent < 0) {
            throw new IOException("write failed: " + Descriptors.text(-sent));
        }
        from.position(from.position() + sent);
        return sent;
    }

    private void requireOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Descriptors.close(descriptor);
        }
    }
}
