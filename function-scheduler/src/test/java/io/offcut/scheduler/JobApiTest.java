package io.offcut.scheduler;

import static io.offcut.scheduler.Servers.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.core.ErrorCode;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.SchedulerMessage;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Batch jobs with workers of their own: what their nodes say and what their programs get. */
class JobApiTest {
    private static final String SUITED = ", \"queueMillis\": 60000, \"regrant\": true";

    @TempDir Path state;
    private SchedulerServer server;
    private FakeNode node;
    private Api daemon;
    private Api ada;
    private String bundle;

    @BeforeEach
    void start() {
        server = Servers.start(state);
        daemon = Api.of(server);
        ada = Api.of(server).user("ada");
        bundle = ada.push("demo");
        node = Servers.connect(server, ada, "n1", "0-7");
    }

    @AfterEach
    void stop() {
        node.close();
        server.close();
    }

    private static String announcement(String user, int workers, String bundle, List<String> ids) {
        return "{\"user\": \""
                + user
                + "\", \"hostId\": \"host-of-n1\", \"workers\": "
                + workers
                + ", \"memoryBytesPerWorker\": 0, \"bundle\": "
                + bundle
                + ", \"requestIds\": ["
                + String.join(", ", ids.stream().map(id -> "\"" + id + "\"").toList())
                + "]}";
    }

    /** Announces a job of two workers; returns its requests. */
    private List<String> announce(String job, String onNode, String... ids) {
        String body = announcement("ada", 2, "\"demo\"", List.of(ids));
        HttpResponse<byte[]> answer = daemon.send("PUT", path(job, onNode), body);
        assertThat(answer.statusCode()).isEqualTo(200);
        List<String> requests = new ArrayList<>();
        Api.json(answer).get("requestIds").forEach(id -> requests.add(id.asText()));
        return requests;
    }

    private static String path(String job, String onNode) {
        return "/v1/jobs/" + job + "/nodes/" + onNode;
    }

    private void end(String job, String onNode) {
        assertThat(daemon.send("DELETE", path(job, onNode)).statusCode()).isEqualTo(204);
    }

    private RequestView request(String id) {
        return Api.view(ada.send("GET", "/v1/leases/" + id));
    }

    private Api of(String job) {
        return ada.with("Offcut-Job", job);
    }

    @Test
    void aProgramOfTheJobGetsTheRequestThatWaitsForItOnce() {
        String placed = announce("7", "n1").getFirst();
        assertThat(request(placed).user()).isEqualTo("ada");
        assertThat(request(placed).leases().getFirst().cores().size()).isEqualTo(2);
        RequestView taken = of("7").lease("demo", 2, SUITED);
        assertThat(taken.requestId()).isEqualTo(placed);
        assertThat(taken.leases().getFirst().token()).isNotNull();
        RequestView more = of("7").lease("demo", 2, SUITED);
        assertThat(more.requestId()).isNotEqualTo(placed);
        assertThat(announce("7", "n1")).containsExactly(placed, more.requestId());
    }

    @Test
    void allThatBelongsToTheJobEndsWithIt() {
        RequestView before = ada.lease("demo", 1, SUITED);
        String placed = announce("7", "n1").getFirst();
        RequestView other = of("7").lease("demo", 1, SUITED + ", \"payloadBytes\": 9000000");
        end("7", "n1");
        end("7", "n1");
        assertThat(request(placed).endReason()).isEqualTo(EndReason.RELEASED);
        assertThat(request(other.requestId()).endReason()).isEqualTo(EndReason.RELEASED);
        assertThat(request(before.requestId()).endReason()).isNull();
    }

    @Test
    void announcingAgainPlacesNothingMore() {
        List<String> first = announce("7", "n1");
        assertThat(announce("7", "n1")).isEqualTo(first).hasSize(1);
        ada.send("DELETE", "/v1/leases/" + first.getFirst());
        assertThat(announce("7", "n1")).isEmpty();
        assertThat(ada.json("/v1/leases").size()).isZero();
    }

    /** A step on another node alone has a first node of its own. */
    @Test
    void theJobEndsWithItsLastNode() {
        String placed = announce("7", "n1").getFirst();
        assertThat(announce("7", "n2")).containsExactly(placed);
        end("7", "n3");
        end("7", "n2");
        assertThat(request(placed).endReason()).isNull();
        end("7", "n1");
        assertThat(request(placed).endReason()).isEqualTo(EndReason.RELEASED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ", \"payloadBytes\": 2000000",
                ", \"ttlMillis\": 3600000",
                ", \"minWorkers\": 2",
                ", \"memoryBytesPerWorker\": 400000000",
            })
    void whatDoesNotSuitMakesWayForWhatTheProgramAsks(String more) {
        String placed = announce("7", "n1").getFirst();
        String body =
                "{\"bundle\": \"demo\", \"workers\": 2, \"memoryBytesPerWorker\": 1000000" + SUITED;
        if (more.contains("memory")) {
            body = "{\"bundle\": \"demo\", \"workers\": 2" + SUITED;
        }
        HttpResponse<byte[]> answer = of("7").send("POST", "/v1/leases", body + more + "}");
        assertThat(answer.statusCode()).isEqualTo(201);
        assertThat(Api.view(answer).requestId()).isNotEqualTo(placed);
        assertThat(request(placed).endReason()).isEqualTo(EndReason.RELEASED);
    }

    @Test
    void whatIsForAnotherProgramWaitsOn() {
        String placed = announce("7", "n1").getFirst();
        ada.push("other");
        assertThat(of("7").lease("other", 2, SUITED).requestId()).isNotEqualTo(placed);
        assertThat(of("7").lease("demo", 1, SUITED).requestId()).isNotEqualTo(placed);
        assertThat(of("7").lease("demo", 3, SUITED).requestId()).isEqualTo(placed);
    }

    /** Its own wait is the program's to choose. */
    @Test
    void whatHoldsNothingYetMakesWayToo() {
        RequestView all = ada.lease("demo", 8, "");
        String placed = announce("7", "n1").getFirst();
        assertThat(request(placed).pendingWorkers()).isEqualTo(2);
        RequestView own = of("7").lease("demo", 2, SUITED);
        assertThat(own.requestId()).isNotEqualTo(placed);
        assertThat(request(placed).endReason()).isEqualTo(EndReason.RELEASED);
        assertThat(request(all.requestId()).endReason()).isNull();
    }

    @Test
    void aProgramThatIsQuickerThanItsNodeGetsItsOwnAndNoOtherIsPlaced() {
        RequestView early = of("7").lease("demo", 2, SUITED);
        assertThat(announce("7", "n1")).containsExactly(early.requestId());
        end("7", "n1");
        assertThat(request(early.requestId()).endReason()).isEqualTo(EndReason.RELEASED);
    }

    @Test
    void anotherUsersJobIsNobodys() {
        String placed = announce("7", "n1").getFirst();
        Api eve = Api.of(server).user("eve").with("Offcut-Job", "7");
        RequestView hers = eve.lease(bundle, 2, SUITED);
        assertThat(hers.requestId()).isNotEqualTo(placed);
        assertThat(hers.user()).isEqualTo("eve");
        assertThat(of("7").lease("demo", 2, SUITED).requestId()).isEqualTo(placed);
        end("7", "n1");
        assertThat(Api.view(eve.send("GET", "/v1/leases/" + hers.requestId())).endReason())
                .isNull();
    }

    /** A node that lies, or mixes something up. */
    @Test
    void requestsOfOtherUsersDoNotEndWithTheJob() {
        RequestView eves = Api.of(server).user("eve").lease(bundle, 1, "");
        announce("7", "n1", eves.requestId());
        end("7", "n1");
        assertThat(request(eves.requestId()).endReason()).isNull();
    }

    @Test
    void aJobWhoseFunctionIsNotThereIsKnownAllTheSame() {
        String unknown = announcement("ada", 2, "\"nothing\"", List.of());
        assertThat(daemon.json("PUT", path("7", "n1"), unknown).get("requestIds").size()).isZero();
        RequestView own = of("7").lease("demo", 2, SUITED);
        String none = announcement("ada", 2, "null", List.of());
        assertThat(daemon.json("PUT", path("8", "n1"), none).get("requestIds").size()).isZero();
        end("7", "n1");
        assertThat(request(own.requestId()).endReason()).isEqualTo(EndReason.RELEASED);
    }

    @Test
    void aRestartedSchedulerLearnsFromTheNodeWhatBelongsToTheJob() {
        String placed = announce("7", "n1").getFirst();
        RequestView taken = of("7").lease("demo", 2, SUITED);
        LeaseTerms terms = node.await(SchedulerMessage.OpenLease.class).terms();
        assertThat(terms.leaseId()).isEqualTo(taken.leases().getFirst().leaseId());
        node.close();
        server.close();
        server = Servers.start(state);
        daemon = Api.of(server);
        ada = Api.of(server).user("ada");
        assertThat(announce("7", "n1", placed)).containsExactly(placed);
        node = FakeNode.connect(server.uri(), "n1");
        node.inherit(terms);
        node.snapshot("0-7", 1L << 30);
        await().atMost(Servers.LONG).until(() -> ada.json("/v1/leases").size() == 1);
        assertThat(of("7").lease("demo", 2, SUITED).requestId()).isNotEqualTo(placed);
        end("7", "n1");
        assertThat(node.await(SchedulerMessage.EndLease.class).leaseId())
                .isEqualTo(terms.leaseId());
        node.ended(terms, EndReason.RELEASED, LeaseUsage.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "-1", "12345678901", "7%0A", "%2e%2e"})
    void refusesWhatIsNoJob(String job) {
        assertThat(daemon.send("PUT", path(job, "n1"), "{}").statusCode()).isIn(400, 404);
        assertThat(daemon.send("DELETE", path(job, "n1")).statusCode()).isIn(400, 404);
    }

    @Test
    void refusesAHeaderThatNamesNoJob() {
        for (String job : List.of("x", "", "7 8", "99999999999")) {
            refused(
                    of(job).send("POST", "/v1/leases", "{\"bundle\": \"demo\"}"),
                    400,
                    ErrorCode.INVALID_INPUT,
                    "Offcut-Job");
        }
    }

    @Test
    void refusesAnAnnouncementThatIsNone() {
        String good = announcement("ada", 2, "\"demo\"", List.of());
        for (String bad :
                List.of(
                        "",
                        "[]",
                        "null",
                        good.replace("\"ada\"", "\"a b\""),
                        good.replace("\"ada\"", "null"),
                        good.replace("\"demo\"", "\"../x\""),
                        good.replace(": 2", ": 0"),
                        good.replace(": 0,", ": -1,"),
                        good.replace("[]", "[\"r1\"]"),
                        good.replace("[]", "[null]"),
                        good.replace("[]", "null"),
                        good.replace("\"user\"", "\"owner\""))) {
            refused(daemon.send("PUT", path("7", "n1"), bad), 400, ErrorCode.INVALID_INPUT);
        }
        assertThat(daemon.send("PUT", path("7", "a%20b"), good).statusCode()).isEqualTo(400);
        JsonNode open = ada.json("/v1/leases");
        assertThat(open.size()).isZero();
    }
}
