package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.bundle.BundleArchive;
import io.offcut.bundle.BundleLimits;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.client.ClientConfig;
import io.offcut.client.LeaseOptions;
import io.offcut.client.MemoryOperation;
import io.offcut.client.MemoryOptions;
import io.offcut.client.MemoryResult;
import io.offcut.client.OffcutClient;
import io.offcut.client.RemoteMemory;
import io.offcut.client.WorkerPool;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.RdmaDevices;
import io.offcut.scheduler.SchedulerConfig;
import io.offcut.scheduler.SchedulerServer;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A scheduler, a node daemon and a client on a machine with an RDMA device. {@link GuestTest} runs
 * it there. Everything takes ten times as long, so nothing here is timed.
 */
final class RdmaInGuest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final long MIB = 1 << 20;

    @TempDir Path dir;

    @BeforeEach
    void letTheExecutorsUserPass() throws Exception {
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void theDeviceIsListedAndChosen() throws Exception {
        List<String> command = LocalDaemon.offcut("rdma", "devices", "--format", "json");
        try (Program devices = Program.start(dir, Map.of(), command)) {
            assertThat(devices.await(LIMIT)).as(devices.said()).isZero();
            // After what the virtual machine says of the guest's options.
            String said = devices.said();
            String json = said.substring(said.indexOf("\n[") + 1);
            JsonNode device = new ObjectMapper().readTree(json).get(0);
            assertThat(device.get("name").asText()).isEqualTo("rxe0");
            assertThat(device.get("state").asText()).isEqualTo("ACTIVE");
            assertThat(device.get("linkLayer").asText()).isEqualTo("Ethernet");
            assertThat(device.get("address").asText()).isEqualTo("10.77.0.1");
            assertThat(device.get("maxInlineBytes").asInt()).isGreaterThanOrEqualTo(64);
            assertThat(device.get("problem").asText()).isEmpty();
        }
        assertThat(RdmaDevices.address("rxe0")).isEqualTo("10.77.0.1");
        assertThat(RdmaDevices.address(RdmaDevices.AUTO)).isEqualTo("10.77.0.1");
        assertThat(RdmaDevices.address(RdmaDevices.OFF)).isEmpty();
        assertThatThrownBy(() -> RdmaDevices.address("mlx5_0"))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("mlx5_0: there is no such device");
    }

    /** What is done with a scheduler that has an offer of a node. */
    private interface Use {
        void of(OffcutClient client, String schedulerUrl, Process node) throws Exception;
    }

    @Test
    void aLeaseIsServedOverRdma() throws Exception {
        withANode((client, _, _) -> {
            assertThat(client.nodes().getFirst().node().transports())
                    .isEqualTo(ChannelDescriptor.TRANSPORTS);
            calls(client);
            accesses(client);
        });
    }

    @Test
    void theCClientCallsOverRdma() throws Exception {
        CPrograms programs = CClientInGuest.programs();
        withANode((client, url, node) -> CClientInGuest.calls(programs, client, url, node, dir));
    }

    private void withANode(Use use) throws Exception {
        SchedulerConfig config = SchedulerConfig.defaults().withAddress("127.0.0.1", 0);
        try (SchedulerServer scheduler =
                SchedulerServer.start(config.withStateDir(dir.resolve("scheduler")))) {
            String url = scheduler.uri().toString();
            try (Program node = startNode(url);
                    OffcutClient client =
                            OffcutClient.connect(
                                    new ClientConfig(url, "", "", "", "", 30_000, 100_000, 20))) {
                await("an offer")
                        .atMost(LIMIT)
                        .until(() ->
                                !node.process().isAlive()
                                        || client.nodes().stream()
                                                .anyMatch(view -> !view.offers().isEmpty()));
                assertThat(node.process().isAlive()).as(node.said()).isTrue();
                use.of(client, url, node.process());
            }
        }
    }

    private void calls(OffcutClient client) throws Exception {
        client.push(bundle());
        LeaseOptions options =
                LeaseOptions.of("text/upper")
                        .memoryBytesPerWorker(64 * MIB)
                        .ttl(Duration.ofMinutes(5))
                        .queue(LIMIT)
                        .transports(List.of(ChannelDescriptor.VERBS));
        try (WorkerPool pool = client.lease(options)) {
            for (String word : List.of("one", "sided", "x".repeat(100_000))) {
                byte[] input = word.getBytes(StandardCharsets.UTF_8);
                byte[] result = pool.invoke("upper", input).orThrow();
                assertThat(new String(result, StandardCharsets.UTF_8))
                        .isEqualTo(word.toUpperCase(Locale.ROOT));
            }
        }
    }

    private static void accesses(OffcutClient client) {
        MemoryOptions options =
                MemoryOptions.of(32 * MIB)
                        .ttl(Duration.ofMinutes(5))
                        .queue(LIMIT)
                        .operationTimeout(LIMIT)
                        .transports(List.of(ChannelDescriptor.VERBS));
        byte[] bytes = new byte[5_000_000];
        new Random(1).nextBytes(bytes);
        byte[] back = new byte[bytes.length];
        try (RemoteMemory memory = client.allocate(options)) {
            List<MemoryResult> results =
                    memory.perform(
                            List.of(
                                    new MemoryOperation.Write(64, MemorySegment.ofArray(bytes)),
                                    new MemoryOperation.Read(64, MemorySegment.ofArray(back)),
                                    new MemoryOperation.FetchAndAdd(0, 7),
                                    new MemoryOperation.CompareAndSwap(0, 7, 9),
                                    new MemoryOperation.FetchAndAdd(32 * MIB, 1)));
            assertThat(results)
                    .extracting(MemoryResult::status)
                    .containsExactly(
                            MemoryStatus.OK,
                            MemoryStatus.OK,
                            MemoryStatus.OK,
                            MemoryStatus.OK,
                            MemoryStatus.OUT_OF_BOUNDS);
            assertThat(Arrays.equals(back, bytes)).isTrue();
            assertThat(memory.fetchAndAdd(0, 0).orThrow()).isEqualTo(9);
        }
    }

    private Program startNode(String schedulerUrl) throws Exception {
        Map<String, Object> config = new HashMap<>();
        config.put("name", "g1");
        config.put("schedulerUrl", schedulerUrl);
        config.put("port", 0);
        config.put("stateDir", dir.resolve("node").toString());
        config.put("memoryBytes", 1024 * MIB);
        config.put("reserveMemoryBytes", 0);
        config.put("busyThreshold", 1.0);
        config.put("offerAfterSamples", 1);
        config.put("startTimeoutMillis", 120_000);
        config.put("prewarmedExecutors", 0);
        config.put("cgroups", "off");
        Path file =
                Files.writeString(
                        dir.resolve("node.yaml"), new ObjectMapper().writeValueAsString(config));
        return Program.start(
                dir, Map.of(), LocalDaemon.offcut("node", "--config", file.toString()));
    }

    private Path bundle() throws Exception {
        return BundleArchive.pack(
                        TestBundle.write(dir.resolve("bundle")),
                        dir.resolve("bundle.zip"),
                        BundleLimits.DEFAULT)
                .file();
    }
}
