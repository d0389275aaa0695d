package io.offcut.scheduler;

import static io.offcut.scheduler.Servers.refused;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.core.ErrorCode;
import io.offcut.core.api.RequestView;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FunctionApiTest {
    @TempDir Path state;
    private SchedulerServer server;
    private Api ada;
    private Api bob;

    @BeforeEach
    void start() {
        server = Servers.start(state);
        ada = Api.of(server).user("ada");
        bob = Api.of(server).user("bob");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void storesABundleUnderItsHash() throws Exception {
        byte[] zip = Api.bundle("demo", "hello");
        HttpResponse<byte[]> pushed = ada.send("PUT", "/v1/functions", zip);
        assertThat(pushed.statusCode()).isEqualTo(201);
        JsonNode view = Api.json(pushed);
        String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(zip));
        assertThat(view.get("bundle").asText()).isEqualTo(sha256);
        assertThat(view.get("owner").asText()).isEqualTo("ada");
        assertThat(view.at("/manifest/functions/0/command/0").asText()).isEqualTo("gzip");
        HttpResponse<byte[]> fetched = bob.send("GET", "/v1/functions/" + sha256 + "/bundle");
        assertThat(fetched.body()).isEqualTo(zip);
        assertThat(fetched.headers().firstValue("Content-Type")).contains("application/zip");
        assertThat(ada.send("GET", "/v1/functions/demo/bundle").body()).isEqualTo(zip);
    }

    @Test
    void aNameMeansItsOwnersLatestPush() {
        String first =
                Api.json(ada.send("PUT", "/v1/functions", Api.bundle("f", "1")))
                        .get("bundle")
                        .asText();
        String second =
                Api.json(ada.send("PUT", "/v1/functions", Api.bundle("f", "2")))
                        .get("bundle")
                        .asText();
        String third =
                Api.json(bob.send("PUT", "/v1/functions", Api.bundle("f", "3")))
                        .get("bundle")
                        .asText();
        assertThat(ada.json("/v1/functions/f").get("bundle").asText()).isEqualTo(second);
        assertThat(bob.json("/v1/functions/f").get("bundle").asText()).isEqualTo(third);
        assertThat(bob.json("/v1/functions/" + first).get("owner").asText()).isEqualTo("ada");
        ada.send("PUT", "/v1/functions", Api.bundle("f", "1"));
        assertThat(ada.json("/v1/functions/f").get("bundle").asText()).isEqualTo(first);
        refused(Api.of(server).send("GET", "/v1/functions/f"), 404, ErrorCode.NOT_FOUND, "'f'");
    }

    @Test
    void removesANameWithAllItsVersions() {
        String first =
                Api.json(ada.send("PUT", "/v1/functions", Api.bundle("f", "1")))
                        .get("bundle")
                        .asText();
        ada.send("PUT", "/v1/functions", Api.bundle("f", "2"));
        bob.send("PUT", "/v1/functions", Api.bundle("f", "1"));
        assertThat(ada.send("DELETE", "/v1/functions/f").statusCode()).isEqualTo(204);
        refused(ada.send("GET", "/v1/functions/f"), 404, ErrorCode.NOT_FOUND);
        assertThat(ada.json("/v1/functions/" + first).get("owner").asText()).isEqualTo("bob");
        assertThat(bob.send("DELETE", "/v1/functions/" + first).statusCode()).isEqualTo(204);
        refused(ada.send("GET", "/v1/functions/" + first), 404, ErrorCode.NOT_FOUND);
        refused(bob.send("DELETE", "/v1/functions/f"), 404, ErrorCode.NOT_FOUND);
        assertThat(state.resolve("functions/bundles")).isEmptyDirectory();
    }

    @Test
    void keepsABundleThatARequestUses() {
        String bundle = ada.push("f");
        try (FakeNode node = Servers.connect(server, ada, "n1", "0-1")) {
            RequestView request = ada.lease("f", 1, "");
            refused(
                    ada.send("DELETE", "/v1/functions/f"),
                    409,
                    ErrorCode.CONFLICT,
                    "in use",
                    bundle);
            assertThat(ada.json("/v1/functions/f").get("bundle").asText()).isEqualTo(bundle);
            ada.send("DELETE", "/v1/leases/" + request.requestId());
            assertThat(ada.send("DELETE", "/v1/functions/f").statusCode()).isEqualTo(204);
            assertThat(node.isClosed()).isFalse();
        }
    }

    @Test
    void refusesWhatIsNotABundle() {
        refused(
                ada.send("PUT", "/v1/functions", "not a zip"),
                400,
                ErrorCode.INVALID_INPUT,
                "not a zip file");
        refused(ada.send("PUT", "/v1/functions"), 400, ErrorCode.INVALID_INPUT);
        refused(
                ada.send("PUT", "/v1/functions", Api.bundle("bad name", "")),
                400,
                ErrorCode.INVALID_INPUT,
                "offcut.yaml, key name");
        byte[] corrupt = Api.bundle("demo", "some content");
        corrupt[corrupt.length / 2] ^= 0x55;
        assertThat(ada.send("PUT", "/v1/functions", corrupt).statusCode()).isEqualTo(400);
        assertThat(ada.json("/v1/functions").size()).isZero();
    }

    @Test
    void refusesABundleOverTheLimitInOneLine() {
        server.close();
        SchedulerConfig small = small(Servers.config(state));
        server = SchedulerServer.start(small);
        ada = Api.of(server).user("ada");
        byte[] large = new byte[8 << 20];
        refused(ada.send("PUT", "/v1/functions", large), 413, ErrorCode.TOO_LARGE, "limit");
        assertThat(ada.push("fits")).isNotEmpty();
    }

    @Test
    void keepsTheLatestVersionsOfANameAndThoseInUse() {
        String first = push("f", "0");
        try (FakeNode node = Servers.connect(server, ada, "n1", "0-1")) {
            RequestView request = ada.lease("f", 1, "");
            String second = push("f", "1");
            for (int i = 2; i < 7; i++) {
                push("f", Integer.toString(i));
            }
            assertThat(ada.send("GET", "/v1/functions/" + first).statusCode()).isEqualTo(200);
            refused(ada.send("GET", "/v1/functions/" + second), 404, ErrorCode.NOT_FOUND);
            assertThat(ada.json("/v1/functions").size()).isEqualTo(6);

            ada.send("DELETE", "/v1/leases/" + request.requestId());
            String last = push("f", "7");
            refused(ada.send("GET", "/v1/functions/" + first), 404, ErrorCode.NOT_FOUND);
            assertThat(ada.json("/v1/functions/f").get("bundle").asText()).isEqualTo(last);
            assertThat(node.isClosed()).isFalse();
        }
        assertThat(archives()).hasSize(5);
    }

    @Test
    void retiresNoVersionThatSomebodyElseKeeps() {
        String shared = push("f", "0");
        bob.send("PUT", "/v1/functions", Api.bundle("f", "0"));
        for (int i = 1; i < 7; i++) {
            push("f", Integer.toString(i));
        }
        assertThat(ada.json("/v1/functions").size()).isEqualTo(6);
        assertThat(bob.json("/v1/functions/f").get("bundle").asText()).isEqualTo(shared);
        assertThat(archives()).hasSize(6);
    }

    @Test
    void refusesMoreThanAUserMayKeep() {
        server.close();
        long one = Api.bundle("f", "1").length;
        server =
                SchedulerServer.start(
                        limits(Servers.config(state), c -> c.maxBundleBytes(), c -> 2 * one + 8));
        ada = Api.of(server).user("ada");
        push("f", "1");
        push("g", "1");
        refused(
                ada.send("PUT", "/v1/functions", Api.bundle("h", "1")),
                429,
                ErrorCode.NO_CAPACITY,
                "more than the " + (2 * one + 8),
                "remove some");
        assertThat(archives()).hasSize(2);
        assertThat(Api.of(server).user("bob").push("h")).isNotEmpty();
        ada.send("DELETE", "/v1/functions/f");
        assertThat(push("h", "1")).isNotEmpty();
    }

    private String push(String name, String note) {
        HttpResponse<byte[]> pushed = ada.send("PUT", "/v1/functions", Api.bundle(name, note));
        assertThat(pushed.statusCode()).isEqualTo(201);
        return Api.json(pushed).get("bundle").asText();
    }

    private String[] archives() {
        return Objects.requireNonNull(state.resolve("functions/bundles").toFile().list());
    }

    private static SchedulerConfig small(SchedulerConfig c) {
        return limits(c, whole -> 100_000L, SchedulerConfig::maxFunctionBytesPerUser);
    }

    private static SchedulerConfig limits(
            SchedulerConfig c,
            ToLongFunction<SchedulerConfig> bundleBytes,
            ToLongFunction<SchedulerConfig> userBytes) {
        return new SchedulerConfig(
                c.host(),
                c.port(),
                c.stateDir(),
                c.tokensFile(),
                c.nodeSecretFile(),
                bundleBytes.applyAsLong(c),
                c.heartbeatMillis(),
                c.activationMillis(),
                c.maxTtlMillis(),
                c.maxWorkersPerUser(),
                c.maxQueuedRequests(),
                c.maxQueuedRequestsPerUser(),
                userBytes.applyAsLong(c),
                c.rememberEndedMillis(),
                c.idleQuantile());
    }

    @Test
    void saysThatAStoredBundleIsDamaged() throws Exception {
        String bundle = ada.push("f");
        Path file = state.resolve("functions/bundles/" + bundle + ".zip");
        Files.write(file, new byte[] {1, 2, 3});
        refused(
                ada.send("GET", "/v1/functions/" + bundle + "/bundle"),
                409,
                ErrorCode.CONFLICT,
                "damaged");
        assertThat(ada.push("f")).isEqualTo(bundle);
        assertThat(ada.send("GET", "/v1/functions/" + bundle + "/bundle").statusCode())
                .isEqualTo(200);
    }
}
