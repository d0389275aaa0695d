package io.offcut.scheduler;

import static io.offcut.scheduler.Servers.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing that is sent breaks the scheduler, and everything refused is one line. */
class BadInputTest {
    @TempDir static Path state;
    private static SchedulerServer server;
    private static Api api;
    private static String bundle;

    @BeforeAll
    static void start() {
        server = Servers.start(state);
        api = Api.of(server).user("ada");
        bundle = api.push("demo");
    }

    @AfterAll
    static void stop() {
        assertThat(api.json("/healthz").get("status").asText()).isEqualTo("ok");
        server.close();
    }

    private static HttpResponse<byte[]> lease(String fields) {
        return api.send("POST", "/v1/leases", "{\"bundle\": \"" + bundle + "\"" + fields + "}");
    }

    @ParameterizedTest
    @CsvSource({
        "workers, -1",
        "workers, 65537",
        "workers, 1.5",
        "workers, '\"3\"'",
        "workers, null",
        "workers, 99999999999999999999",
        "minWorkers, 0",
        "minWorkers, 2",
        "memoryBytesPerWorker, 0",
        "memoryBytesPerWorker, 9223372036854775807",
        "payloadBytes, 0",
        "payloadBytes, 1073741825",
        "ttlMillis, 0",
        "ttlMillis, -5",
        "ttlMillis, 9223372036854775807",
        "queueMillis, -1",
        "queueMillis, 86400001",
        "hotTimeoutMicros, -2",
        "preferredHostId, 5",
        "preferredHostId, '\"a\\nb\"'",
        "regrant, 1",
        "regrant, null",
        "bundel, 1",
        "notOnNodes, '[\"a\"]'",
    })
    void namesTheFieldThatIsWrong(String field, String value) {
        refused(
                lease(", \"" + field + "\": " + value),
                400,
                ErrorCode.INVALID_INPUT,
                "field " + field);
    }

    @ParameterizedTest
    @CsvSource({
        "bundle, '\"demo\"'",
        "minWorkers, 1",
        "payloadBytes, 4096",
        "regrant, true",
        "memoryBytesPerWorker, 0",
        "notOnNodes, '\"a\"'",
        "notOnNodes, '[1]'",
    })
    void namesTheFieldThatIsWrongForMemory(String field, String value) {
        refused(
                api.send(
                        "POST", "/v1/leases", "{\"workers\": 0, \"" + field + "\": " + value + "}"),
                400,
                ErrorCode.INVALID_INPUT,
                "field " + field);
    }

    @Test
    void refusesAnUnknownBundle() {
        for (String unknown : new String[] {"nothing", "0".repeat(64)}) {
            refused(
                    api.send("POST", "/v1/leases", "{\"bundle\": \"" + unknown + "\"}"),
                    404,
                    ErrorCode.NOT_FOUND,
                    unknown);
        }
        for (String bad : new String[] {"", "../x", "a b"}) {
            refused(
                    api.send("POST", "/v1/leases", "{\"bundle\": \"" + bad + "\"}"),
                    400,
                    ErrorCode.INVALID_INPUT,
                    "field bundle");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "7",
                "\"text\"",
                "{} {}",
                "{\"bundle\": \"a\", \"bundle\": \"b\"}",
                "{\"workers\": NaN}",
                "{'bundle': 'a'}",
                "{\"bundle\": \"\u0001\"}",
            })
    void refusesMalformedJson(String body) {
        refused(api.send("POST", "/v1/leases", body), 400, ErrorCode.INVALID_INPUT);
        assertThat(api.send("POST", "/v1/nodes/x/drain", body.isEmpty() ? "{" : body).statusCode())
                .isEqualTo(400);
    }

    @Test
    void refusesDeepAndLongJson() {
        refused(
                api.send("POST", "/v1/leases", "{\"a\":".repeat(5_000)),
                400,
                ErrorCode.INVALID_INPUT);
        refused(api.send("POST", "/v1/leases", "[".repeat(60_000)), 400, ErrorCode.INVALID_INPUT);
        refused(
                api.send("POST", "/v1/leases", " ".repeat(65_537)),
                413,
                ErrorCode.TOO_LARGE,
                "65536");
        refused(
                api.send("POST", "/v1/leases", "{\"workers\": " + "9".repeat(5_000) + "}"),
                400,
                ErrorCode.INVALID_INPUT);
        refused(
                api.send("POST", "/v1/leases", new byte[] {(byte) 0xFF, (byte) 0xFE, 0, 1, 2}),
                400,
                ErrorCode.INVALID_INPUT);
        refused(
                api.send("POST", "/v1/leases", new byte[] {0, 0, 0, (byte) 0xFF, 0, 0, 0, 1}),
                400,
                ErrorCode.INVALID_INPUT);
    }

    @Test
    void refusesUnknownPathsAndMethods() {
        refused(api.send("GET", "/v2/leases"), 404, ErrorCode.NOT_FOUND, "/v1/openapi.json");
        refused(api.send("GET", "/v1/leases/"), 404, ErrorCode.NOT_FOUND);
        HttpResponse<byte[]> wrong = api.send("PATCH", "/v1/leases");
        assertThat(wrong.statusCode()).isEqualTo(405);
        assertThat(wrong.headers().firstValue("Allow")).contains("POST, GET");
        refused(api.send("GET", "/v1/leases/nothing"), 404, ErrorCode.NOT_FOUND, "nothing");
        refused(api.send("GET", "/v1/link"), 426, ErrorCode.WRONG_VERSION, "WebSocket");
        refused(
                api.send("GET", "/v1/functions/..%2f..%2fetc%2fpasswd/bundle"),
                400,
                ErrorCode.INVALID_INPUT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "waitMillis=x",
                "waitMillis=-1",
                "version=1.5",
                "version=99999999999999999999"
            })
    void refusesABadQuery(String query) {
        refused(
                api.send("GET", "/v1/leases/r?" + query),
                400,
                ErrorCode.INVALID_INPUT,
                query.substring(0, query.indexOf('=')));
    }

    @Test
    void refusesBadUserNames() {
        for (String name : new String[] {"a b", "<script>", "x".repeat(65), ""}) {
            refused(
                    Api.of(server).user(name).send("GET", "/v1/usage"),
                    400,
                    ErrorCode.INVALID_INPUT,
                    "Offcut-User");
        }
        assertThat(Api.of(server).send("GET", "/v1/usage").statusCode()).isEqualTo(200);
    }

    @Test
    void refusesRequestsThatWebPagesSend() throws IOException {
        refused(
                api.with("Origin", "http://evil.example").send("POST", "/v1/nodes/n/drain"),
                403,
                ErrorCode.FORBIDDEN,
                "other web pages");
        assertThat(
                        api.with("Origin", server.uri().toString())
                                .send("GET", "/v1/nodes")
                                .statusCode())
                .isEqualTo(200);
        assertThat(raw("GET /v1/nodes HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NONSENSE\r\n\r\n",
                "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                "GET /v1/leases/r?version=%zz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
                "POST /v1/leases HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\nConnection: close\r\n\r\n",
                "POST /v1/leases HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n",
            })
    void answersBrokenHttpWithAClientError(String request) throws IOException {
        String answer = raw(request);
        assertThat(answer).as(request).matches("(?s)HTTP/1\\.[01] (4..|505) .*");
        assertThat(answer).doesNotContain("Exception", "org.eclipse");
    }

    @Test
    void refusesHeadersOverTheLimit() throws IOException {
        String answer =
                raw(
                        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: "
                                + "x".repeat(20_000)
                                + "\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 431").contains("\"TOO_LARGE\"");
    }

    /** Sends bytes and returns everything until the server closes. */
    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket(server.uri().getHost(), server.uri().getPort())) {
            socket.setSoTimeout(40_000);
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
