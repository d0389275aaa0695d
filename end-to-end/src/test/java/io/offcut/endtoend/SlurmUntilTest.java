package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.api.LeaseRequest;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two Slurm nodes with node daemons: what Slurm means to do with a node ends what it offers, and
 * the leases there.
 */
@Timeout(120)
final class SlurmUntilTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final long HOUR_MILLIS = 3_600_000;

    @TempDir static Path root;

    private static SlurmCluster cluster;
    private static Site site;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        cluster =
                SlurmCluster.start(
                        SlurmClusterConfig.fakeNodes(2, SlurmTest.CORES_PER_NODE, 4_000)
                                .withOffcutPlugin(Duration.ofSeconds(5)));
        site = new Site(root, "site");
        site.startScheduler(
                "--slurm-conf", cluster.slurmConf().toString(), "--slurm-interval", "500ms");
        for (String node : cluster.nodeNames()) {
            site.startNode(node, SlurmTest.nodeConfig(cluster, node));
        }
        Path bundle = TestBundle.write(site.dir().resolve("bundle"));
        assertThat(site.offcut("function", "push", bundle.toString()).exitCode()).isZero();
    }

    @AfterAll
    static void stop() {
        if (site != null) {
            site.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    @AfterEach
    void cancelJobs() {
        cluster.run("scancel", "--full", "-u", System.getProperty("user.name"));
        await("an empty cluster")
                .atMost(LONG)
                .until(() ->
                        cluster.commands().jobs().stream()
                                .noneMatch(job -> job.state().holdsNodes()));
    }

    @Test
    void aPendingJobEndsWhatItsNodeOffers() throws Exception {
        String running =
                cluster.submit(
                        "-w", node(0), "-n", "2", "--mem=200", "-t", "10", "--wrap", "sleep 300");
        await("job " + running)
                .atMost(LONG)
                .until(() -> cluster.commands().job(running).state().holdsNodes());
        String waiting = cluster.submit("-w", node(0), "--exclusive", "-t", "10", "--wrap", "true");

        JsonNode end = awaitEnd(node(0), "PLAN", waiting);

        long runsUntil =
                Objects.requireNonNull(cluster.commands().job(running).endTime()).toEpochMilli();
        // Slurm plans in whole seconds, and in steps of its backfill resolution (a minute).
        assertThat(end.path("atEpochMillis").asLong())
                .isBetween(runsUntil - 1_000, runsUntil + 61_000);
        assertThat(ends(node(1))).isEmpty();
        assertThat(site.offcut("nodes").out())
                .containsPattern("~?(9|10|11)m( \\d+s)? \\(job " + waiting + "\\)");

        JsonNode request = lease(6);
        assertThat(expiries(request, node(1)))
                .isNotEmpty()
                .allMatch(expiry -> expiry > System.currentTimeMillis() + HOUR_MILLIS / 2);
        assertThat(expiries(request, node(0)))
                .isNotEmpty()
                .allMatch(expiry -> expiry <= endsAt(node(0)));

        cluster.run("scancel", waiting);
        String requestId = request.path("requestId").asText();
        await("the rest of the lease's own time")
                .atMost(LONG)
                .until(() ->
                        expiries(get("/v1/leases/" + requestId), node(0)).stream()
                                .allMatch(expiry ->
                                        expiry > System.currentTimeMillis() + HOUR_MILLIS / 2));
        assertThat(ends(node(0))).isEmpty();
        release(requestId);
    }

    @Test
    void aReservationEndsWhatItsNodesOffer() throws Exception {
        cluster.run(
                "scontrol",
                "create",
                "reservation",
                "ReservationName=maintenance",
                "StartTime=now+20minutes",
                "Duration=30",
                "Flags=MAINT",
                "Nodes=" + node(1),
                "Users=" + System.getProperty("user.name"));
        try {
            JsonNode end = awaitEnd(node(1), "RESERVATION", "maintenance");

            assertThat(end.path("atEpochMillis").asLong() - System.currentTimeMillis())
                    .isBetween(1_100_000L, 1_201_000L);
            JsonNode request = lease(2 * SlurmTest.CORES_PER_NODE);
            assertThat(expiries(request, node(1)))
                    .isNotEmpty()
                    .allMatch(expiry -> expiry == end.path("atEpochMillis").asLong());
            release(request.path("requestId").asText());
        } finally {
            cluster.run("scontrol", "delete", "reservationname=maintenance");
        }
        await("no reservation").atMost(LONG).until(() -> ends(node(1)).isEmpty());
    }

    private static JsonNode awaitEnd(String node, String why, String name) {
        return await("an end of " + node)
                .atMost(LONG)
                .until(
                        () -> ends(node),
                        ends ->
                                ends.size() == 1
                                        && ends.getFirst().path("why").asText().equals(why)
                                        && ends.getFirst().path("name").asText().equals(name))
                .getFirst();
    }

    private static long endsAt(String node) {
        return ends(node).getFirst().path("atEpochMillis").asLong();
    }

    private static List<JsonNode> ends(String node) {
        for (JsonNode view : get("/v1/nodes")) {
            if (view.path("node").path("name").asText().equals(node)) {
                return view.path("ends").valueStream().toList();
            }
        }
        return List.of();
    }

    /** Waits for all these workers, which nobody opens. */
    private static JsonNode lease(int workers) throws Exception {
        LeaseRequest wish =
                new LeaseRequest(
                        "text", workers, workers, 1 << 20, 4096, HOUR_MILLIS, 20_000, 0, "", false);
        HttpRequest.Builder post =
                HttpRequest.newBuilder(uri("/v1/leases"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(wish)));
        String id = send(post).path("requestId").asText();
        return await("all workers")
                .atMost(LONG)
                .until(
                        () -> get("/v1/leases/" + id),
                        request -> request.path("pendingWorkers").asInt() == 0);
    }

    private static void release(String requestId) {
        send(HttpRequest.newBuilder(uri("/v1/leases/" + requestId)).DELETE());
    }

    private static List<Long> expiries(JsonNode request, String node) {
        return request.path("leases")
                .valueStream()
                .filter(lease -> lease.path("nodeName").asText().equals(node))
                .map(lease -> lease.path("expiresAtEpochMillis").asLong())
                .toList();
    }

    private static JsonNode get(String path) {
        return send(HttpRequest.newBuilder(uri(path)).GET());
    }

    private static JsonNode send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> answer =
                    HTTP.send(
                            request.timeout(LONG)
                                    .header("Offcut-User", System.getProperty("user.name"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isLessThan(300);
            return JSON.readTree(answer.body());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static URI uri(String path) {
        return site.daemon("scheduler").uri().resolve(path);
    }

    private static String node(int index) {
        return cluster.nodeNames().get(index);
    }
}
