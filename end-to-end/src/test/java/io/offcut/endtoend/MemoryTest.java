package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.client.ClientConfig;
import io.offcut.client.MemoryOperation;
import io.offcut.client.MemoryOptions;
import io.offcut.client.MemoryResult;
import io.offcut.client.OffcutClient;
import io.offcut.client.RemoteMemory;
import io.offcut.core.api.NodeView;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.endtoend.examples.KeyValueCache;
import io.offcut.endtoend.examples.OutOfCoreArray;
import io.offcut.testing.Seeds;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Remote memory with real daemons: a scheduler and nodes of this machine. */
@Timeout(300)
final class MemoryTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long MIB = 1 << 20;

    @TempDir Path dir;

    private final String prefix = "m" + ProcessHandle.current().pid() + "-";
    private final List<String> names = new ArrayList<>();
    private Site site;
    private OffcutClient client;

    @BeforeEach
    void start() throws IOException {
        site = new Site(dir, "site");
        site.startScheduler();
        client =
                OffcutClient.connect(
                        ClientConfig.defaults()
                                .withSchedulerUrl(site.daemon("scheduler").uri().toString()));
        startNode("a");
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        client.close();
        site.close();
        assertThat(regions()).isEmpty();
    }

    private void startNode(String name) {
        startNode(name, 1L << 30);
    }

    private void startNode(String name, long memoryBytes) {
        site.startNode(prefix + name, Map.of("memoryBytes", memoryBytes, "keepWarmSeconds", 0));
        names.add(prefix + name);
    }

    /** Region files of all nodes of this test. */
    private List<Path> regions() throws IOException {
        List<Path> found = new ArrayList<>();
        for (String name : names) {
            Path folder = Path.of("/dev/shm/offcut-" + name);
            if (Files.exists(folder)) {
                try (Stream<Path> files = Files.walk(folder)) {
                    files.filter(f -> f.toString().endsWith("memory.region")).forEach(found::add);
                }
            }
        }
        return found;
    }

    private static MemoryOptions wanted(long bytes) {
        return MemoryOptions.of(bytes).ttl(Duration.ofSeconds(20));
    }

    private NodeView node(String name) {
        return client.nodes().stream()
                .filter(view -> view.node().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private long leasedBytes() {
        return client.nodes().stream().mapToLong(NodeView::leasedMemoryBytes).sum();
    }

    private void drain(String name) throws Exception {
        URI uri = site.daemon("scheduler").uri().resolve("/v1/nodes/" + name + "/drain");
        HttpRequest request =
                HttpRequest.newBuilder(uri)
                        .header("Offcut-User", "op")
                        .POST(HttpRequest.BodyPublishers.ofString("{\"reason\": \"test\"}"))
                        .build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }
    }

    private void awaitOffersOf(int nodes) {
        await().atMost(PATIENCE)
                .until(() ->
                        client.nodes().stream().filter(view -> !view.offers().isEmpty()).count()
                                == nodes);
    }

    private void killHolder(String name) throws IOException {
        for (long pid : holders(name)) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    /** Processes that hold memory on a node. */
    private List<Long> holders(String name) throws IOException {
        List<Long> pids = new ArrayList<>();
        for (JsonNode lease : Site.nodeStatus(site.daemon(name)).path("leases")) {
            if (lease.path("pid").asLong() > 0) {
                pids.add(lease.path("pid").asLong());
            }
        }
        return pids;
    }

    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] read(RemoteMemory memory, long offset, int length) {
        byte[] bytes = new byte[length];
        assertThat(memory.read(offset, MemorySegment.ofArray(bytes))).isEqualTo(MemoryStatus.OK);
        return bytes;
    }

    private static MemoryStatus write(RemoteMemory memory, long offset, byte[] bytes) {
        return memory.write(offset, MemorySegment.ofArray(bytes));
    }

    private void awaitGone(RemoteMemory memory, MemoryStatus why) {
        await().atMost(PATIENCE)
                .until(() -> memory.read(0, MemorySegment.ofArray(new byte[8])).isEnd());
        assertThat(memory.read(0, MemorySegment.ofArray(new byte[8]))).isEqualTo(why);
        assertThat(write(memory, 0, new byte[8])).isEqualTo(why);
        assertThat(memory.fetchAndAdd(0, 1).status()).isEqualTo(why);
        assertThat(memory.compareAndSwap(0, 0, 1).status()).isEqualTo(why);
        assertThat(memory.status()).isEqualTo(why);
    }

    @ParameterizedTest
    @ValueSource(strings = {"shm", "tcp"})
    void isReadAndWritten(String transport) throws Exception {
        try (RemoteMemory memory =
                client.allocate(wanted(32 * MIB + 5).transports(List.of(transport)))) {
            byte[] bytes = random(20 << 20, 1);
            assertThat(write(memory, 3, bytes)).isEqualTo(MemoryStatus.OK);
            assertThat(read(memory, 3, bytes.length)).isEqualTo(bytes);
            assertThat(write(memory, 32 * MIB, new byte[6])).isEqualTo(MemoryStatus.OUT_OF_BOUNDS);
            assertThat(write(memory, 20 * MIB, bytes)).isEqualTo(MemoryStatus.OUT_OF_BOUNDS);
            assertThat(read(memory, 20 * MIB + 3, 100)).containsOnly(0);
            assertThat(memory.fetchAndAdd(9, 1).status()).isEqualTo(MemoryStatus.MISALIGNED);
            long at = 24 * MIB;
            refusesWhatItMayNotTouch(memory, at);
            assertThat(memory.fetchAndAdd(at, 5).orThrow()).isZero();
            assertThat(memory.compareAndSwap(at, 5, 7).orThrow()).isEqualTo(5);
            List<CompletableFuture<MemoryResult>> started = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                started.add(memory.start(new MemoryOperation.FetchAndAdd(at, 1)));
            }
            for (int i = 0; i < 1000; i++) {
                assertThat(started.get(i).get().orThrow()).isEqualTo(7 + i);
            }
            assertThat(node(names.getFirst()).leasedMemoryBytes()).isEqualTo(32 * MIB + 5);
            assertThat(node(names.getFirst()).leasedCores()).isZero();
        }
        await().atMost(PATIENCE).until(() -> leasedBytes() == 0 && regions().isEmpty());
    }

    /** Before anything is sent: what comes after it has results of its own. */
    private static void refusesWhatItMayNotTouch(RemoteMemory memory, long at) {
        MemoryOperation.Read read;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mine = arena.allocate(8);
            read = new MemoryOperation.Read(at, mine);
            assertThat(memory.perform(List.of(read)).getFirst().isOk()).isTrue();
            assertThatThrownBy(() -> memory.start(read))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> memory.read(at, mine.asReadOnly()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        List<MemoryOperation> closed = List.of(new MemoryOperation.FetchAndAdd(at, 1), read);
        assertThatThrownBy(() -> memory.perform(closed))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void staysForItsGraceWhenItIsTakenBack() throws Exception {
        try (RemoteMemory memory = client.allocate(wanted(4 * MIB))) {
            byte[] bytes = random((int) (4 * MIB), 2);
            assertThat(write(memory, 0, bytes)).isEqualTo(MemoryStatus.OK);
            AtomicReference<byte[]> copied = new AtomicReference<>();
            memory.onRevocation(() -> copied.set(read(memory, 0, bytes.length)));
            drain(names.getFirst());
            awaitGone(memory, MemoryStatus.REVOKED);
            assertThat(copied.get()).as("copied out within the grace").isEqualTo(bytes);
        }
        await().atMost(PATIENCE).until(() -> leasedBytes() == 0 && regions().isEmpty());
    }

    @Test
    void nobodyButItsUserCanOpenIt() throws Exception {
        assumeTrue(
                "root".equals(System.getProperty("user.name")),
                "needs root: users have files of their own");
        String url = site.daemon("scheduler").uri().toString();
        try (OffcutClient games =
                        OffcutClient.connect(
                                ClientConfig.defaults().withSchedulerUrl(url).withUser("games"));
                RemoteMemory memory = games.allocate(wanted(MIB).transports(List.of("shm")))) {
            assertThat(write(memory, 0, new byte[] {7})).isEqualTo(MemoryStatus.OK);
            Path region = regions().getFirst();
            assertThat(Files.getOwner(region).getName()).isEqualTo("games");
            assertThat(opens("games", region)).isTrue();
            // Functions run as nobody.
            assertThat(List.of("nobody", "daemon")).noneMatch(other -> opens(other, region));
        }
    }

    private static boolean opens(String user, Path file) {
        try {
            return new ProcessBuilder(
                                    "setpriv",
                                    "--reuid",
                                    user,
                                    "--regid",
                                    "65534",
                                    "--clear-groups",
                                    "head",
                                    "-c1",
                                    file.toString())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"shm", "tcp"})
    void outlivesItsDaemonAndGoesWhenTheOfferShrinks(String transport) throws Exception {
        try (RemoteMemory memory =
                client.allocate(wanted(64 * MIB).transports(List.of(transport)))) {
            assertThat(write(memory, 0, new byte[] {7})).isEqualTo(MemoryStatus.OK);
            site.daemon(names.getFirst()).kill();
            assertThat(read(memory, 0, 1)).containsExactly(7);
            site.startNode(names.getFirst(), Map.of("memoryBytes", 48 * MIB, "keepWarmSeconds", 0));
            awaitGone(memory, MemoryStatus.REVOKED);
        }
        await().atMost(PATIENCE).until(() -> regions().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"shm", "tcp"})
    void isLostWithItsHolder(String transport) throws Exception {
        try (RemoteMemory memory = client.allocate(wanted(MIB).transports(List.of(transport)))) {
            assertThat(write(memory, 0, new byte[] {7})).isEqualTo(MemoryStatus.OK);
            killHolder(names.getFirst());
            awaitGone(memory, MemoryStatus.LOST);
        }
        await().atMost(PATIENCE).until(() -> leasedBytes() == 0 && regions().isEmpty());
    }

    @Test
    void expiresWhenNobodyRenewsIt() {
        try (RemoteMemory memory = client.allocate(wanted(MIB).ttl(Duration.ofSeconds(3)))) {
            site.daemon("scheduler").kill();
            awaitGone(memory, MemoryStatus.EXPIRED);
        }
    }

    @Test
    void comesBackFromAClientThatWasKilled() throws Exception {
        Process hog =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                MemoryHog.class.getName(),
                                site.daemon("scheduler").uri().toString(),
                                Long.toString(16 * MIB),
                                "3000")
                        .redirectErrorStream(true)
                        .start();
        try {
            assertThat(hog.inputReader().lines().anyMatch("OK"::equals)).isTrue();
            assertThat(leasedBytes()).isEqualTo(16 * MIB);
        } finally {
            hog.destroyForcibly();
        }
        await().atMost(PATIENCE).until(() -> leasedBytes() == 0 && regions().isEmpty());
    }

    @Test
    void aMirrorGoesOnAndIsMadeAgain() throws Exception {
        startNode("b");
        awaitOffersOf(2);
        long seed = Seeds.next();
        Random random = new Random(seed);
        byte[] model = new byte[(int) (9 * MIB)];
        try (RemoteMemory memory = client.allocate(wanted(model.length).mirrored(true))) {
            assertThat(memory.nodes()).containsExactlyInAnyOrder(prefix + "a", prefix + "b");
            change(memory, model, random);
            startNode("c");
            String lost = memory.nodes().getFirst();
            killHolder(lost);
            changeUntil(memory, model, random, () -> !memory.nodes().getFirst().equals(lost));
            changeUntil(memory, model, random, () -> memory.nodes().size() == 2);
            String drained = memory.nodes().getFirst();
            drain(drained);
            changeUntil(
                    memory,
                    model,
                    random,
                    () -> memory.nodes().size() == 2 && !memory.nodes().contains(drained));
            assertThat(read(memory, 0, model.length)).as("seed %d", seed).isEqualTo(model);
        }
        await().atMost(PATIENCE).until(() -> regions().isEmpty());
    }

    @Test
    void aMirrorThatNobodyUsesIsMadeAgain() throws Exception {
        startNode("b");
        awaitOffersOf(2);
        try (RemoteMemory memory = client.allocate(wanted(MIB).mirrored(true))) {
            String lost = memory.nodes().getLast();
            long before = holders(lost).getFirst();
            killHolder(lost);
            // No node but this one can have the new copy.
            await().atMost(PATIENCE)
                    .until(() ->
                            memory.nodes().size() == 2
                                    && holders(lost).stream().anyMatch(pid -> pid != before));
        }
        await().atMost(PATIENCE).until(() -> regions().isEmpty());
    }

    private static void changeUntil(
            RemoteMemory memory, byte[] model, Random random, BooleanSupplier done) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(2))
                .until(() -> {
                    change(memory, model, random);
                    return done.getAsBoolean();
                });
    }

    /** One random batch, done to the model too. */
    private static void change(RemoteMemory memory, byte[] model, Random random) {
        ByteBuffer words = ByteBuffer.wrap(model).order(ByteOrder.LITTLE_ENDIAN);
        List<MemoryOperation> batch = new ArrayList<>();
        List<Long> found = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int at = random.nextInt(model.length / 8) * 8;
            long before = words.getLong(at);
            long value = random.nextLong();
            switch (random.nextInt(3)) {
                case 0 -> {
                    batch.add(new MemoryOperation.FetchAndAdd(at, value));
                    words.putLong(at, before + value);
                    found.add(before);
                }
                case 1 -> {
                    boolean right = random.nextBoolean();
                    batch.add(
                            new MemoryOperation.CompareAndSwap(
                                    at, right ? before : before + 1, value));
                    words.putLong(at, right ? value : before);
                    found.add(before);
                }
                default -> {
                    byte[] source = random(1 + random.nextInt(5000), value);
                    int to = random.nextInt(model.length - source.length);
                    System.arraycopy(source, 0, model, to, source.length);
                    batch.add(new MemoryOperation.Write(to, MemorySegment.ofArray(source)));
                    found.add(0L);
                }
            }
        }
        List<MemoryResult> results = memory.perform(batch);
        for (int i = 0; i < results.size(); i++) {
            assertThat(results.get(i)).isEqualTo(new MemoryResult(MemoryStatus.OK, found.get(i)));
        }
    }

    @Test
    void servesAKeyValueCache() throws Exception {
        try (RemoteMemory memory = client.allocate(wanted(8 * MIB))) {
            KeyValueCache cache = new KeyValueCache(memory, 256);
            assertThat(cache.get("nothing")).isEmpty();
            int hits = 0;
            for (int i = 0; i < 1000; i++) {
                assertThat(cache.put("key " + i, value(i))).isTrue();
            }
            for (int i = 0; i < 1000; i++) {
                Optional<byte[]> found = cache.get("key " + i);
                hits += found.isPresent() ? 1 : 0;
                assertThat(found.orElse(value(i))).isEqualTo(value(i));
            }
            assertThat(hits).as("of 1000 keys in 32768 slots").isGreaterThan(900);
            assertThat(cache.put("large", new byte[300])).isFalse();
            drain(names.getFirst());
            await().atMost(PATIENCE)
                    .until(() ->
                            memory.status() == MemoryStatus.OK
                                    ? cache.get("key 1").isEmpty()
                                    : true);
            assertThat(cache.put("key 1", value(1))).as("after it was taken back").isFalse();
        }
    }

    private static byte[] value(int i) {
        return ("value " + "x".repeat(i % 100) + i).getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void servesAnOutOfCoreArray() {
        try (RemoteMemory memory = client.allocate(wanted(16 * MIB))) {
            try (OutOfCoreArray array = new OutOfCoreArray(memory, 4)) {
                for (long i = 0; i < array.length(); i += 100) {
                    array.set(i, i * i);
                }
            }
            OutOfCoreArray again = new OutOfCoreArray(memory, 2);
            Random random = new Random(Seeds.next());
            for (int i = 0; i < 2000; i++) {
                long index = random.nextLong(again.length());
                long expected = index % 100 == 0 ? index * index : 0;
                assertThat(again.get(index)).isEqualTo(expected);
            }
        }
    }
}
