package io.offcut.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.linux.HostId;
import io.offcut.scheduler.SchedulerConfig;
import io.offcut.scheduler.SchedulerServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A real scheduler in this process, and what a user of it does. */
final class TestScheduler implements AutoCloseable {
    private final Path stateDir;
    private final ObjectMapper json =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private final HttpClient http = HttpClient.newHttpClient();
    private SchedulerServer server;

    TestScheduler(Path stateDir) {
        this.stateDir = stateDir;
        this.server = start(0);
    }

    private SchedulerServer start(int port) {
        return SchedulerServer.start(
                SchedulerConfig.defaults().withAddress("127.0.0.1", port).withStateDir(stateDir));
    }

    String url() {
        return server.uri().toString();
    }

    /** Stops it and starts it again at the same address. */
    void stop() {
        server.close();
    }

    void startAgain(String url) {
        server = start(URI.create(url).getPort());
    }

    private HttpResponse<String> send(String method, String path, HttpRequest.BodyPublisher body)
            throws Exception {
        return http.send(
                HttpRequest.newBuilder(server.uri().resolve(path)).method(method, body).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    String push(Path zip) throws Exception {
        HttpResponse<String> response =
                send(
                        "PUT",
                        "/v1/functions",
                        HttpRequest.BodyPublishers.ofByteArray(Files.readAllBytes(zip)));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
        return json.readTree(response.body()).get("bundle").textValue();
    }

    /** Asks for workers and waits until one lease is granted. */
    RequestView lease(String bundle, int workers, boolean regrant) throws Exception {
        return lease(bundle, workers, regrant, 0);
    }

    RequestView lease(String bundle, int workers, boolean regrant, long hotTimeoutMicros)
            throws Exception {
        Map<String, Object> wish =
                Map.of(
                        "bundle",
                        bundle,
                        "workers",
                        workers,
                        "memoryBytesPerWorker",
                        64 << 20,
                        "payloadBytes",
                        4096,
                        "ttlMillis",
                        600_000,
                        "hotTimeoutMicros",
                        hotTimeoutMicros,
                        "queueMillis",
                        60_000,
                        "regrant",
                        regrant);
        String id = submit(wish).requestId();
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .untilAsserted(() -> assertThat(request(id).leases()).isNotEmpty());
        return request(id);
    }

    /** The same on this host, as it is answered. */
    RequestView leaseHere(String bundle) throws Exception {
        return submit(
                Map.of(
                        "bundle",
                        bundle,
                        "memoryBytesPerWorker",
                        64 << 20,
                        "payloadBytes",
                        4096,
                        "queueMillis",
                        60_000,
                        "preferredHostId",
                        HostId.current()));
    }

    private RequestView submit(Map<String, Object> wish) throws Exception {
        HttpResponse<String> response =
                send(
                        "POST",
                        "/v1/leases",
                        HttpRequest.BodyPublishers.ofString(json.writeValueAsString(wish)));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
        return json.readValue(response.body(), RequestView.class);
    }

    RequestView request(String requestId) throws Exception {
        HttpResponse<String> response =
                send("GET", "/v1/leases/" + requestId, HttpRequest.BodyPublishers.noBody());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return json.readValue(response.body(), RequestView.class);
    }

    /** Everybody's open requests. */
    List<RequestView> requests() throws Exception {
        return List.of(
                json.readValue(
                        send("GET", "/v1/leases", HttpRequest.BodyPublishers.noBody()).body(),
                        RequestView[].class));
    }

    LeaseView lease(String requestId, String leaseId) throws Exception {
        return request(requestId).leases().stream()
                .filter(lease -> lease.leaseId().equals(leaseId))
                .findFirst()
                .orElseThrow();
    }

    void release(String requestId) throws Exception {
        assertThat(
                        send(
                                        "DELETE",
                                        "/v1/leases/" + requestId,
                                        HttpRequest.BodyPublishers.noBody())
                                .statusCode())
                .isEqualTo(200);
    }

    /** As when somebody cleaned its disk. */
    void loseBundle(String bundle) throws Exception {
        try (Stream<Path> files = Files.walk(stateDir)) {
            for (Path file : files.filter(f -> f.endsWith(bundle + ".zip")).toList()) {
                Files.delete(file);
            }
        }
    }

    List<NodeView> nodes() throws Exception {
        return List.of(
                json.readValue(
                        send("GET", "/v1/nodes", HttpRequest.BodyPublishers.noBody()).body(),
                        NodeView[].class));
    }

    String usage() throws Exception {
        return send("GET", "/v1/usage", HttpRequest.BodyPublishers.noBody()).body();
    }

    @Override
    public void close() {
        http.close();
        server.close();
    }
}
