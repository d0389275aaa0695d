package io.offcut.node.internal.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.offcut.node.internal.link.JobAnnouncer.Wish;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is said to a scheduler, by one that writes it down. */
@Timeout(60)
class JobAnnouncerTest {
    private static final Wish WISH = new Wish(0, 3, 1000, "wc/words");
    private static final long OFTEN_MILLIS = 20;

    private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> secrets = new LinkedBlockingQueue<>();

    /** So many requests are refused before one is taken. */
    private final AtomicInteger refusals = new AtomicInteger();

    private HttpServer scheduler;
    private JobAnnouncer announcer;

    @BeforeEach
    void start() throws IOException {
        scheduler =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        scheduler.createContext("/", this::hear);
        scheduler.start();
        announcer = announcer(OFTEN_MILLIS);
    }

    private JobAnnouncer announcer(long renewalMillis) {
        String url = "http://127.0.0.1:" + scheduler.getAddress().getPort() + "/";
        return new JobAnnouncer("n1", url, "s3cret", renewalMillis);
    }

    @AfterEach
    void stop() {
        announcer.close();
        scheduler.stop(0);
    }

    private void hear(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
        secrets.add(exchange.getRequestHeaders().getFirst("Authorization"));
        boolean refused = refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
        byte[] answer =
                "{\"jobId\":\"7\",\"user\":\"root\",\"nodes\":[\"n1\"],\"requestIds\":[\"r1\"],\"new\":1}"
                        .getBytes(UTF_8);
        exchange.sendResponseHeaders(refused ? 503 : 200, answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
        said.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body);
    }

    private String next() throws InterruptedException {
        String next = said.poll(20, TimeUnit.SECONDS);
        assertThat(next).as("what the scheduler hears").isNotNull();
        return next;
    }

    private String nextAfterAnnouncements() throws InterruptedException {
        String next = next();
        while (next.startsWith("PUT")) {
            next = next();
        }
        return next;
    }

    @Test
    void saysWhatTheJobWantsAgainAndAgainWithWhatItWasAnswered() throws Exception {
        announcer.started("7", WISH);
        assertThat(next())
                .startsWith("PUT /v1/jobs/7/nodes/n1 ")
                .contains(
                        "\"user\":\"root\"",
                        "\"workers\":3",
                        "\"memoryBytesPerWorker\":1000",
                        "\"bundle\":\"wc\"",
                        "\"requestIds\":[]");
        assertThat(next()).contains("\"requestIds\":[\"r1\"]");
        announcer.ended("7");
        assertThat(nextAfterAnnouncements()).isEqualTo("DELETE /v1/jobs/7/nodes/n1 ");
        assertThat(secrets).containsOnly("Bearer s3cret");
    }

    @Test
    void triesAgainUntilItIsHeard() throws Exception {
        announcer.close();
        announcer = announcer(60_000);
        refusals.set(1);
        announcer.started("7", WISH);
        assertThat(next()).startsWith("PUT");
        assertThat(next()).as("after a refusal").startsWith("PUT");
        refusals.set(1);
        announcer.ended("7");
        assertThat(next()).startsWith("DELETE");
        assertThat(next()).as("after a refusal").startsWith("DELETE");
    }

    @Test
    void saysNothingOfAFunctionThatIsNotNamed() throws Exception {
        announcer.started("7", new Wish(0, 1, 0, ""));
        assertThat(next()).contains("\"bundle\":null");
    }

    /** The end of a job was not heard: it is not among those that run. */
    @Test
    void endsTheJobsThatDoNotRunAnyMore() throws Exception {
        announcer.started("7", WISH);
        assertThat(next()).startsWith("PUT /v1/jobs/7/");
        announcer.started("8", WISH);
        announcer.onlyRunning(Set.of("8", "9")::contains);
        assertThat(nextAfterAnnouncements()).startsWith("DELETE /v1/jobs/7/");
    }

    @Test
    void saysTheEndOfTheFirstRunBeforeTheSecond() throws Exception {
        announcer.close();
        announcer = announcer(60_000);
        announcer.started("7", WISH);
        announcer.started("7", WISH);
        assertThat(next()).contains("\"requestIds\":[]");
        refusals.set(1);
        announcer.ended("7");
        announcer.started("7", WISH);
        assertThat(next()).startsWith("DELETE");
        assertThat(next()).startsWith("DELETE");
        assertThat(next()).startsWith("PUT").contains("\"requestIds\":[]");
    }
}
