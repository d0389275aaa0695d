package io.offcut.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseToken;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.SchedulerMessage;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A scheduler with one fake node, used over HTTP. */
class LeaseApiTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir Path state;
    private SchedulerServer server;
    private FakeNode node;
    private Api api;
    private String bundle;

    @BeforeEach
    void start() {
        server = startServer();
        api = Api.of(server).user("ada");
        bundle = api.push("demo");
        node = connect(server, "n1", "0-3");
    }

    private SchedulerServer startServer() {
        return SchedulerServer.start(
                SchedulerConfig.defaults().withStateDir(state).withAddress("127.0.0.1", 0));
    }

    @AfterEach
    void stop() {
        node.close();
        server.close();
    }

    private static FakeNode connect(SchedulerServer server, String name, String cores) {
        FakeNode node = FakeNode.connect(server.uri(), name);
        node.snapshot(cores, 1L << 30);
        await().atMost(LONG)
                .until(() -> Api.of(server).send("GET", "/v1/nodes"), r -> has(r, name, "UP"));
        return node;
    }

    private static boolean has(HttpResponse<byte[]> nodes, String name, String state) {
        for (var view : Api.json(nodes)) {
            if (view.at("/node/name").asText().equals(name)) {
                return view.get("state").asText().equals(state);
            }
        }
        return false;
    }

    private static PublicKey key(SchedulerMessage.Welcome welcome) throws GeneralSecurityException {
        byte[] encoded = Base64.getDecoder().decode(welcome.publicKeys().getFirst());
        return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
    }

    private LeaseTerms verified(LeaseView lease, PublicKey key) {
        assertThat(lease.token()).isNotNull();
        return LeaseToken.verify(String.valueOf(lease.token()), List.of(key));
    }

    @Test
    void grantsWithATokenThatTheNodeCanVerify() throws Exception {
        PublicKey key = key(node.await(SchedulerMessage.Welcome.class));
        RequestView request = api.lease("demo", 3, ", \"payloadBytes\": 4096");
        assertThat(request.bundle()).isEqualTo(bundle);
        assertThat(request.pendingWorkers()).isZero();
        LeaseView lease = request.leases().getFirst();
        LeaseTerms terms = verified(lease, key);
        assertThat(terms.leaseId()).isEqualTo(lease.leaseId());
        assertThat(terms.nodeName()).isEqualTo("n1");
        assertThat(terms.cores()).isEqualTo(lease.cores());
        assertThat(terms.cores().size()).isEqualTo(3);
        assertThat(terms.bundle()).isEqualTo(bundle);
        assertThat(terms.user()).isEqualTo("ada");
        assertThat(terms.payloadBytes()).isEqualTo(4096);
        assertThat(terms.memoryBytes()).isEqualTo(3_000_000);
        assertThat(lease.nodeUrl()).isEqualTo("http://127.0.0.1:7071");
    }

    private static final String HERE = ", \"preferredHostId\": \"host-of-n1\"";

    private static final ChannelDescriptor CHANNEL =
            new ChannelDescriptor(0, "shm", "/dev/shm/a", "", 0, "", 4, 4096);

    @Test
    void answersWithTheChannelsThatTheNodeTells() {
        CompletableFuture<RequestView> answer =
                CompletableFuture.supplyAsync(() -> api.lease("demo/gzip", 1, HERE));
        SchedulerMessage.OpenLease told = node.await(SchedulerMessage.OpenLease.class);
        assertThat(told.clientWaits()).isTrue();
        node.serves(told.terms(), List.of(CHANNEL));
        RequestView request = answer.orTimeout(20, TimeUnit.SECONDS).join();
        assertThat(request.bundle()).isEqualTo(bundle);
        assertThat(request.function()).isNotNull();
        assertThat(request.function().manifest().name()).isEqualTo("demo");
        LeaseView lease = request.leases().getFirst();
        assertThat(lease.channels()).containsExactly(CHANNEL);
        assertThat(lease.state()).isEqualTo(LeaseState.ACTIVE);
        assertThat(lease.token()).isNotNull();
    }

    @Test
    void answersWithoutChannelsWhereTheNodeTellsNoneOrNothing() {
        assertThat(api.lease("demo", 1, HERE).leases().getFirst().channels()).isEmpty();
        node.await(SchedulerMessage.OpenLease.class);
        CompletableFuture<RequestView> answer =
                CompletableFuture.supplyAsync(() -> api.lease("demo", 1, HERE));
        SchedulerMessage.OpenLease told = node.await(SchedulerMessage.OpenLease.class);
        node.ended(told.terms(), EndReason.REFUSED, LeaseUsage.NONE);
        RequestView refused = answer.orTimeout(20, TimeUnit.SECONDS).join();
        assertThat(refused.leases()).allSatisfy(l -> assertThat(l.channels()).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ", \"preferredHostId\": \"elsewhere\""})
    void opensNothingForAClientThatIsNotOnTheNodesHost(String where) {
        assertThat(api.lease("demo", 1, where).leases().getFirst().channels()).isEmpty();
        assertThat(node.await(SchedulerMessage.OpenLease.class).clientWaits()).isFalse();
    }

    @Test
    void givesTokensToTheOwnerAlone() {
        RequestView request = api.lease(bundle, 1, "");
        assertThat(api.json("/v1/leases/" + request.requestId()).at("/leases/0/token").isTextual())
                .isTrue();
        Api other = Api.of(server).user("eve");
        assertThat(other.json("/v1/leases/" + request.requestId()).at("/leases/0/token").isNull())
                .isTrue();
        assertThat(other.json("/v1/leases").at("/0/leases/0/token").isNull()).isTrue();
        assertThat(api.json("/v1/leases").at("/0/leases/0/token").isTextual()).isTrue();
    }

    @Test
    void longPollIsAnsweredByTheNextChange() throws Exception {
        PublicKey key = key(node.await(SchedulerMessage.Welcome.class));
        RequestView request = api.lease(bundle, 1, "");
        String path = "/v1/leases/" + request.requestId();
        CompletableFuture<HttpResponse<byte[]>> poll =
                api.sendAsync("GET", path + "?waitMillis=60000&version=" + request.version());
        node.opened(verified(request.leases().getFirst(), key));
        RequestView changed = Api.view(poll.get(20, TimeUnit.SECONDS));
        assertThat(changed.version()).isGreaterThan(request.version());
        assertThat(changed.leases().getFirst().state()).isEqualTo(LeaseState.ACTIVE);
        RequestView same =
                Api.view(api.send("GET", path + "?waitMillis=50&version=" + changed.version()));
        assertThat(same.version()).isEqualTo(changed.version());
        RequestView atOnce = Api.view(api.send("GET", path + "?waitMillis=60000&version=0"));
        assertThat(atOnce.version()).isEqualTo(changed.version());
    }

    @Test
    void manyLongPollsWaitWithoutHoldingOthersUp() throws Exception {
        RequestView request = api.lease(bundle, 1, "");
        String path = "/v1/leases/" + request.requestId();
        List<CompletableFuture<HttpResponse<byte[]>>> polls =
                IntStream.range(0, 300)
                        .mapToObj(i ->
                                api.sendAsync(
                                        "GET",
                                        path + "?waitMillis=60000&version=" + request.version()))
                        .toList();
        assertThat(api.send("GET", "/healthz").statusCode()).isEqualTo(200);
        assertThat(api.send("DELETE", path).statusCode()).isEqualTo(200);
        for (CompletableFuture<HttpResponse<byte[]>> poll : polls) {
            assertThat(Api.view(poll.get(20, TimeUnit.SECONDS)).endReason())
                    .isEqualTo(EndReason.RELEASED);
        }
    }

    @Test
    void renewMovesTheExpiryAndSignsItAnew() throws Exception {
        PublicKey key = key(node.await(SchedulerMessage.Welcome.class));
        RequestView request = api.lease(bundle, 1, ", \"ttlMillis\": 30000");
        LeaseTerms first = verified(request.leases().getFirst(), key);
        await().atMost(LONG)
                .untilAsserted(() -> {
                    RequestView renewed =
                            Api.view(
                                    api.send(
                                            "POST",
                                            "/v1/leases/" + request.requestId() + "/renew"));
                    assertThat(verified(renewed.leases().getFirst(), key).expiresAtEpochMillis())
                            .isGreaterThan(first.expiresAtEpochMillis());
                });
        SchedulerMessage.ExtendLease told = node.await(SchedulerMessage.ExtendLease.class);
        assertThat(told.leaseId()).isEqualTo(first.leaseId());
    }

    @Test
    void aGrantIsToldToTheNode() throws Exception {
        PublicKey key = key(node.await(SchedulerMessage.Welcome.class));
        RequestView request = api.lease(bundle, 2, "");
        assertThat(node.await(SchedulerMessage.OpenLease.class).terms())
                .isEqualTo(verified(request.leases().getFirst(), key));
    }

    @Test
    void releaseTellsTheNodeAndAccountsWhatItReports() throws Exception {
        PublicKey key = key(node.await(SchedulerMessage.Welcome.class));
        RequestView request = api.lease(bundle, 2, "");
        LeaseTerms terms = verified(request.leases().getFirst(), key);
        node.opened(terms);
        String path = "/v1/leases/" + request.requestId();
        assertThat(Api.view(api.send("DELETE", path)).endReason()).isEqualTo(EndReason.RELEASED);
        SchedulerMessage.EndLease end = node.await(SchedulerMessage.EndLease.class);
        assertThat(end.leaseId()).isEqualTo(terms.leaseId());
        node.ended(terms, EndReason.RELEASED, new LeaseUsage(7, 1234, 5));
        await().atMost(LONG)
                .until(() -> api.json("/v1/usage"), u -> u.at("/0/leases").asLong() == 1);
        var usage = api.json("/v1/usage").get(0);
        assertThat(usage.get("user").asText()).isEqualTo("ada");
        assertThat(usage.get("invocations").asLong()).isEqualTo(7);
        assertThat(usage.get("cpuMicros").asLong()).isEqualTo(1234);
        assertThat(Api.view(api.send("DELETE", path)).endReason()).isEqualTo(EndReason.RELEASED);
        HttpResponse<byte[]> late = api.send("POST", path + "/renew");
        assertThat(late.statusCode()).isEqualTo(409);
        assertThat(Api.json(late).get("error").asText()).isEqualTo("CONFLICT");
    }

    @Test
    void releasesOneLeaseOfSeveral() {
        try (FakeNode second = connect(server, "n2", "0-3")) {
            RequestView request = api.lease(bundle, 8, "");
            assertThat(request.leases()).hasSize(2);
            String given = request.leases().getFirst().leaseId();
            String path = "/v1/leases/" + request.requestId();
            RequestView after = Api.view(api.send("DELETE", path + "/" + given));
            assertThat(after.endReason()).isNull();
            assertThat(after.leases())
                    .filteredOn(lease -> lease.leaseId().equals(given))
                    .allMatch(lease -> lease.state() != LeaseState.GRANTED);
            assertThat(after.leases())
                    .filteredOn(lease -> !lease.leaseId().equals(given))
                    .allMatch(lease -> lease.state() == LeaseState.GRANTED);
            assertThat(api.send("DELETE", path + "/nonsense").statusCode()).isEqualTo(404);
            assertThat(second.isClosed()).isFalse();
        }
    }

    @Test
    void refusesAtOnceWhenNothingIsFreeAndNobodyWaits() {
        api.lease(bundle, 4, "");
        HttpResponse<byte[]> refused =
                api.send("POST", "/v1/leases", "{\"bundle\": \"demo\", \"workers\": 1}");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(Api.json(refused).get("error").asText()).isEqualTo("NO_CAPACITY");
        assertThat(Api.json(refused).get("message").asText()).contains("no workers are free now");
        HttpResponse<byte[]> quota =
                api.send(
                        "POST",
                        "/v1/leases",
                        "{\"bundle\": \"demo\", \"workers\": 60000, \"minWorkers\": 60000}");
        assertThat(quota.statusCode()).isEqualTo(429);
        assertThat(Api.json(quota).get("message").asText()).contains("IMPOSSIBLE");
    }

    @Test
    void aQueuedRequestIsServedWhenCoresBecomeFree() throws Exception {
        PublicKey key = key(node.await(SchedulerMessage.Welcome.class));
        RequestView first = api.lease(bundle, 4, "");
        RequestView queued = api.lease(bundle, 1, ", \"queueMillis\": 60000");
        assertThat(queued.pendingWorkers()).isEqualTo(1);
        assertThat(queued.leases()).isEmpty();
        LeaseTerms terms = verified(first.leases().getFirst(), key);
        node.opened(terms);
        CompletableFuture<HttpResponse<byte[]>> poll =
                api.sendAsync(
                        "GET",
                        "/v1/leases/"
                                + queued.requestId()
                                + "?waitMillis=60000&version="
                                + queued.version());
        node.ended(terms, EndReason.RELEASED, LeaseUsage.NONE);
        RequestView served = Api.view(poll.get(20, TimeUnit.SECONDS));
        assertThat(served.pendingWorkers()).isZero();
        assertThat(served.leases()).hasSize(1);
    }

    @Test
    void aReclaimedLeaseIsGrantedAgainElsewhere() throws Exception {
        PublicKey key = key(node.await(SchedulerMessage.Welcome.class));
        RequestView request = api.lease(bundle, 2, ", \"regrant\": true, \"queueMillis\": 60000");
        assertThat(request.leases().getFirst().nodeName()).isEqualTo("n1");
        try (FakeNode second = connect(server, "n2", "0-3")) {
            node.withdrawOffer();
            SchedulerMessage.EndLease end = node.await(SchedulerMessage.EndLease.class);
            assertThat(end.reason()).isEqualTo(EndReason.RECLAIMED);
            node.ended(
                    verified(request.leases().getFirst(), key),
                    EndReason.RECLAIMED,
                    LeaseUsage.NONE);
            RequestView moved =
                    await().atMost(LONG)
                            .until(
                                    () ->
                                            Api.view(
                                                    api.send(
                                                            "GET",
                                                            "/v1/leases/" + request.requestId())),
                                    view ->
                                            view.leases().getFirst().endReason() != null
                                                    && view.leases().size() == 2);
            assertThat(moved.leases().getFirst().endReason()).isEqualTo(EndReason.RECLAIMED);
            assertThat(moved.leases().getLast().nodeName()).isEqualTo("n2");
            assertThat(second.isClosed()).isFalse();
        }
    }

    @Test
    void noticesASilentNodeAndEndsItsLeases() {
        RequestView request = api.lease(bundle, 1, "");
        node.fallSilent();
        await().atMost(LONG)
                .until(() -> api.send("GET", "/v1/nodes"), nodes -> has(nodes, "n1", "LOST"));
        RequestView ended = Api.view(api.send("GET", "/v1/leases/" + request.requestId()));
        assertThat(ended.endReason()).isEqualTo(EndReason.NODE_LOST);
    }

    @Test
    void drainEmptiesANodeAndResumeBringsItBack() {
        RequestView request = api.lease(bundle, 1, "");
        var drained = api.json("POST", "/v1/nodes/n1/drain", "{\"reason\": \"new memory\"}");
        assertThat(drained.get("state").asText()).isEqualTo("DRAINED");
        assertThat(drained.get("drainReason").asText()).isEqualTo("new memory");
        SchedulerMessage.EndLease end = node.await(SchedulerMessage.EndLease.class);
        assertThat(end.leaseId()).isEqualTo(request.leases().getFirst().leaseId());
        assertThat(end.reason()).isEqualTo(EndReason.DRAINED);
        assertThat(api.json("POST", "/v1/nodes/n1/resume", "").get("state").asText())
                .isEqualTo("UP");
        assertThat(api.send("POST", "/v1/nodes/nowhere/drain").statusCode()).isEqualTo(404);
    }

    @Test
    void restartKeepsFunctionsUsageKeyDrainsAndRunningLeases() throws Exception {
        SchedulerMessage.Welcome welcome = node.await(SchedulerMessage.Welcome.class);
        PublicKey key = key(welcome);
        RequestView done = api.lease(bundle, 1, "");
        RequestView running = api.lease(bundle, 1, ", \"ttlMillis\": 300000");
        LeaseTerms doneTerms = verified(done.leases().getFirst(), key);
        LeaseTerms runningTerms = verified(running.leases().getFirst(), key);
        node.opened(doneTerms);
        node.opened(runningTerms);
        node.ended(doneTerms, EndReason.RELEASED, new LeaseUsage(11, 22, 33));
        await().atMost(LONG)
                .until(() -> api.json("/v1/usage"), u -> u.at("/0/invocations").asLong() == 11);
        try (FakeNode other = connect(server, "n2", "0-1")) {
            server.drain("n2", "repair");
            assertThat(other.isClosed()).isFalse();
        }
        node.close();
        server.close();

        server = startServer();
        api = Api.of(server).user("ada");
        assertThat(api.json("/v1/functions/demo").get("bundle").asText()).isEqualTo(bundle);
        assertThat(api.json("/v1/usage").at("/0/invocations").asLong()).isEqualTo(11);
        node = FakeNode.connect(server.uri(), "n1");
        assertThat(node.await(SchedulerMessage.Welcome.class)).isEqualTo(welcome);
        node.inherit(runningTerms);
        node.snapshot("0-3", 1L << 30);
        String path = "/v1/leases/" + running.requestId();
        await().atMost(LONG).until(() -> api.send("POST", path + "/renew").statusCode() == 200);
        RequestView adopted = Api.view(api.send("GET", path));
        assertThat(adopted.leases().getFirst().leaseId()).isEqualTo(runningTerms.leaseId());
        try (FakeNode other = FakeNode.connect(server.uri(), "n2")) {
            other.snapshot("0-1", 1L << 30);
            await().atMost(LONG)
                    .until(() -> api.send("GET", "/v1/nodes"), n -> has(n, "n2", "DRAINED"));
            server.resume("n2");
            assertThat(has(api.send("GET", "/v1/nodes"), "n2", "UP")).isTrue();
        }
    }
}
