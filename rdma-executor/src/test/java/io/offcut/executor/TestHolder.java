package io.offcut.executor;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.core.lease.LeaseUsage;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A real process that holds the memory of one lease, and its daemon's part. */
final class TestHolder implements AutoCloseable {
    static final long BYTES = (6 << 20) + 24;

    private static final String LEASE = "memory-1";

    final Process process;
    private final Path root;
    private final Path regionDir;
    private final ExecutorControl control;
    private volatile @Nullable List<ChannelDescriptor> channels;
    private volatile List<String> problems = List.of();

    private TestHolder(List<String> starter, Path root) throws IOException {
        this.root = root;
        Path shm = Path.of("/dev/shm");
        this.regionDir =
                Files.createTempDirectory(Files.isWritable(shm) ? shm : root, "offcut-test");
        ExecutorSpec spec =
                new ExecutorSpec(
                        LEASE,
                        1,
                        "/nonexistent",
                        List.of(),
                        List.of(),
                        regionDir.toString(),
                        root.toString(),
                        root.resolve("control.sock").toString(),
                        "127.0.0.1",
                        TestExecutor.Options.verbs(),
                        TestExecutor.SECRET,
                        1,
                        1,
                        0,
                        60_000,
                        BYTES);
        MemoryRegion.create(region());
        ExecutorCommand.write(root.resolve("spec"), spec);
        this.control = ExecutorControl.open(Path.of(spec.controlSocket()), new Daemon());
        ExecutorCommand.Program program =
                new ExecutorCommand.Program(
                        Path.of(System.getProperty("java.home"), "bin", "java"),
                        System.getProperty("java.class.path"),
                        null);
        List<String> line = new ArrayList<>(starter);
        line.addAll(ExecutorCommand.line(program, spec, BYTES));
        this.process =
                new ProcessBuilder(line)
                        .redirectErrorStream(true)
                        .redirectOutput(root.resolve("holder.log").toFile())
                        .start();
        try (BufferedWriter input = process.outputWriter()) {
            input.write(root.resolve("spec") + "\n");
        }
    }

    /** Starts one and waits until it serves. */
    static TestHolder start(Path root) throws IOException {
        return startBy(List.of(), root);
    }

    /** The same by a command that runs what it is given. */
    static TestHolder startBy(List<String> starter, Path root) throws IOException {
        TestHolder holder = new TestHolder(starter, root);
        try {
            Awaitility.await()
                    .atMost(TestExecutor.CONNECT_TIMEOUT)
                    .failFast("the holder ended", () -> !holder.process.isAlive())
                    .until(() -> holder.channels != null);
        } catch (RuntimeException e) {
            holder.close();
            throw e;
        }
        return holder;
    }

    private final class Daemon implements ExecutorControl.Listener {
        @Override
        public boolean connected(String leaseId, int generation, long pid, String secret) {
            return secret.equals(TestExecutor.SECRET);
        }

        @Override
        public void ready(
                String leaseId, int generation, List<ChannelDescriptor> ready, List<String> said) {
            problems = said;
            channels = ready;
        }

        @Override
        public void usage(String leaseId, int generation, LeaseUsage usage) {}

        @Override
        public void resting(String leaseId, int generation) {}

        @Override
        public void disconnected(String leaseId, int generation) {}
    }

    Path region() {
        return MemoryRegion.file(regionDir);
    }

    /** What it said it has not got. */
    List<String> problems() {
        return problems;
    }

    boolean has(String transport) {
        return Objects.requireNonNull(channels).stream()
                .anyMatch(channel -> channel.transport().equals(transport));
    }

    ChannelDescriptor descriptor(String transport) {
        return Objects.requireNonNull(channels).stream()
                .filter(channel -> channel.transport().equals(transport))
                .findFirst()
                .orElseThrow();
    }

    MemoryChannel open(String transport) {
        return Channels.openMemory(descriptor(transport), TestExecutor.CONNECT_TIMEOUT);
    }

    /** What a daemon does at the end of the lease. */
    void end(InvocationStatus status) {
        MemoryRegion.end(region(), MemoryStatus.ofEnd(status));
        control.end(LEASE, status);
    }

    /** What a daemon does when the holder is gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor(10, TimeUnit.SECONDS);
        MemoryRegion.end(region(), MemoryStatus.LOST);
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        control.close();
        System.out.print(Files.readString(root.resolve("holder.log")));
        Files.deleteIfExists(region());
        Files.deleteIfExists(regionDir);
    }
}
