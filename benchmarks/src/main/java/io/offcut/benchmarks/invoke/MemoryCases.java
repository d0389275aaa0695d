package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CallLoop.Call;
import io.offcut.benchmarks.invoke.CaseResult.Shape;
import io.offcut.client.MemoryOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.RemoteMemory;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.BareMemory;
import io.offcut.executor.RdmaDevices;
import io.offcut.linux.SharedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Remote memory beside a copy, an atomic instruction, a bare socket, and bare one-sided requests to
 * the same device. For one thread.
 */
final class MemoryCases {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final int MEMORY_BYTES = 64 << 20;
    private static final int LARGE_BYTES = 1 << 20;
    private static final int SMALL_BYTES = 8;

    /** Shorter than the clock can tell: so many make one call. */
    private static final int AT_ONCE = 100;

    private static final int REQUEST_BYTES = 40;
    private static final int RESPONSE_BYTES = 32;
    private static final int SHM_CALLS = 20_000;
    private static final int FAR_CALLS = 20_000;
    private static final int LARGE_CALLS = 2_000;

    private final OffcutClient client;
    private final int cpu;
    private final Path dir;
    private final Effort effort;
    private final List<CaseResult> results = new ArrayList<>();
    private long turn;

    MemoryCases(OffcutClient client, int cpu, Path dir, Effort effort) {
        this.client = client;
        this.cpu = cpu;
        this.dir = dir;
        this.effort = effort;
    }

    /**
     * @param transports to measure, in this order
     */
    List<CaseResult> run(List<String> transports) throws IOException, InterruptedException {
        for (String transport : transports) {
            switch (transport) {
                case ChannelDescriptor.SHM -> shm();
                case ChannelDescriptor.VERBS -> verbs(RdmaDevices.address(RdmaDevices.AUTO));
                default -> tcp();
            }
        }
        return results;
    }

    private RemoteMemory allocate(String transport) {
        return client.allocate(MemoryOptions.of(MEMORY_BYTES).transports(List.of(transport)));
    }

    /** Each call somewhere else, so that no cache holds all. */
    private long offset(int bytes) {
        turn += bytes;
        return turn % (MEMORY_BYTES - bytes) & -Long.BYTES;
    }

    private static void requireOk(MemoryStatus status) {
        if (status != MemoryStatus.OK) {
            throw new OffcutException(ErrorCode.INTERNAL, "bench: the memory is " + status);
        }
    }

    private void shm() throws IOException, InterruptedException {
        Path shm = Path.of("/dev/shm");
        Path file =
                (Files.isWritable(shm) ? shm : dir)
                        .resolve("offcut-bench-memory-" + ProcessHandle.current().pid());
        try (Arena arena = Arena.ofShared();
                RemoteMemory memory = allocate(ChannelDescriptor.SHM)) {
            MemorySegment bare = SharedMemory.create(file, MEMORY_BYTES, "rw-------", arena);
            for (int bytes : new int[] {SMALL_BYTES, LARGE_BYTES}) {
                MemorySegment here = arena.allocate(bytes, Long.BYTES);
                measure(
                        "shm",
                        "read",
                        bytes,
                        () -> MemorySegment.copy(bare, offset(bytes), here, 0, bytes),
                        () -> requireOk(memory.read(offset(bytes), here)));
                measure(
                        "shm",
                        "write",
                        bytes,
                        () -> MemorySegment.copy(here, 0, bare, offset(bytes), bytes),
                        () -> requireOk(memory.write(offset(bytes), here)));
            }
            measure(
                    "shm",
                    "fetch and add",
                    SMALL_BYTES,
                    () -> {
                        long ignored = (long) LONG.getAndAdd(bare, 0L, 1L);
                    },
                    () -> requireOk(memory.fetchAndAdd(0, 1).status()));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private void verbs(String address) throws IOException, InterruptedException {
        try (BareMemory bare = new BareMemory(address, MEMORY_BYTES, LARGE_BYTES);
                RemoteMemory memory = allocate(ChannelDescriptor.VERBS);
                Arena arena = Arena.ofShared()) {
            for (int bytes : new int[] {SMALL_BYTES, LARGE_BYTES}) {
                MemorySegment here = arena.allocate(bytes, Long.BYTES);
                measure(
                        "verbs",
                        "read",
                        bytes,
                        () -> bare.read(offset(bytes), bytes),
                        () -> requireOk(memory.read(offset(bytes), here)));
                measure(
                        "verbs",
                        "write",
                        bytes,
                        () -> bare.write(offset(bytes), bytes),
                        () -> requireOk(memory.write(offset(bytes), here)));
            }
            measure(
                    "verbs",
                    "fetch and add",
                    SMALL_BYTES,
                    () -> bare.fetchAndAdd(0),
                    () -> requireOk(memory.fetchAndAdd(0, 1).status()));
        }
    }

    private void tcp() throws IOException, InterruptedException {
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
            Process peer =
                    OtherProcess.idle(
                                    MemoryPeer.class, Integer.toString(cpu), Integer.toString(port))
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            try (SocketChannel socket = server.accept();
                    RemoteMemory memory = allocate(ChannelDescriptor.TCP);
                    Arena arena = Arena.ofShared()) {
                socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
                socket.configureBlocking(false);
                tcp(socket, memory, arena);
            } finally {
                OtherProcess.end(peer);
            }
        }
    }

    private void tcp(SocketChannel socket, RemoteMemory memory, Arena arena)
            throws IOException, InterruptedException {
        ByteBuffer message = ByteBuffer.allocateDirect(LARGE_BYTES + REQUEST_BYTES);
        for (int bytes : new int[] {SMALL_BYTES, LARGE_BYTES}) {
            MemorySegment here = arena.allocate(bytes, Long.BYTES);
            measure(
                    "tcp",
                    "read",
                    bytes,
                    () -> exchange(socket, message, REQUEST_BYTES, RESPONSE_BYTES + bytes),
                    () -> requireOk(memory.read(offset(bytes), here)));
            measure(
                    "tcp",
                    "write",
                    bytes,
                    () -> exchange(socket, message, REQUEST_BYTES + bytes, RESPONSE_BYTES),
                    () -> requireOk(memory.write(offset(bytes), here)));
        }
        measure(
                "tcp",
                "fetch and add",
                SMALL_BYTES,
                () -> exchange(socket, message, REQUEST_BYTES, RESPONSE_BYTES),
                () -> requireOk(memory.fetchAndAdd(0, 1).status()));
    }

    private static void exchange(SocketChannel socket, ByteBuffer message, int out, int in)
            throws IOException {
        message.clear().limit(out);
        message.putInt(0, out - MemoryPeer.ORDER_BYTES).putInt(Integer.BYTES, in);
        RawSocket.writeAll(socket, message);
        RawSocket.readAll(socket, message.clear().limit(in));
    }

    private void measure(String transport, String what, int bytes, Call bare, Call ours)
            throws IOException, InterruptedException {
        boolean large = bytes == LARGE_BYTES;
        boolean many = transport.equals("shm") && !large;
        int calls = large ? LARGE_CALLS : many ? SHM_CALLS : FAR_CALLS;
        String size = large ? "1 MiB" : "8 B";
        String name = transport + " " + what + " " + size + (many ? ", " + AT_ONCE + " times" : "");
        Rounds rounds =
                Rounds.of(
                        effort.rounds(),
                        effort.calls(calls),
                        CallLoop.of(many ? times(bare) : bare),
                        CallLoop.of(many ? times(ours) : ours));
        Shape shape = new Shape(name, transport, large ? "bulk" : "hot", bytes);
        results.add(
                large ? CaseResult.bandwidth(shape, rounds, 1) : CaseResult.latency(shape, rounds));
    }

    private static Call times(Call once) {
        return () -> {
            for (int i = 0; i < AT_ONCE; i++) {
                once.run();
            }
        };
    }
}
