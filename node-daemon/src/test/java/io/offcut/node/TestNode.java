package io.offcut.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.bundle.BundleArchive;
import io.offcut.bundle.BundleLimits;
import io.offcut.bundle.BundleStore;
import io.offcut.core.CpuSet;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.ErrorBody;
import io.offcut.core.api.OpenLeaseRequest;
import io.offcut.core.api.OpenedLease;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseToken;
import io.offcut.executor.Channels;
import io.offcut.executor.InvocationChannel;
import io.offcut.linux.HostId;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.ProcessTree;
import io.offcut.node.internal.store.Folders;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A node for tests, in its own folder under a name of its own: keys of a scheduler that is away, a
 * bundle in the cache, tokens, and a client.
 */
final class TestNode implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final AtomicInteger COUNTER = new AtomicInteger();
    private static final String MANIFEST =
            """
            name: test
            functions:
              - {name: echo, kind: command, command: [cat], idempotent: true, timeoutMillis: 20000}
              - {name: slow, kind: command, command: [sleep, "30"], timeoutMillis: 60000}
              - name: detach
                kind: command
                command: [sh, -c, "setsid sleep 1000 >/dev/null 2>&1 & sleep 1000"]
                timeoutMillis: 60000
            """;

    final String name;
    final Path dir;
    private final Path state;
    final String bundle;
    final Map<String, Object> config = new HashMap<>();
    final KeyPair keys;
    private final ObjectMapper json =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private final HttpClient http = HttpClient.newHttpClient();
    private @Nullable NodeDaemon daemon;
    private @Nullable Process process;
    private URI uri = URI.create("http://127.0.0.1:1");

    TestNode() throws Exception {
        this("t" + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet());
    }

    TestNode(String name) throws Exception {
        this.name = name;
        dir = Files.createTempDirectory(Path.of("/tmp"), "offcut-node-");
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        config.put("name", name);
        config.put("schedulerUrl", "http://127.0.0.1:1");
        config.put("port", 0);
        config.put("stateDir", dir.resolve("state").toString());
        config.put("samplePeriodMillis", 50);
        config.put("offerAfterSamples", 1);
        config.put("busyThreshold", 1.0);
        config.put("reserveMemoryBytes", 0);
        config.put("executorOverheadBytes", 128L << 20);
        config.put("orphanMillis", 60_000);
        state = Files.createDirectories(dir.resolve("state"));
        Files.writeString(
                state.resolve("scheduler.keys"),
                Base64.getEncoder().encodeToString(keys.getPublic().getEncoded()));
        bundle = store(dir.resolve("bundle"), MANIFEST);
    }

    /** Puts a bundle into the cache, before the start. @return its hash */
    String store(Path folder, String manifest) throws IOException {
        String sha256 = pack(folder, manifest);
        try (BundleStore store = BundleStore.open(state.resolve("bundles"), BundleLimits.DEFAULT);
                InputStream in = Files.newInputStream(dir.resolve("bundle.zip"))) {
            store.put(in);
        }
        return sha256;
    }

    String pack(Path folder, String manifest) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("offcut.yaml"), manifest);
        return BundleArchive.pack(folder, folder.resolveSibling("bundle.zip"), BundleLimits.DEFAULT)
                .sha256();
    }

    /** Starts it in this process. */
    TestNode start() {
        daemon = NodeDaemon.start(NodeConfig.of(config));
        uri = daemon.uri();
        return this;
    }

    /** Starts it as a process of its own. */
    TestNode startProcess() throws Exception {
        return startProcess(List.of(), System.getProperty("java.class.path"));
    }

    /**
     * @param wrapper what runs the virtual machine, as another user for example
     */
    TestNode startProcess(List<String> wrapper, String classPath) throws Exception {
        Path file = dir.resolve("config.json");
        Files.writeString(file, json.writeValueAsString(config));
        Path log = dir.resolve("daemon.log");
        Files.deleteIfExists(log);
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classPath,
                        NodeDaemonProcess.class.getName(),
                        file.toString()));
        Process started =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        process = started;
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> !started.isAlive() || Files.readString(log).contains("ready at http"));
        String said = Files.readString(log);
        assertThat(said).contains("ready at http");
        uri =
                URI.create(
                        said.lines()
                                .filter(line -> line.startsWith("ready at "))
                                .findFirst()
                                .orElseThrow()
                                .substring("ready at ".length()));
        return this;
    }

    /** Kills the daemon's process and nothing else, as {@code kill -9} does. */
    void killProcess() throws InterruptedException {
        Process running = process;
        if (running != null) {
            running.destroyForcibly();
            assertThat(running.waitFor(20, TimeUnit.SECONDS)).isTrue();
            process = null;
        }
    }

    URI uri() {
        return uri;
    }

    /** The daemon's own process, where it has one. */
    Process process() {
        Process running = process;
        if (running == null) {
            throw new IllegalStateException("node " + name + " runs in this process or not at all");
        }
        return running;
    }

    LeaseTerms terms(String leaseId, String cores) {
        return new LeaseTerms(
                leaseId,
                "r-" + leaseId,
                "ann",
                name,
                "unallocated",
                bundle,
                CpuSet.parse(cores),
                64L << 20,
                4096,
                0,
                System.currentTimeMillis() + 600_000);
    }

    String token(LeaseTerms terms) {
        return LeaseToken.sign(terms, keys.getPrivate());
    }

    OpenedLease open(LeaseTerms terms, String transport) throws Exception {
        HttpResponse<String> response = tryOpen(terms, transport);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return opened(response);
    }

    OpenedLease opened(HttpResponse<String> response) throws Exception {
        return json.readValue(response.body(), OpenedLease.class);
    }

    ErrorBody refusal(HttpResponse<String> response) throws Exception {
        return json.readValue(response.body(), ErrorBody.class);
    }

    HttpResponse<String> tryOpen(LeaseTerms terms, String transport) throws Exception {
        return tryOpen(terms.leaseId(), token(terms), transport);
    }

    HttpResponse<String> tryOpen(String leaseId, String token, String transport) throws Exception {
        OpenLeaseRequest body = new OpenLeaseRequest(token, HostId.current(), List.of(transport));
        return send("POST", "/v1/leases/" + leaseId + "/open", json.writeValueAsString(body), null);
    }

    HttpResponse<String> send(
            String method, String path, @Nullable String body, @Nullable String token)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri.resolve(path))
                        .timeout(PATIENCE)
                        .method(
                                method,
                                body == null
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    NodeStatus status() throws Exception {
        return json.readValue(send("GET", "/v1/node", null, null).body(), NodeStatus.class);
    }

    NodeStatus.Lease lease(String leaseId) throws Exception {
        HttpResponse<String> response = send("GET", "/v1/leases/" + leaseId, null, null);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return json.readValue(response.body(), NodeStatus.Lease.class);
    }

    void awaitOffered(String cores) {
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(status().offers())
                                .anyMatch(o -> o.cores().containsAll(CpuSet.parse(cores))));
    }

    static InvocationChannel connect(ChannelDescriptor channel) {
        return Channels.open(channel, PATIENCE);
    }

    /** Calls a function that does not come back, and waits until so many processes run for it. */
    static List<ProcessRef> hang(
            InvocationChannel channel, int function, long executor, int processes) {
        int slot = channel.acquire();
        assertThat(channel.post(slot, 1, function, 0, 0)).isZero();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> ProcessTree.descendants(executor).size() >= processes);
        return ProcessTree.descendants(executor);
    }

    /** Calls function 0, which gives back what it gets. */
    static String echo(InvocationChannel channel, String text) {
        return call(channel, 0, text);
    }

    static String call(InvocationChannel channel, int function, String text) {
        int slot = channel.acquire();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(bytes, 0, channel.input(slot), ValueLayout.JAVA_BYTE, 0, bytes.length);
        assertThat(channel.post(slot, 1, function, bytes.length, 0)).isZero();
        int done = channel.await(PATIENCE.toNanos());
        assertThat(done).isEqualTo(slot);
        String result =
                new String(
                        channel.result(done).toArray(ValueLayout.JAVA_BYTE),
                        StandardCharsets.UTF_8);
        assertThat(InvocationStatus.of(channel.status(done)))
                .as(result)
                .isEqualTo(InvocationStatus.OK);
        channel.release(done);
        return result;
    }

    /** What is left of it anywhere on this machine: processes, control groups, shared memory. */
    List<String> leftOvers() throws IOException {
        List<String> found = new ArrayList<>();
        String state = config.get("stateDir") + "/";
        ProcessHandle.allProcesses()
                .filter(p ->
                        p.info().commandLine().orElse("").contains(state + "leases/")
                                || output(p).startsWith(state))
                .forEach(p -> found.add("process " + p.pid()));
        try (Stream<Path> shm = Files.list(Path.of("/dev/shm"))) {
            shm.filter(p -> p.getFileName().toString().equals("offcut-" + name))
                    .forEach(p -> found.add(p.toString()));
        }
        for (String controller : List.of("", "cpuset", "memory", "pids", "freezer", "unified")) {
            Path root = Path.of("/sys/fs/cgroup", controller);
            if (Files.isDirectory(root)) {
                try (Stream<Path> groups = Files.list(root)) {
                    groups.filter(p -> p.getFileName().toString().startsWith("offcut_" + name))
                            .forEach(p -> found.add(p.toString()));
                }
            }
        }
        return found;
    }

    /** Where what it prints goes; empty when it may not be known. */
    private static String output(ProcessHandle process) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/fd/1")).toString();
        } catch (IOException e) {
            return "";
        }
    }

    /** Stops the daemon of this process; it can be started again. */
    void stop() {
        if (daemon != null) {
            daemon.close();
            daemon = null;
        }
    }

    /** Ends the daemon's own process as an administrator would. */
    void stopProcess() {
        Process running = process;
        if (running != null) {
            running.destroy();
            Awaitility.await().atMost(PATIENCE).until(() -> !running.isAlive());
            process = null;
        }
    }

    @Override
    public void close() {
        stop();
        stopProcess();
        http.close();
        Folders.delete(dir);
    }
}
