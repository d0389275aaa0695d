package io.offcut.node;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.OffcutException;
import io.offcut.core.Offer;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.executor.ExecutorCommand;
import io.offcut.executor.RdmaDevices;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.CpuMap;
import io.offcut.linux.CpuTopology;
import io.offcut.linux.HostId;
import io.offcut.linux.MemInfo;
import io.offcut.node.internal.bundle.BundleCache;
import io.offcut.node.internal.executor.ExecutorArchive;
import io.offcut.node.internal.executor.ExecutorHost;
import io.offcut.node.internal.executor.Sandbox;
import io.offcut.node.internal.http.NodeServer;
import io.offcut.node.internal.sensing.Sensing;
import io.offcut.node.internal.store.Folders;
import io.offcut.node.internal.store.KeyRing;
import io.offcut.node.internal.store.LeaseStore;
import io.offcut.node.internal.store.OwnFolder;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process on each node: senses what is idle, offers it, runs executors on it for those who
 * lease it, and gives it back at once when a job wants it.
 *
 * <p>Whoever kills it with SIGKILL leaves its executors running: a daemon started again with the
 * same {@code stateDir} takes them over, or they end by themselves after {@code orphanMillis}.
 */
public final class NodeDaemon implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NodeDaemon.class);
    private static final Path PROC = Path.of("/proc");
    private static final int MAX_SECRET_BYTES = 4096;

    /** As the scheduler wants it. */
    private static final int MIN_SECRET_CHARS = 16;

    private static final int MAX_SECRET_CHARS = 1024;

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final URI uri;
    private @Nullable NodeCore core;

    /**
     * Starts it and returns when it answers. The scheduler need not be there. Blocks for a bounded
     * time.
     *
     * @throws OffcutException {@code CONFLICT} when the port or the folder is in use, {@code USAGE}
     *     when a key says something impossible, {@code EXHAUSTED} when the folder cannot be written
     */
    public static NodeDaemon start(NodeConfig config) {
        return new NodeDaemon(config);
    }

    private NodeDaemon(NodeConfig config) {
        try {
            uri = begin(config);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Makes the archive of executors' classes ahead of daemons that get its folder as {@code
     * archiveDir}; unless it is there. Blocks for some seconds.
     *
     * @return whether there is one now
     */
    public static boolean makeArchive(Path folder) {
        return ExecutorArchive.makeIn(
                folder,
                Path.of(System.getProperty("java.home"), "bin", "java").toAbsolutePath(),
                ExecutorCommand.classPath(System.getProperty("java.class.path")));
    }

    private URI begin(NodeConfig config) {
        String secret = secret(config.nodeSecretFile());
        CpuMap cpus = config.cpuMapping();
        CpuSet cores = cores(config, cpus);
        long memoryBytes =
                config.memoryBytes() > 0 ? config.memoryBytes() : MemInfo.read(PROC).totalBytes();
        Path state = folder("stateDir", config.statePath());
        // First of all the two that show whether another daemon runs here.
        BundleCache bundles = bundles(config, state, secret);
        NodeServer server = opened(NodeServer.bind(config.host(), config.port()));

        Sandbox sandbox = Sandbox.detect(config.executorUser(), config.cgroups().equals("auto"));
        if (!sandbox.missing().isEmpty()) {
            log.warn("executors run without: {}", String.join("; ", sandbox.missing()));
        }
        LeaseStore store = new LeaseStore(state);
        KeyRing keys = new KeyRing(state.resolve("scheduler.keys"));
        NodeMetrics metrics = new NodeMetrics();
        NodeCore core =
                new NodeCore(
                        config,
                        store,
                        keys,
                        metrics,
                        listener ->
                                new ExecutorHost(
                                        config, cores, sandbox, store, bundles, cpus, listener));
        opened(shmFolder(config.shmPath()));
        List<Offer> earlier = core.restore();
        opened(core);
        this.core = core;
        Sensing sensing =
                new Sensing(
                        config, secret, cores, memoryBytes, cpus, earlier, core.host()::own, core);
        opened(sensing);
        NodeDescriptor node = describe(config, server.uri(), cores, memoryBytes, sandbox);
        core.begin(node, config.schedulerUrl(), secret);
        server.serve(
                new LeaseDesk(
                        core,
                        keys,
                        node,
                        sandbox.missing(),
                        sensing::jobs,
                        config.startTimeoutMillis()),
                metrics.registry);
        log.info(
                "node {} offers from cores {} at {}, scheduler {}",
                config.name(),
                cores,
                server.uri(),
                config.schedulerUrl());
        return server.uri();
    }

    private <T extends AutoCloseable> T opened(T part) {
        parts.push(part);
        return part;
    }

    private BundleCache bundles(NodeConfig config, Path state, String secret) {
        Path root = folder("stateDir", state.resolve("bundles"));
        BundleCache bundles = opened(new BundleCache(root, config.schedulerUrl(), secret));
        // Executors of another user pass through it, whatever the umask is.
        folder("stateDir", root.resolve("unpacked"));
        return bundles;
    }

    private static NodeDescriptor describe(
            NodeConfig config, URI uri, CpuSet cores, long memoryBytes, Sandbox sandbox) {
        return new NodeDescriptor(
                config.name(),
                config.advertisedUrl().isEmpty() ? uri.toString() : config.advertisedUrl(),
                HostId.current(),
                cores,
                memoryBytes,
                transports(config),
                sandbox.features(),
                config.labels());
    }

    private static List<String> transports(NodeConfig config) {
        boolean verbs = !RdmaDevices.address(config.rdma()).isEmpty();
        return ChannelDescriptor.TRANSPORTS.stream()
                .filter(one -> verbs || !one.equals(ChannelDescriptor.VERBS))
                .filter(one -> !config.tcpHost().isEmpty() || !one.equals(ChannelDescriptor.TCP))
                .toList();
    }

    private static CpuSet cores(NodeConfig config, CpuMap cpus) {
        CpuSet online = CpuAffinity.online();
        CpuSet wanted =
                config.cpuSet().isEmpty()
                        ? online.minus(CpuTopology.isolated(CpuTopology.SYS_CPU))
                        : config.cpuSet();
        if (!online.containsAll(cpus.toReal(wanted))) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "node configuration, key cpus: this machine has the CPUs "
                            + online
                            + ", not all of "
                            + cpus.toReal(wanted));
        }
        return wanted;
    }

    private static Path folder(String key, Path folder) {
        try {
            return Folders.make(folder, "rwx--x--x");
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "node configuration, key "
                            + key
                            + ": cannot make or own "
                            + folder
                            + " ("
                            + e.getMessage()
                            + "); choose a folder that this user can write",
                    e);
        }
    }

    // Its place, /dev/shm, is everybody's: what is there may be a trap, or a living daemon's.
    private static OwnFolder shmFolder(Path folder) {
        try {
            return OwnFolder.take(folder, "rwx--x--x");
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "node configuration, key shmDir: cannot make "
                            + folder
                            + " this daemon's own ("
                            + e.getMessage()
                            + "); stop who has it, delete it, or choose another name or shmDir",
                    e);
        }
    }

    private static String secret(String file) {
        if (file.isEmpty()) {
            return "";
        }
        try {
            Path path = Path.of(file);
            if (Files.size(path) > MAX_SECRET_BYTES) {
                throw new IOException("it is over " + MAX_SECRET_BYTES + " bytes");
            }
            String secret = Files.readString(path, StandardCharsets.UTF_8).strip();
            if (secret.length() < MIN_SECRET_CHARS || secret.length() > MAX_SECRET_CHARS) {
                throw new OffcutException(
                        ErrorCode.USAGE,
                        "node configuration, key nodeSecretFile: the secret in "
                                + file
                                + " must have "
                                + MIN_SECRET_CHARS
                                + " to "
                                + MAX_SECRET_CHARS
                                + " characters: copy the scheduler's");
            }
            return secret;
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "node configuration, key nodeSecretFile: cannot read "
                            + file
                            + " ("
                            + e.getClass().getSimpleName()
                            + ")",
                    e);
        }
    }

    /** Where it listens. */
    public URI uri() {
        return uri;
    }

    /** Whether the scheduler hears it. Asks the daemon's loop. */
    public boolean connected() {
        NodeCore running = core;
        return running != null && running.connected();
    }

    /**
     * Ends all executors, tells the scheduler, and stops. Blocks for a bounded time. A second call
     * does nothing.
     */
    @Override
    public void close() {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception e) {
                log.warn("while the node daemon stopped: {}", e.toString());
            }
        }
    }
}
