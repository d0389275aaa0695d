package io.offcut.executor;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.LeaseUsage;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A real executor process and the daemon's end of its control link. */
final class TestExecutor implements AutoCloseable {
    static final int SLOTS = 4;
    static final int PAYLOAD_BYTES = 1 << 20;
    static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(60);
    static final String SECRET = "0123456789abcdef0123456789abcdef";

    /** What varies between tests. */
    record Options(
            List<Integer> cores,
            int payloadBytes,
            long hotTimeoutMicros,
            long orphanMillis,
            String tcpHost,
            String verbsHost) {
        static final Options DEFAULT =
                new Options(List.of(0), PAYLOAD_BYTES, 1_000, 60_000, "127.0.0.1", verbs());

        /** The address of the guest's device, where there is one. */
        static String verbs() {
            return Files.exists(Path.of("/sys/class/infiniband/rxe0")) ? "10.77.0.1" : "";
        }

        Options withCores(List<Integer> cores) {
            return new Options(
                    cores, payloadBytes, hotTimeoutMicros, orphanMillis, tcpHost, verbsHost);
        }

        Options withPayloadBytes(int bytes) {
            return new Options(cores, bytes, hotTimeoutMicros, orphanMillis, tcpHost, verbsHost);
        }

        Options withHotTimeoutMicros(long micros) {
            return new Options(cores, payloadBytes, micros, orphanMillis, tcpHost, verbsHost);
        }

        Options withOrphanMillis(long millis) {
            return new Options(cores, payloadBytes, hotTimeoutMicros, millis, tcpHost, verbsHost);
        }
    }

    final ConcurrentLinkedQueue<String> events = new ConcurrentLinkedQueue<>();
    final TestBundle bundle;
    final ExecutorSpec spec;
    final Process process;
    private final Path root;
    private final Path regionDir;
    private ExecutorControl control;
    private volatile @Nullable List<ChannelDescriptor> channels;
    private volatile LeaseUsage usage = LeaseUsage.NONE;

    private TestExecutor(TestBundle bundle, Options options, boolean parked, List<String> prefix)
            throws IOException {
        this.bundle = bundle;
        this.root = Files.createTempDirectory("offcut-executor");
        Path shm = Path.of("/dev/shm");
        this.regionDir =
                Files.createTempDirectory(Files.isWritable(shm) ? shm : root, "offcut-test");
        Path scratch = Files.createDirectories(root.resolve("scratch"));
        this.spec =
                new ExecutorSpec(
                        "lease-1",
                        1,
                        bundle.directory().toString(),
                        bundle.functions(),
                        options.cores,
                        regionDir.toString(),
                        scratch.toString(),
                        root.resolve("control.sock").toString(),
                        options.tcpHost,
                        options.verbsHost,
                        SECRET,
                        SLOTS,
                        options.payloadBytes,
                        options.hotTimeoutMicros,
                        options.orphanMillis);
        for (int worker = 0; worker < options.cores.size(); worker++) {
            ShmRegion.create(region(worker), SLOTS, options.payloadBytes, "rw-------");
        }
        Path specFile = root.resolve("spec");
        ExecutorCommand.write(specFile, spec);
        this.control = openControl();
        ExecutorCommand.Program program =
                new ExecutorCommand.Program(
                        Path.of(System.getProperty("java.home"), "bin", "java"),
                        System.getProperty("java.class.path"),
                        null);
        List<String> line =
                parked
                        ? ExecutorCommand.parkedLine(program)
                        : ExecutorCommand.line(program, spec, 256 << 20);
        ProcessBuilder builder =
                new ProcessBuilder(Stream.concat(prefix.stream(), line.stream()).toList())
                        .redirectErrorStream(true)
                        .redirectOutput(root.resolve("executor.log").toFile());
        builder.environment().put("HOME", "/nonexistent");
        this.process = builder.start();
        try (BufferedWriter input = process.outputWriter()) {
            input.write(specFile + "\n");
        }
    }

    static TestExecutor start(TestBundle bundle, Options options) throws IOException {
        return await(new TestExecutor(bundle, options, false, List.of()));
    }

    /** One that another program starts, in its own place. */
    static TestExecutor startBy(List<String> prefix, TestBundle bundle, Options options)
            throws IOException {
        return await(new TestExecutor(bundle, options, false, prefix));
    }

    /** One that was started before it had a lease. */
    static TestExecutor startParked(TestBundle bundle, Options options) throws IOException {
        return await(new TestExecutor(bundle, options, true, List.of()));
    }

    private static TestExecutor await(TestExecutor executor) throws IOException {
        try {
            Awaitility.await()
                    .atMost(CONNECT_TIMEOUT)
                    .failFast("the executor ended", () -> !executor.process.isAlive())
                    .until(() -> executor.channels != null);
        } catch (RuntimeException e) {
            executor.close();
            throw e;
        }
        return executor;
    }

    private ExecutorControl openControl() {
        return ExecutorControl.open(
                Path.of(spec.controlSocket()),
                new ExecutorControl.Listener() {
                    @Override
                    public boolean connected(
                            String leaseId, int generation, long pid, String secret) {
                        events.add("connected " + leaseId + " " + generation + " " + pid);
                        return secret.equals(SECRET);
                    }

                    @Override
                    public void ready(
                            String leaseId,
                            int generation,
                            List<ChannelDescriptor> ready,
                            List<String> problems) {
                        events.add("ready " + leaseId + " " + generation + " " + problems);
                        channels = ready;
                    }

                    @Override
                    public void usage(String leaseId, int generation, LeaseUsage used) {
                        usage = used;
                    }

                    @Override
                    public void resting(String leaseId, int generation) {
                        events.add("resting " + leaseId + " " + generation);
                    }

                    @Override
                    public void disconnected(String leaseId, int generation) {
                        events.add("disconnected " + leaseId + " " + generation);
                    }
                });
    }

    /** What a restarted daemon does. */
    void restartControl() {
        control.close();
        channels = null;
        control = openControl();
    }

    void stopControl() {
        control.close();
    }

    boolean end(InvocationStatus status) {
        return control.end(spec.leaseId(), status);
    }

    boolean rest(InvocationStatus status) {
        return control.rest(spec.leaseId(), status);
    }

    long usage() {
        return usage.invocations();
    }

    LeaseUsage used() {
        return usage;
    }

    Path region(int worker) {
        return ShmRegion.file(regionDir, worker);
    }

    Path controlSocket() {
        return Path.of(spec.controlSocket());
    }

    /** Whether the executor's thread of this name waits in the kernel. */
    boolean threadSleeps(String name) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                String stat = Files.readString(task.resolve("stat"));
                if (stat.contains("(" + name + ") ")) {
                    return stat.contains("(" + name + ") S ");
                }
            }
        }
        throw new IllegalStateException("no thread " + name);
    }

    ChannelDescriptor descriptor(String transport, int worker) {
        List<ChannelDescriptor> known = channels;
        if (known != null) {
            for (ChannelDescriptor channel : known) {
                if (channel.worker() == worker && channel.transport().equals(transport)) {
                    return channel;
                }
            }
        }
        throw new IllegalStateException("no " + transport + " channel of worker " + worker);
    }

    boolean hasChannels() {
        return channels != null;
    }

    InvocationChannel open(String transport) {
        return Channels.open(descriptor(transport, 0), CONNECT_TIMEOUT);
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
        System.out.print(Files.readString(root.resolve("executor.log")));
        delete(regionDir);
        delete(root);
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
