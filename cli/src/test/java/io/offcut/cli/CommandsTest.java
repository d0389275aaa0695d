package io.offcut.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.core.ErrorCode;
import io.offcut.core.api.JobAnnouncement;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** All other commands on a real scheduler and a real node. */
@Timeout(240)
class CommandsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir static Path shared;
    private static TestCluster cluster;

    @BeforeAll
    static void startCluster() throws IOException {
        cluster = TestCluster.start(shared, 1);
        String bundle = TestCluster.textBundle(shared, "1").toString();
        TestRun pushed = cluster.run("function", "push", bundle);
        assertThat(pushed.exitCode()).as(pushed.err()).isZero();
        assertThat(pushed.out()).startsWith("pushed text (");
    }

    @AfterAll
    static void stopCluster() {
        cluster.close();
    }

    private static JsonNode json(TestRun run) throws IOException {
        assertThat(run.exitCode()).as(run.err()).isZero();
        return JSON.readTree(run.out());
    }

    @Test
    void callsAFunctionFromStdinToStdout() {
        TestRun run = cluster.run("hello".getBytes(UTF_8), "invoke", "upper");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).isEqualTo("HELLO");
        assertThat(run.err()).isEmpty();
    }

    /** As in a job with {@code --offcut-workers=1,mem=96M,function=text/upper}. */
    @Test
    void usesWhatTheJobWasGivenWhereNothingElseIsSaid(@TempDir Path folder) throws Exception {
        awaitIdle();
        String placed = announce("7");
        Map<String, String> environment =
                Map.of(
                        "OFFCUT_SCHEDULER_URL", cluster.url(),
                        "OFFCUT_JOB", "7",
                        "OFFCUT_WORKERS", "1",
                        "OFFCUT_WORKER_MEMORY", "96M",
                        "OFFCUT_FUNCTION", "text/upper");
        TestRun invoke = TestRun.of(environment, "hello".getBytes(UTF_8), "invoke");
        assertThat(invoke.exitCode()).as(invoke.err()).isZero();
        assertThat(invoke.out()).isEqualTo("HELLO");
        assertThat(request(placed).at("/endReason").asText())
                .as("of the request that was placed at the job's start")
                .isEqualTo("RELEASED");
        String[] map = {"map", "--lines", "--out", folder.resolve("out").toString()};
        TestRun run = TestRun.of(environment, "a\nb\n".getBytes(UTF_8), map);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(folder.resolve("out/results.txt")).hasContent("A\nB\n");
    }

    private static void awaitIdle() {
        await().atMost(Duration.ofSeconds(60))
                .until(() ->
                        cluster.run("nodes", "--format", "json").out().contains("UNALLOCATED"));
    }

    /** What the job's node would say; returns the id of the request that is placed. */
    private static String announce(String job) throws Exception {
        String body =
                JSON.writeValueAsString(
                        new JobAnnouncement(
                                System.getProperty("user.name"),
                                "",
                                1,
                                96L << 20,
                                "text",
                                List.of()));
        HttpRequest.BodyPublisher put = HttpRequest.BodyPublishers.ofString(body);
        return send("PUT", "/v1/jobs/" + job + "/nodes/n0", put).at("/requestIds/0").asText();
    }

    private static JsonNode request(String id) throws Exception {
        return send("GET", "/v1/leases/" + id, HttpRequest.BodyPublishers.noBody());
    }

    private static JsonNode send(String method, String path, HttpRequest.BodyPublisher body)
            throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            URI uri = URI.create(cluster.url() + path);
            return JSON.readTree(
                    http.send(
                                    HttpRequest.newBuilder(uri).method(method, body).build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .body());
        }
    }

    @Test
    void callsAFunctionFromFileToFileOverTcp(@TempDir Path folder) throws IOException {
        Path in = Files.writeString(folder.resolve("in"), "hello");
        Path out = folder.resolve("out");

        TestRun run =
                cluster.run(
                        "invoke",
                        "text/upper",
                        "--transport",
                        "tcp",
                        "--in",
                        in.toString(),
                        "--out",
                        out.toString());

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(out).hasContent("HELLO");
    }

    @Test
    void saysWhyAFunctionFailed() {
        TestRun run = cluster.run("bad".getBytes(UTF_8), "invoke", "picky");

        assertThat(run.exitCode()).isEqualTo(ErrorCode.FUNCTION_FAILED.exitCode());
        assertThat(run.err()).contains("text/picky: FUNCTION_ERROR on node n0: no good");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void saysWhatFunctionsThereAre() {
        TestRun run = cluster.run("invoke", "lower");

        assertThat(run.exitCode()).isEqualTo(ErrorCode.NOT_FOUND.exitCode());
        assertThat(run.err()).contains("lower", "it has text");
    }

    @Test
    void listsNodesForPeopleAndScripts() throws IOException {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> json(cluster.run("nodes", "--format", "json")).size() == 1);
        JsonNode node = json(cluster.run("nodes", "--format", "json")).get(0);
        assertThat(node.path("node").path("name").asText()).isEqualTo("n0");
        assertThat(node.path("state").asText()).isEqualTo("UP");

        assertThat(cluster.run("nodes").out()).startsWith("NODE").contains("n0");
        assertThat(cluster.run("top").out()).contains("1 nodes, 1 cores", "n0", "REQUEST", "USER");
    }

    @Test
    void topIsJsonForScriptsAsOftenAsAsked() throws IOException {
        JsonNode look = json(cluster.run("top", "--format", "json"));
        assertThat(look.at("/nodes/0/node/name").asText()).isEqualTo("n0");
        assertThat(look.path("requests").isArray()).isTrue();
        assertThat(look.path("usage").isArray()).isTrue();

        String twice =
                cluster.run("top", "--format", "json", "--count", "2", "--interval", "1ms").out();
        assertThat(JSON.readerFor(JsonNode.class).readValues(twice).readAll()).hasSize(2);
    }

    @Test
    void listsAndRemovesBundles(@TempDir Path folder) throws IOException {
        Path bundle = Files.createDirectory(folder.resolve("b"));
        Files.writeString(
                bundle.resolve("offcut.yaml"),
                "name: gone\nfunctions:\n  - {name: cat, kind: command, command: [cat]}\n");
        assertThat(cluster.run("function", "push", bundle.toString()).exitCode()).isZero();

        JsonNode list = json(cluster.run("function", "list", "--format", "json"));
        assertThat(list.findValuesAsText("name")).contains("gone", "text", "cat");
        assertThat(cluster.run("function", "list").out()).contains("gone", "upper");
        assertThat(cluster.run("function", "rm", "gone").exitCode()).isZero();
        assertThat(cluster.run("function", "list").out()).doesNotContain("gone");
        assertThat(cluster.run("function", "rm", "gone").exitCode())
                .isEqualTo(ErrorCode.NOT_FOUND.exitCode());
    }

    @Test
    void refusesABundleWithoutAManifest(@TempDir Path folder) {
        TestRun run = cluster.run("function", "push", folder.toString());

        assertThat(run.exitCode()).isEqualTo(ErrorCode.INVALID_INPUT.exitCode());
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err()).contains("offcut.yaml");
    }

    @Test
    void holdsWorkersUntilTheyAreReleased() throws Exception {
        Process holding =
                new ProcessBuilder(
                                LocalDaemon.offcut(
                                        "lease",
                                        "hold",
                                        "--function",
                                        "upper",
                                        "--scheduler",
                                        cluster.url()))
                        .redirectErrorStream(true)
                        .start();
        try (var said = holding.inputReader(UTF_8)) {
            assertThat(said.readLine()).startsWith("holding 1 workers for text/upper, request r");
            JsonNode requests = json(cluster.run("lease", "list", "--format", "json"));
            JsonNode lease = requests.get(0).path("leases").get(0);
            assertThat(lease.path("state").asText()).isEqualTo("ACTIVE");
            assertThat(lease.has("token")).isFalse();
            assertThat(cluster.run("lease", "list").out())
                    .contains("n0", "ACTIVE")
                    .contains(requests.get(0).path("requestId").asText())
                    .contains(lease.path("leaseId").asText());
        } finally {
            holding.destroy();
            holding.waitFor();
        }
        assertThat(json(cluster.run("lease", "list", "--format", "json"))).isEmpty();
        assertThat(cluster.run("lease", "release", "r00").exitCode())
                .isEqualTo(ErrorCode.NOT_FOUND.exitCode());
    }

    @Test
    void saysThatNothingIsFree() {
        TestRun run =
                cluster.run(
                        "x".getBytes(UTF_8), "invoke", "upper", "--memory", "64T", "--wait", "0s");

        assertThat(run.exitCode()).isEqualTo(ErrorCode.NO_CAPACITY.exitCode());
        assertThat(run.err().lines()).hasSize(1);
    }

    @Test
    void startsDaemonsThatSayWhereTheyListenAndStopWhenTold(@TempDir Path folder) throws Exception {
        TestCluster.open(folder);
        Path shm = Path.of("/dev/shm/offcut-test-daemon-" + ProcessHandle.current().pid());
        try (LocalDaemon scheduler =
                        LocalDaemon.start(
                                "scheduler",
                                "s",
                                Map.of("port", 0, "stateDir", folder.resolve("s").toString()),
                                folder,
                                Duration.ofSeconds(60));
                LocalDaemon node =
                        LocalDaemon.start(
                                "node",
                                "n",
                                Map.of(
                                        "name",
                                        "x1",
                                        "port",
                                        0,
                                        "schedulerUrl",
                                        scheduler.uri().toString(),
                                        "stateDir",
                                        folder.resolve("n").toString(),
                                        "shmDir",
                                        shm.toString()),
                                folder,
                                Duration.ofSeconds(60))) {
            String url = scheduler.uri().toString();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> TestRun.of("nodes", "--scheduler", url).out().contains("x1"));
            node.process().destroy();
            assertThat(node.process().waitFor()).isEqualTo(143);
            scheduler.process().destroy();
            assertThat(scheduler.process().waitFor()).isEqualTo(143);
            assertThat(scheduler.log()).contains("scheduler stopped").doesNotContain("Exception");
            assertThat(node.log()).doesNotContain("Exception");
        } finally {
            TestCluster.removeEmpty(shm);
        }
    }
}
