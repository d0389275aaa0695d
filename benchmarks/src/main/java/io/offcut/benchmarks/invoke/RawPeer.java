package io.offcut.benchmarks.invoke;

import io.offcut.core.CpuSet;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.Futex;
import io.offcut.linux.SharedMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The other end of the bare mechanisms: a process on the executor's CPU, in the executor's
 * scheduling class, that answers and does nothing else. It sleeps on its standard input between
 * rounds and obeys one word a line: {@code ring}, {@code futex}, {@code tcp BYTES}.
 */
public final class RawPeer {
    private static final long FUTEX_NANOS = 1_000_000_000;

    private RawPeer() {}

    /** Arguments: CPU, file of {@link RawMemory}, TCP port of the parent. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws IOException {
        CpuAffinity.pinCurrentThread(CpuSet.of(Integer.parseInt(args[0])));
        try (Arena arena = Arena.ofConfined();
                SocketChannel socket = connect(Integer.parseInt(args[2]))) {
            MemorySegment memory =
                    SharedMemory.open(Path.of(args[1]), RawMemory.BYTES, arena).fill((byte) 0);
            BufferedReader orders =
                    new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
            System.out.println("ready");
            for (String order = orders.readLine(); order != null; order = orders.readLine()) {
                String[] words = order.split(" ", -1);
                System.out.println("ready");
                switch (words[0]) {
                    case "shm" -> pingPong(memory);
                    case "ring" -> ring(memory);
                    case "futex" -> futex(memory);
                    case "tcp" -> tcp(socket, Integer.parseInt(words[1]));
                    default -> throw new IllegalArgumentException(order);
                }
                System.out.println("stopped");
            }
        }
    }

    private static SocketChannel connect(int port) throws IOException {
        SocketChannel socket =
                SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        socket.configureBlocking(false);
        return socket;
    }

    private static void pingPong(MemorySegment memory) {
        int seen = RawMemory.response(memory, 0);
        while (seen != RawMemory.STOP) {
            int now = RawMemory.request(memory, 0);
            if (now == seen) {
                Thread.onSpinWait();
                continue;
            }
            seen = now;
            RawMemory.setResponse(memory, 0, now);
        }
        RawMemory.setRequest(memory, 0, 0);
        RawMemory.setResponse(memory, 0, 0);
    }

    private static void ring(MemorySegment memory) {
        int[] seen = new int[RawMemory.SLOTS];
        for (int slot = 0; seen[0] != RawMemory.STOP; slot = (slot + 1) % RawMemory.SLOTS) {
            int now = RawMemory.request(memory, slot);
            if (now != seen[slot]) {
                seen[slot] = now;
                RawMemory.setResponse(memory, slot, now);
            } else {
                Thread.onSpinWait();
            }
        }
        for (int slot = 0; slot < RawMemory.SLOTS; slot++) {
            RawMemory.setRequest(memory, slot, 0);
            RawMemory.setResponse(memory, slot, 0);
        }
    }

    private static void futex(MemorySegment memory) {
        MemorySegment word = RawMemory.sleepingWord(memory);
        int seen = 0;
        while (seen != RawMemory.STOP) {
            RawMemory.setSleeping(memory, 1);
            if (RawMemory.request(memory, 0) == seen) {
                int ignored = Futex.await(word, 1, FUTEX_NANOS);
            }
            RawMemory.setSleeping(memory, 0);
            int now = RawMemory.request(memory, 0);
            if (now != seen) {
                seen = now;
                RawMemory.setResponse(memory, 0, now);
            }
        }
        RawMemory.setRequest(memory, 0, 0);
        RawMemory.setResponse(memory, 0, 0);
    }

    /** Answers messages of this size with the same message; one that begins with 1 is the last. */
    private static void tcp(SocketChannel socket, int bytes) throws IOException {
        ByteBuffer message = ByteBuffer.allocateDirect(bytes);
        boolean last = false;
        while (!last) {
            RawSocket.readAll(socket, message.clear());
            last = message.get(0) == 1;
            RawSocket.writeAll(socket, message.flip());
        }
    }
}
