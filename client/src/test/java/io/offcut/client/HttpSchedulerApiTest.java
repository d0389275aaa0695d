package io.offcut.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.offcut.client.config.ConfigLoader;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HttpSchedulerApiTest {
    private final List<String> seen = new ArrayList<>();
    private final List<String> jobs = new ArrayList<>();
    private HttpServer server;
    private int status = 200;
    private String body = "[]";

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    seen.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
                    seen.add(
                            exchange.getRequestHeaders().getFirst("Authorization")
                                    + " "
                                    + exchange.getRequestHeaders().getFirst("Offcut-User"));
                    jobs.add(exchange.getRequestHeaders().getFirst("Offcut-Job"));
                    byte[] bytes = body.getBytes(UTF_8);
                    exchange.sendResponseHeaders(status, bytes.length);
                    exchange.getResponseBody().write(bytes);
                    exchange.close();
                });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private ClientConfig config() {
        return ClientConfig.defaults()
                .withSchedulerUrl("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    private static ClientConfig of(Map<String, String> environment) {
        return ClientConfig.load(new ConfigLoader(environment, List.of()), null, Map.of());
    }

    private static void fails(ThrowingCallable call, ErrorCode code, String... parts) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContainingAll(parts)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @Test
    void sendsTheTokenAndNotTheUserWhenThereIsOne() {
        try (OffcutClient client = OffcutClient.connect(config().withToken("s3cret"))) {
            assertThat(client.functions()).isEmpty();
        }
        assertThat(seen).containsExactly("GET /v1/functions", "Bearer s3cret null");
    }

    @Test
    void sendsTheUserWithoutAToken() {
        try (OffcutClient client = OffcutClient.connect(config().withUser("ada"))) {
            client.release("r 1", "l/2");
        }
        assertThat(seen).containsExactly("DELETE /v1/leases/r%201/l%2F2", "null ada");
    }

    @Test
    void namesTheJobThatItsEnvironmentNames() {
        Map<String, String> environment =
                Map.of(
                        "OFFCUT_SCHEDULER_URL", config().schedulerUrl(),
                        "OFFCUT_USER", "ada",
                        "OFFCUT_JOB", "7");
        try (OffcutClient client = OffcutClient.connect(of(environment))) {
            assertThat(client.functions()).isEmpty();
        }
        assertThat(seen).containsExactly("GET /v1/functions", "null ada");
        assertThat(jobs).containsExactly("7");
        assertThat(of(Map.of())).isEqualTo(ClientConfig.defaults());
    }

    @Test
    void refusesAJobThatIsNone() {
        for (String job : List.of("7\r\nX: y", "7 8", "x", "12345678901")) {
            fails(() -> of(Map.of("OFFCUT_JOB", job)), ErrorCode.USAGE, "OFFCUT_JOB");
        }
    }

    @Test
    void passesOnWhatTheSchedulerSays() {
        status = 429;
        body = "{\"error\":\"NO_CAPACITY\",\"message\":\"quota of ada is\\nused up\"}";
        try (OffcutClient client = OffcutClient.connect(config())) {
            fails(client::nodes, ErrorCode.NO_CAPACITY, "quota of ada is used up");
        }
    }

    @Test
    void saysWhichSchedulerTakesNoSuchTokenAndWhereItIsFrom() {
        status = 401;
        body = "{\"error\":\"UNAUTHORIZED\",\"message\":\"the token is not known here\"}";
        try (OffcutClient client = OffcutClient.connect(config().withToken("s3cret"))) {
            fails(
                    client::nodes,
                    ErrorCode.UNAUTHORIZED,
                    "scheduler http://127.0.0.1:" + server.getAddress().getPort(),
                    "the token is not known here",
                    "OFFCUT_TOKEN, OFFCUT_TOKEN_FILE or client.yaml");
        }
    }

    @Test
    void saysThatSomethingElseAnswers() {
        try (OffcutClient client = OffcutClient.connect(config())) {
            body = "<html>hello</html>";
            fails(
                    client::nodes,
                    ErrorCode.INVALID_INPUT,
                    "http://127.0.0.1:" + server.getAddress().getPort(),
                    "<html>");
            body = "null";
            fails(client::nodes, ErrorCode.INVALID_INPUT, "check the address");
            status = 502;
            fails(client::nodes, ErrorCode.UNREACHABLE, "HTTP 502");
        }
    }

    @Test
    void tellsAnUnknownHostFromOneThatRefuses() {
        try (OffcutClient client =
                OffcutClient.connect(
                        ClientConfig.defaults()
                                .withSchedulerUrl("http://no-such-host.invalid:1"))) {
            assertThatThrownBy(client::nodes).hasMessageContaining("unknown host");
        }
    }

    @Test
    void namesTheAddressAndTheRemedyWhenNobodyListens() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        ClientConfig nobody = config().withSchedulerUrl("http://127.0.0.1:" + port);
        try (OffcutClient client = OffcutClient.connect(nobody)) {
            fails(
                    client::functions,
                    ErrorCode.UNREACHABLE,
                    "http://127.0.0.1:" + port,
                    "offcut scheduler");
        }
    }

    @Test
    void refusesAnAddressThatIsNone() {
        for (String url : List.of("login1:7070", "ftp://x", "http://", "http://a b")) {
            fails(
                    () -> OffcutClient.connect(config().withSchedulerUrl(url)),
                    ErrorCode.USAGE,
                    "'" + url + "'");
        }
    }

    @Test
    void neverShowsItsToken() {
        assertThat(config().withToken("s3cret").toString()).doesNotContain("s3cret");
    }
}
