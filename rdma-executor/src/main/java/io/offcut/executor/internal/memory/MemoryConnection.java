package io.offcut.executor.internal.memory;

import io.offcut.core.frame.MemoryStatus;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import jdk.net.ExtendedSocketOptions;

/**
 * A holder's end of one connection, served by one thread. What is large goes from socket to memory
 * and back by the kernel alone. Memory that is taken back meanwhile reads as zeros, so nothing
 * counts before the state of the region was looked at again. Nothing of a request is believed
 * before it was checked.
 */
final class MemoryConnection {
    private static final int STAGING_BYTES = 64 << 10;

    /** What is shorter goes through the staging buffers, several at a time. */
    private static final int SHORT_BYTES = 8 << 10;

    private static final long LAST_WORD_MILLIS = 50;
    private static final int KEEPALIVE_IDLE_SECONDS = 5;
    private static final int KEEPALIVE_INTERVAL_SECONDS = 2;
    private static final int KEEPALIVE_COUNT = 3;

    private final SocketChannel socket;
    private final MemoryMapping mapping;
    private final MemorySegment memory;
    private final ByteBuffer in = staging();
    private final MemorySegment inMemory = MemorySegment.ofBuffer(in);
    private final ByteBuffer out = staging();
    private final MemorySegment outMemory = MemorySegment.ofBuffer(out);

    /** Held while something is written, so that the last word comes between two responses. */
    private final ReentrantLock writing = new ReentrantLock();

    /** A payload was begun and has not ended: what follows would be taken for it. With the lock. */
    private boolean torn;

    MemoryConnection(SocketChannel socket, MemoryMapping mapping) throws IOException {
        this.socket = socket;
        this.mapping = mapping;
        this.memory = mapping.memory();
        keepAlive(socket);
    }

    private static ByteBuffer staging() {
        return ByteBuffer.allocateDirect(STAGING_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A peer whose machine is gone is noticed within some 11 s. */
    static void keepAlive(SocketChannel socket) throws IOException {
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEPALIVE_INTERVAL_SECONDS);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, KEEPALIVE_COUNT);
    }

    /** Serves until the client is gone, or its lease. */
    void serve() throws IOException {
        in.flip();
        try {
            while (true) {
                while (in.remaining() < MemoryFrame.REQUEST_BYTES) {
                    flush();
                    fill();
                }
                serveOne();
            }
        } catch (InternalError e) {
            // The memory is gone under a copy: why is written in what is left of the region.
            throw new IOException("the memory was taken back", e);
        }
    }

    private void fill() throws IOException {
        in.compact();
        int read = socket.read(in);
        in.flip();
        if (read < 0) {
            throw new IOException("the client hung up");
        }
    }

    private void serveOne() throws IOException {
        int at = in.position();
        if (!MemoryFrame.isRequest(in, at)) {
            respond(MemoryStatus.MALFORMED.code(), 0, 0, MemoryFrame.WHOLE_CONNECTION);
            flush();
            throw new IOException("the client sent what is not a request");
        }
        int operation = in.getInt(at + 4);
        long offset = in.getLong(at + 8);
        int length = in.getInt(at + 16);
        int sequence = in.getInt(at + 20);
        long first = in.getLong(at + 24);
        long second = in.getLong(at + 32);
        in.position(at + MemoryFrame.REQUEST_BYTES);
        boolean word = operation > MemoryFrame.WRITE;
        int refused = Math.min(0, mapping.state());
        if (refused == 0) {
            refused =
                    word
                            ? MemoryBounds.checkWord(memory.byteSize(), offset)
                            : MemoryBounds.check(memory.byteSize(), offset, length);
        }
        switch (operation) {
            case MemoryFrame.READ -> read(refused, offset, length, sequence);
            case MemoryFrame.WRITE -> write(refused, offset, length, sequence);
            default -> word(refused, operation, offset, first, second, sequence);
        }
    }

    private void read(int refused, long offset, int length, int sequence) throws IOException {
        if (refused != 0) {
            respond(refused, 0, 0, sequence);
        } else if (length <= SHORT_BYTES) {
            makeRoom();
            int at = out.position() + MemoryFrame.RESPONSE_BYTES;
            MemorySegment.copy(memory, offset, outMemory, at, length);
            // Only what is there afterwards was there while it was copied.
            int over = Math.min(0, mapping.state());
            respond(over, 0, over == 0 ? length : 0, sequence);
            out.position(over == 0 ? at + length : at);
        } else {
            respond(0, 0, length, sequence);
            writing.lock();
            try {
                flush();
                torn = true;
                sendWhileThere(memory.asSlice(offset, length));
                torn = false;
            } finally {
                writing.unlock();
            }
        }
    }

    /** The client counts the answer when its last byte has come: before that it is looked again. */
    private void sendWhileThere(MemorySegment bytes) throws IOException {
        long most = bytes.byteSize() - 1;
        send(bytes.asSlice(0, most).asByteBuffer());
        byte last = bytes.get(ValueLayout.JAVA_BYTE, most);
        if (mapping.state() < 0) {
            throw new IOException("the memory was taken back");
        }
        send(ByteBuffer.wrap(new byte[] {last}));
    }

    private void write(int refused, long offset, int length, int sequence) throws IOException {
        int left = length;
        long to = offset;
        while (left > 0) {
            if (!in.hasRemaining() && left > SHORT_BYTES && refused == 0) {
                receive(memory.asSlice(to, left).asByteBuffer());
                break;
            }
            if (!in.hasRemaining()) {
                flush();
                fill();
            }
            int piece = Math.min(left, in.remaining());
            if (refused == 0) {
                MemorySegment.copy(inMemory, in.position(), memory, to, piece);
            }
            in.position(in.position() + piece);
            to += piece;
            left -= piece;
        }
        int over = Math.min(0, mapping.state());
        respond(over != 0 ? over : refused, 0, 0, sequence);
    }

    private void receive(ByteBuffer target) throws IOException {
        flush();
        while (target.hasRemaining()) {
            if (socket.read(target) < 0) {
                throw new IOException("the client hung up");
            }
        }
    }

    private void word(
            int refused, int operation, long offset, long first, long second, int sequence)
            throws IOException {
        long found = 0;
        if (refused == 0) {
            found =
                    operation == MemoryFrame.FETCH_AND_ADD
                            ? (long) MemoryLayout.LONG.getAndAdd(memory, offset, first)
                            : (long)
                                    MemoryLayout.LONG.compareAndExchange(
                                            memory, offset, first, second);
        }
        int over = Math.min(0, mapping.state());
        respond(over != 0 ? over : refused, found, 0, sequence);
    }

    /** For a response and a short read's bytes. */
    private void makeRoom() throws IOException {
        if (out.remaining() < MemoryFrame.RESPONSE_BYTES + SHORT_BYTES) {
            flush();
        }
    }

    private void respond(int status, long value, int length, int sequence) throws IOException {
        makeRoom();
        boolean ending = mapping.state() == MemoryLayout.ENDING;
        MemoryFrame.putResponse(out, status, value, length, sequence, ending);
    }

    private void flush() throws IOException {
        if (out.position() == 0) {
            return;
        }
        writing.lock();
        try {
            send(out.flip());
            out.clear();
        } finally {
            writing.unlock();
        }
    }

    private void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            int ignored = socket.write(bytes);
        }
    }

    /**
     * Says why the memory is gone, and nothing after it. Any thread; blocks while the network does.
     */
    void end(MemoryStatus status) {
        try {
            if (writing.tryLock(LAST_WORD_MILLIS, TimeUnit.MILLISECONDS)) {
                ByteBuffer word =
                        ByteBuffer.allocate(MemoryFrame.RESPONSE_BYTES)
                                .order(ByteOrder.LITTLE_ENDIAN);
                MemoryFrame.putResponse(
                        word, status.code(), 0, 0, MemoryFrame.WHOLE_CONNECTION, true);
                if (!torn) {
                    send(word.flip());
                }
                socket.shutdownOutput();
            }
        } catch (IOException e) {
            // Whoever hung up needs no word.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
