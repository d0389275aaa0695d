package io.offcut.benchmarks.invoke;

import io.offcut.linux.Futex;
import io.offcut.linux.SharedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** This process's end of the bare mechanisms, and the {@link RawPeer} at the other. One thread. */
final class RawEnd implements AutoCloseable {
    private final RawProcess peer;
    private final Path file;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory;
    private final SocketChannel socket;
    private final ByteBuffer message = ByteBuffer.allocateDirect(1 << 20);
    private final int[] sequences = new int[RawMemory.SLOTS];

    RawEnd(int cpu, Path dir) throws IOException {
        Path shm = Path.of("/dev/shm");
        file =
                (Files.isWritable(shm) ? shm : dir)
                        .resolve("offcut-bench-" + ProcessHandle.current().pid());
        memory = SharedMemory.create(file, RawMemory.BYTES, "rw-------", arena);
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
            peer =
                    new RawProcess(
                            RawPeer.class,
                            Integer.toString(cpu),
                            file.toString(),
                            Integer.toString(port));
            socket = server.accept();
        }
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        socket.configureBlocking(false);
        String ignored = peer.expect("ready");
    }

    /** Begins a round of ping-pong; until {@link #stopWords} the peer spins. */
    void startSpinning() throws IOException {
        peer.order("shm");
    }

    void startRing() throws IOException {
        peer.order("ring");
    }

    void startSleeping() throws IOException {
        peer.order("futex");
    }

    void startTcp(int bytes) throws IOException {
        peer.order("tcp " + bytes);
    }

    void spinOnce() {
        int sequence = next(0);
        RawMemory.setRequest(memory, 0, sequence);
        while (RawMemory.response(memory, 0) != sequence) {
            Thread.onSpinWait();
        }
    }

    /** Wakes the sleeping peer and spins for its answer. */
    void wakeOnce() {
        int sequence = next(0);
        RawMemory.INT.setVolatile(memory, 0L, sequence);
        if (RawMemory.sleeping(memory)) {
            RawMemory.setSleeping(memory, 0);
            int ignored = Futex.wake(RawMemory.sleepingWord(memory), 1);
        }
        while (RawMemory.response(memory, 0) != sequence) {
            Thread.onSpinWait();
        }
    }

    /** So many answers with all slots kept full. */
    void ring(long count) {
        long posted = 0;
        long done = 0;
        for (int slot = 0; done < count; slot = (slot + 1) % RawMemory.SLOTS) {
            if (RawMemory.response(memory, slot) == sequences[slot]) {
                if (posted >= RawMemory.SLOTS) {
                    done++;
                }
                posted++;
                RawMemory.setRequest(memory, slot, next(slot));
            }
        }
        awaitAll();
    }

    private void awaitAll() {
        for (int slot = 0; slot < RawMemory.SLOTS; slot++) {
            while (RawMemory.response(memory, slot) != sequences[slot]) {
                Thread.onSpinWait();
            }
        }
    }

    void tcpOnce(int bytes) throws IOException {
        RawSocket.writeAll(socket, message.clear().limit(bytes));
        RawSocket.readAll(socket, message.clear().limit(bytes));
    }

    void stopTcp(int bytes) throws IOException {
        message.put(0, (byte) 1);
        tcpOnce(bytes);
        message.put(0, (byte) 0);
        String ignored = peer.expect("stopped");
    }

    void stopWords() throws IOException {
        RawMemory.INT.setVolatile(memory, 0L, RawMemory.STOP);
        if (RawMemory.sleeping(memory)) {
            RawMemory.setSleeping(memory, 0);
            int ignored = Futex.wake(RawMemory.sleepingWord(memory), 1);
        }
        String ignored = peer.expect("stopped");
        java.util.Arrays.fill(sequences, 0);
    }

    private int next(int slot) {
        int sequence = sequences[slot] + 1 & Integer.MAX_VALUE;
        sequences[slot] = sequence;
        return sequence;
    }

    @Override
    public void close() throws IOException {
        socket.close();
        peer.close();
        arena.close();
        Files.deleteIfExists(file);
    }
}
