package io.offcut.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.offcut.client.config.ConfigLoader;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HttpSchedulerApiTest {
    private final List<String> seen = new ArrayList<>();
    private final List<String> jobs = new ArrayList<>();
    private HttpServer server;
    private int status = 200;
    private String body = "[]";

    private boolean chunked;
    private final Set<InetSocketAddress> clients = new HashSet<>();

    @BeforeEach
    void start() throws IOException {
        start(0);
    }

    private void start(int port) throws IOException {
        server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
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
                    clients.add(exchange.getRemoteAddress());
                    exchange.sendResponseHeaders(status, chunked ? 0 : bytes.length);
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
    void keepsItsConnectionAndReadsAnswersInChunks() {
        chunked = true;
        try (OffcutClient client = OffcutClient.connect(config())) {
            assertThat(client.nodes()).isEmpty();
            body = "[]" + " ".repeat(100_000);
            assertThat(client.nodes()).isEmpty();
            assertThat(client.requests()).isEmpty();
        }
        assertThat(clients).hasSize(1);
    }

    @Test
    void connectsAgainWhereTheServerHasClosedTheConnection() throws IOException {
        try (OffcutClient client = OffcutClient.connect(config())) {
            assertThat(client.nodes()).isEmpty();
            server.stop(0);
            start(server.getAddress().getPort());
            assertThat(client.nodes()).isEmpty();
        }
        assertThat(clients).hasSize(2);
    }

    @Test
    void anInterruptEndsTheWaitForAnAnswer() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                OffcutClient client =
                        OffcutClient.connect(
                                config().withSchedulerUrl(
                                                "http://127.0.0.1:" + silent.getLocalPort()))) {
            CompletableFuture<String> said = new CompletableFuture<>();
            Thread caller =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    said.complete("answered " + client.nodes());
                                } catch (OffcutException e) {
                                    said.complete(e.getMessage());
                                }
                            });
            silent.accept().getInputStream().read();
            caller.interrupt();
            assertThat(said.get(20, TimeUnit.SECONDS)).contains("interrupted");
        }
    }

    @Test
    void hearsThatAnUploadIsRefusedWhileItIsSent(@TempDir Path dir) throws Exception {
        Path archive = dir.resolve("large.zip");
        try (RandomAccessFile file = new RandomAccessFile(archive.toFile(), "rw")) {
            file.setLength(1L << 30);
        }
        try (ServerSocket refusing = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                OffcutClient client =
                        OffcutClient.connect(
                                config().withSchedulerUrl(
                                                "http://127.0.0.1:" + refusing.getLocalPort()))) {
            CompletableFuture<Long> received =
                    CompletableFuture.supplyAsync(() -> refuse(refusing));
            fails(() -> client.push(archive), ErrorCode.TOO_LARGE, "bundles are small here");
            assertThat(received.get(20, TimeUnit.SECONDS)).isLessThan(1L << 30);
        }
    }

    /** Answers before the body has come, and drops as much of it as does. */
    private static long refuse(ServerSocket server) {
        String answer = "{\"error\": \"TOO_LARGE\", \"message\": \"bundles are small here\"}";
        String head = "HTTP/1.1 413 Content Too Large\r\nContent-Length: ";
        long received = 0;
        try (Socket client = server.accept()) {
            InputStream in = client.getInputStream();
            byte[] buffer = new byte[1 << 16];
            received = in.read(buffer);
            client.getOutputStream()
                    .write((head + answer.length() + "\r\n\r\n" + answer).getBytes(UTF_8));
            for (int more = in.read(buffer); more >= 0; more = in.read(buffer)) {
                received += more;
            }
        } catch (IOException e) {
            // A client that has heard it may just go.
        }
        return received;
    }

    @Test
    void trustsAServerThatTheVirtualMachineTrustsAndNoOther(@TempDir Path dir) throws Exception {
        KeyStore keys = keys(dir.resolve("keys.p12"));
        HttpsServer secure =
                HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        secure.setHttpsConfigurator(new HttpsConfigurator(tls(keys)));
        secure.createContext(
                "/",
                exchange -> {
                    exchange.sendResponseHeaders(200, 2);
                    exchange.getResponseBody().write("[]".getBytes(UTF_8));
                    exchange.close();
                });
        secure.start();
        SSLContext before = SSLContext.getDefault();
        try (OffcutClient named = OffcutClient.connect(at(secure, "localhost"));
                OffcutClient misnamed = OffcutClient.connect(at(secure, "127.0.0.1"))) {
            fails(named::nodes, ErrorCode.UNREACHABLE, "https://localhost");
            SSLContext.setDefault(tls(keys));
            assertThat(named.nodes()).isEmpty();
            fails(misnamed::nodes, ErrorCode.UNREACHABLE, "https://127.0.0.1");
        } finally {
            SSLContext.setDefault(before);
            secure.stop(0);
        }
    }

    private static ClientConfig at(HttpsServer server, String host) {
        return ClientConfig.defaults()
                .withSchedulerUrl("https://" + host + ":" + server.getAddress().getPort());
    }

    private static KeyStore keys(Path file) throws Exception {
        String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        String options =
                " -genkeypair -alias a -keyalg EC -dname CN=localhost -ext san=dns:localhost"
                        + " -storetype PKCS12 -storepass secret -keystore "
                        + file;
        List<String> command = new ArrayList<>(List.of(keytool));
        command.addAll(List.of(options.strip().split(" ")));
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
        return KeyStore.getInstance(file.toFile(), "secret".toCharArray());
    }

    /** Has this key, and trusts its certificate. */
    private static SSLContext tls(KeyStore keys) throws GeneralSecurityException {
        KeyManagerFactory own =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, "secret".toCharArray());
        TrustManagerFactory trusted =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(keys);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
        return context;
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
