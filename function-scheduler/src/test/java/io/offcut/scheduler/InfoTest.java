package io.offcut.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people and monitoring look at. */
class InfoTest {
    @TempDir Path state;

    private static String text(HttpResponse<byte[]> answer) {
        assertThat(answer.statusCode()).isEqualTo(200);
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    @Test
    void metricsCountNodesOffersLeasesAndRequests() {
        try (SchedulerServer server = Servers.start(state)) {
            Api api = Api.of(server).user("ada");
            String bundle = api.push("f");
            try (FakeNode node = Servers.connect(server, api, "n1", "0-3")) {
                api.lease(bundle, 3, "");
                String queued = api.lease(bundle, 2, ", \"queueMillis\": 60000").requestId();
                String busy = text(api.send("GET", "/metrics"));
                assertThat(busy)
                        .contains(
                                "offcut_nodes{state=\"UP\",} 1.0",
                                "offcut_nodes{state=\"LOST\",} 0.0",
                                "offcut_node_links 1.0",
                                "offcut_offered_cores 4.0",
                                "offcut_offered_memory_bytes " + (double) (1L << 30),
                                "offcut_leased_cores 4.0",
                                "offcut_open_requests 2.0",
                                "offcut_waiting_requests 1.0",
                                "offcut_waiting_workers 1.0",
                                "offcut_leases_granted_total 2.0",
                                "offcut_workers_granted_total 4.0",
                                "offcut_http_seconds_count{method=\"POST\",route=\"/v1/leases\",status=\"201\",} 2.0",
                                "jvm_memory_bytes_used");
                api.send("DELETE", "/v1/leases/" + queued);
                assertThat(text(api.send("GET", "/metrics")))
                        .contains("offcut_requests_ended_total{reason=\"RELEASED\",} 1.0")
                        .doesNotContain("ada", queued);
                assertThat(node.isClosed()).isFalse();
            }
        }
    }

    @Test
    void thePageOfMetricsNamesEveryOne() throws Exception {
        Pattern row = Pattern.compile("(?m)^\\| `(offcut_\\w+)");
        String page = Files.readString(Path.of("../docs/reference/metrics.md"));
        String ofScheduler = page.substring(0, page.indexOf("## Node daemon"));
        List<String> documented =
                row.matcher(ofScheduler).results().map(found -> found.group(1)).toList();
        try (SchedulerServer server = Servers.start(state)) {
            String given = text(Api.of(server).send("GET", "/metrics"));
            assertThat(
                            given.lines()
                                    .filter(line -> line.startsWith("# TYPE offcut_"))
                                    .map(line -> line.split(" ", 4)[2])
                                    .filter(name -> !name.endsWith("_created")))
                    .containsExactlyInAnyOrderElementsOf(documented);
        }
    }

    @Test
    void aGrantThatIsMadeAtOnceIsTimed() {
        try (SchedulerServer server = Servers.start(state)) {
            Api api = Api.of(server).user("ada");
            String bundle = api.push("f");
            try (FakeNode node = Servers.connect(server, api, "n1", "0-1")) {
                api.lease(bundle, 2, "");
                api.lease(bundle, 1, ", \"queueMillis\": 60000");
                assertThat(text(api.send("GET", "/metrics")))
                        .contains("offcut_grant_seconds_count 1.0");
                assertThat(node.isClosed()).isFalse();
            }
        }
    }

    @Test
    void thePageStandsAloneAndAllowsOnlyItself() {
        try (SchedulerServer server = Servers.start(state)) {
            HttpResponse<byte[]> answer = Api.of(server).send("GET", "/");
            String html = text(answer);
            assertThat(answer.headers().firstValue("Content-Type"))
                    .contains("text/html; charset=utf-8");
            assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
                    .contains("default-src 'none'", "script-src 'sha256-", "style-src 'sha256-")
                    .doesNotContain("unsafe");
            assertThat(html)
                    .doesNotContain("innerHTML", "http://", "https://", "src=", "href=", "style=\"")
                    .contains("textContent");
        }
    }
}
