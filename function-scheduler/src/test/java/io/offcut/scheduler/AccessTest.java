package io.offcut.scheduler;

import static io.offcut.scheduler.Servers.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.api.RequestView;
import io.offcut.core.link.SchedulerMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may do what, with tokens and a node secret. */
class AccessTest {
    private static final String SECRET = "a-secret-for-all-nodes";

    @TempDir Path folder;
    private SchedulerServer server;

    @BeforeEach
    void start() throws Exception {
        String tokens =
                "# who may use this scheduler\n\nada user "
                        + sha256("token-of-ada")
                        + "\nbob user "
                        + sha256("token-of-bob")
                        + "\nroot operator "
                        + sha256("token-of-root")
                        + "\n";
        server =
                SchedulerServer.start(
                        Servers.config(folder.resolve("state"))
                                .withCredentials(
                                        file("tokens", tokens), file("secret", SECRET + "\n")));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    private static String sha256(String text) throws Exception {
        return HexFormat.of()
                .formatHex(
                        MessageDigest.getInstance("SHA-256")
                                .digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private Api as(String who) {
        Api api = Api.of(server);
        return switch (who) {
            case "nobody" -> api;
            case "stranger" -> api.token("guessed");
            case "node" -> api.token(SECRET);
            default -> api.token("token-of-" + who);
        };
    }

    /** Status by route and caller; 404 and 400 show that the caller got past the door. */
    @ParameterizedTest
    @CsvSource({
        "GET,    /healthz,                  200, 200, 200, 200, 200",
        "GET,    /metrics,                  200, 200, 200, 200, 200",
        "GET,    /v1/openapi.json,          200, 200, 200, 200, 200",
        "GET,    /,                         200, 200, 200, 200, 200",
        "GET,    /v1/nodes,                 401, 401, 401, 200, 200",
        "POST,   /v1/nodes/n/drain,         401, 401, 401, 403, 404",
        "POST,   /v1/nodes/n/resume,        401, 401, 401, 403, 404",
        "GET,    /v1/leases,                401, 401, 401, 200, 200",
        "POST,   /v1/leases,                401, 401, 401, 400, 400",
        "GET,    /v1/leases/r,              401, 401, 401, 404, 404",
        "POST,   /v1/leases/r/renew,        401, 401, 401, 404, 404",
        "DELETE, /v1/leases/r,              401, 401, 401, 404, 404",
        "DELETE, /v1/leases/r/l,            401, 401, 401, 404, 404",
        "PUT,    /v1/jobs/1/nodes/n,        401, 401, 400, 401, 401",
        "DELETE, /v1/jobs/1/nodes/n,        401, 401, 204, 401, 401",
        "PUT,    /v1/functions,             401, 401, 401, 400, 400",
        "GET,    /v1/functions,             401, 401, 401, 200, 200",
        "GET,    /v1/functions/f,           401, 401, 401, 404, 404",
        "GET,    /v1/functions/f/bundle,    401, 401, 404, 404, 404",
        "DELETE, /v1/functions/f,           401, 401, 401, 404, 404",
        "GET,    /v1/usage,                 401, 401, 401, 200, 200",
        "GET,    /v1/link,                  401, 401, 426, 401, 401",
    })
    void everyRouteHasItsDoor(
            String method,
            String path,
            int nobody,
            int stranger,
            int node,
            int user,
            int operator) {
        assertThat(as("nobody").send(method, path).statusCode()).isEqualTo(nobody);
        assertThat(as("stranger").send(method, path).statusCode()).isEqualTo(stranger);
        assertThat(as("node").send(method, path).statusCode()).isEqualTo(node);
        assertThat(as("ada").send(method, path).statusCode()).isEqualTo(user);
        assertThat(as("root").send(method, path).statusCode()).isEqualTo(operator);
    }

    @Test
    void saysWhatIsMissing() {
        refused(as("nobody").send("GET", "/v1/nodes"), 401, ErrorCode.UNAUTHORIZED, "Bearer");
        refused(as("stranger").send("GET", "/v1/nodes"), 401, ErrorCode.UNAUTHORIZED, "not known");
        refused(as("ada").send("POST", "/v1/nodes/n/drain"), 403, ErrorCode.FORBIDDEN, "operator");
        assertThat(as("nobody").send("GET", "/v1/nodes").headers().firstValue("WWW-Authenticate"))
                .contains("Bearer");
    }

    @Test
    void theUserHeaderMeansNothingHere() {
        as("ada").user("bob").push("f");
        assertThat(as("ada").json("/v1/functions").at("/0/owner").asText()).isEqualTo("ada");
        refused(as("nobody").user("ada").send("GET", "/v1/nodes"), 401, ErrorCode.UNAUTHORIZED);
    }

    @Test
    void usersSeeTheirOwnAndOperatorsEverything() {
        String bundle = as("ada").push("f");
        try (FakeNode node = new FakeNode(server.uri(), "n1", System.currentTimeMillis(), SECRET)) {
            node.snapshot("0-3", 1L << 30);
            Servers.awaitState(as("ada"), "n1", "UP");
            RequestView request = as("ada").lease(bundle, 1, "");
            String path = "/v1/leases/" + request.requestId();
            assertThat(as("bob").json("/v1/leases").size()).isZero();
            assertThat(as("bob").json("/v1/functions").size()).isZero();
            assertThat(as("root").json("/v1/functions").size()).isEqualTo(1);
            for (String method : new String[] {"GET", "DELETE"}) {
                refused(as("bob").send(method, path), 403, ErrorCode.FORBIDDEN);
            }
            refused(as("bob").send("POST", path + "/renew"), 403, ErrorCode.FORBIDDEN);
            String lease = request.leases().getFirst().leaseId();
            refused(as("bob").send("DELETE", path + "/" + lease), 403, ErrorCode.FORBIDDEN);
            assertThat(as("root").json("/v1/leases").at("/0/leases/0/token").isNull()).isTrue();
            assertThat(as("ada").json(path).at("/leases/0/token").isTextual()).isTrue();
            assertThat(as("root").send("DELETE", path + "/" + lease).statusCode()).isEqualTo(200);
            assertThat(node.await(SchedulerMessage.EndLease.class).reason().name())
                    .isEqualTo("REVOKED");
        }
    }

    @Test
    void aNodeWithoutTheSecretGetsNoLink() {
        for (String secret : new String[] {null, "wrong", "token-of-root"}) {
            assertThatThrownBy(() -> new FakeNode(server.uri(), "n1", 1, secret).close())
                    .hasStackTraceContaining("WebSocketHandshakeException");
        }
        assertThat(as("root").json("/v1/nodes").size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ada user 1234",
                "ada chief 0000000000000000000000000000000000000000000000000000000000000000",
                "ada",
                "a/b user 0000000000000000000000000000000000000000000000000000000000000000",
                "ada user 0000000000000000000000000000000000000000000000000000000000000000 more",
                "# nobody",
            })
    void refusesABadTokensFile(String line) throws Exception {
        SchedulerConfig config =
                Servers.config(folder.resolve("other"))
                        .withCredentials(file("bad", line), file("secret", SECRET));
        refused(
                () -> SchedulerServer.start(config).close(),
                ErrorCode.USAGE,
                folder.resolve("bad").toString());
    }

    @Test
    void refusesToBeReachableFromOutsideWithoutCredentials() throws Exception {
        SchedulerConfig open = Servers.config(folder.resolve("other")).withAddress("0.0.0.0", 0);
        refused(
                () -> SchedulerServer.start(open).close(),
                ErrorCode.USAGE,
                "host 0.0.0.0",
                "tokensFile");
        String tokens = file("t", "ada user " + sha256("x"));
        refused(
                () -> SchedulerServer.start(open.withCredentials(tokens, "")).close(),
                ErrorCode.USAGE,
                "nodeSecretFile");
        refused(
                () ->
                        SchedulerServer.start(open.withCredentials(tokens, file("s", "short")))
                                .close(),
                ErrorCode.USAGE,
                "16 to");
        refused(
                () ->
                        SchedulerServer.start(open.withCredentials("/nowhere/tokens", tokens))
                                .close(),
                ErrorCode.USAGE,
                "cannot read /nowhere/tokens");
        SchedulerServer.start(open.withCredentials(tokens, file("s", SECRET))).close();
    }
}
