package io.offcut.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.OpenedLease;
import io.offcut.core.api.RequestView;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.executor.InvocationChannel;
import io.offcut.node.internal.store.Folders;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real daemon and a real scheduler. */
class NodeWithSchedulerTest {
    private TestNode node;
    private TestScheduler scheduler;

    @BeforeEach
    void make() throws Exception {
        node = new TestNode();
        scheduler = new TestScheduler(node.dir.resolve("scheduler"));
        node.config.put("schedulerUrl", scheduler.url());
        // The cache and the keys of the other tests: here both come from the scheduler.
        Folders.delete(node.dir.resolve("state"));
        assertThat(scheduler.push(node.dir.resolve("bundle.zip"))).isEqualTo(node.bundle);
    }

    @AfterEach
    void nothingIsLeftOver() throws Exception {
        node.close();
        scheduler.close();
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .untilAsserted(() -> assertThat(node.leftOvers()).isEmpty());
    }

    private OpenedLease open(LeaseView lease) throws Exception {
        HttpResponse<String> response =
                node.tryOpen(lease.leaseId(), Objects.requireNonNull(lease.token()), "shm");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return node.opened(response);
    }

    // On a busy machine the core may be taken between the grant and the opening.
    private OpenedLease openIfStillIdle(LeaseView lease) throws Exception {
        HttpResponse<String> response =
                node.tryOpen(lease.leaseId(), Objects.requireNonNull(lease.token()), "shm");
        assumeTrue(
                response.statusCode() != ErrorCode.CONFLICT.httpStatus(),
                "needs a core that stays idle for a moment: " + response.body());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return node.opened(response);
    }

    private void awaitEnd(RequestView request, EndReason reason) throws Exception {
        String leaseId = request.leases().getFirst().leaseId();
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .until(() ->
                        scheduler.lease(request.requestId(), leaseId).state() == LeaseState.ENDED);
        assertThat(scheduler.lease(request.requestId(), leaseId).endReason()).isEqualTo(reason);
    }

    @Test
    void anExecutorServesBeforeTheClientAsks() throws Exception {
        node.start();
        LeaseView lease = scheduler.lease("test", 1, false).leases().getFirst();
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .until(() -> node.lease(lease.leaseId()).phase().equals("RUNNING"));
        long pid = node.lease(lease.leaseId()).pid();
        assertThat(scheduler.lease(lease.requestId(), lease.leaseId()).state())
                .as("of a lease that nobody has opened, which the scheduler ends after a while")
                .isEqualTo(LeaseState.GRANTED);
        assertThat(openIfStillIdle(lease).executorGeneration()).isEqualTo(1);
        assertThat(node.lease(lease.leaseId()).pid()).isEqualTo(pid);
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .until(() ->
                        scheduler.lease(lease.requestId(), lease.leaseId()).state()
                                == LeaseState.ACTIVE);
    }

    @Test
    void aClientOfTheSameHostNeedsToAskTheSchedulerAlone() throws Exception {
        node.start().awaitOffered("0");
        // A busy machine may take longer than the answer waits.
        LeaseView lease = leaseHere();
        while (lease.channels().isEmpty()) {
            scheduler.release(lease.requestId());
            awaitEnd(scheduler.request(lease.requestId()), EndReason.RELEASED);
            lease = leaseHere();
        }
        assertThat(lease.state()).isEqualTo(LeaseState.ACTIVE);
        try (InvocationChannel channel = TestNode.connect(lease.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "hello")).isEqualTo("hello");
        }
        assertThat(open(lease).channels()).isEqualTo(lease.channels());
    }

    private LeaseView leaseHere() throws Exception {
        RequestView request = scheduler.leaseHere("test");
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .until(() -> !scheduler.request(request.requestId()).leases().isEmpty());
        return request.leases().isEmpty()
                ? scheduler.request(request.requestId()).leases().getFirst()
                : request.leases().getFirst();
    }

    @Test
    void runsFunctionsUnderALeaseOfTheScheduler() throws Exception {
        node.start();
        RequestView request = scheduler.lease("test", 1, false);
        LeaseView lease = request.leases().getFirst();
        assertThat(lease.nodeUrl()).isEqualTo(node.uri().toString());
        OpenedLease opened = open(lease);
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "hello")).isEqualTo("hello");
        }
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .untilAsserted(() -> {
                    assertThat(scheduler.lease(request.requestId(), lease.leaseId()).state())
                            .isEqualTo(LeaseState.ACTIVE);
                    assertThat(node.lease(lease.leaseId()).usage().invocations()).isEqualTo(1);
                });
        scheduler.release(request.requestId());
        awaitEnd(request, EndReason.RELEASED);
        assertThat(node.status().leases()).isEmpty();
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .untilAsserted(() -> assertThat(scheduler.usage()).contains("\"invocations\":1,"));
    }

    @Test
    void goesOnWhileTheSchedulerIsAwayAndMeetsItAgain() throws Exception {
        node.start();
        RequestView request = scheduler.lease("test", 1, false);
        LeaseView lease = request.leases().getFirst();
        OpenedLease opened = open(lease);
        String url = scheduler.url();
        scheduler.stop();
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "alone")).isEqualTo("alone");
            assertThat(open(lease)).isEqualTo(opened);
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .until(() -> !node.status().schedulerConnected());
            scheduler.startAgain(url);
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .until(() -> node.status().schedulerConnected());
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .untilAsserted(() ->
                            assertThat(scheduler.nodes())
                                    .singleElement()
                                    .satisfies(n -> assertThat(n.leasedCores()).isEqualTo(1)));
            assertThat(TestNode.echo(channel, "together")).isEqualTo("together");
        }
    }

    @Test
    void learnsThatABundleIsUnknown() throws Exception {
        node.start();
        scheduler.loseBundle(node.bundle);
        LeaseView lease = scheduler.lease("test", 1, false).leases().getFirst();
        HttpResponse<String> response =
                node.tryOpen(lease.leaseId(), Objects.requireNonNull(lease.token()), "shm");
        assertThat(node.refusal(response).error()).isEqualTo(ErrorCode.NOT_FOUND);
        assertThat(node.refusal(response).message()).contains(node.bundle, "push");
    }

    @Test
    void fetchesADamagedBundleAgain() throws Exception {
        node.start();
        OpenedLease first = open(scheduler.lease("test", 1, false).leases().getFirst());
        assertThat(first.functions()).isNotEmpty();
        node.stop();
        Path cached = node.dir.resolve("state/bundles/bundles/" + node.bundle + ".zip");
        byte[] bytes = Files.readAllBytes(cached);
        bytes[bytes.length / 2] ^= 1;
        Files.delete(cached);
        Files.write(cached, bytes);
        node.start();
        OpenedLease second = open(scheduler.lease("test", 1, false).leases().getFirst());
        try (InvocationChannel channel = TestNode.connect(second.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "whole again")).isEqualTo("whole again");
        }
    }

    @Test
    void givesTheCoreBackToAProcessThatWantsIt() throws Exception {
        node.config.put("busyThreshold", 0.6);
        node.config.put("samplePeriodMillis", 200);
        node.config.put("cpus", "0");
        node.start();
        assumeTrue(offeredInTime(), "needs a core that is idle now and then: this one never was");
        RequestView request = scheduler.lease("test", 1, false);
        LeaseView lease = request.leases().getFirst();
        OpenedLease opened = openIfStillIdle(lease);
        Process busy =
                new ProcessBuilder("taskset", "-c", "0", "sh", "-c", "while :; do :; done").start();
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            Awaitility.await().atMost(TestNode.PATIENCE).until(() -> channel.ended() != 0);
            assertThat(InvocationStatus.of(channel.ended())).isEqualTo(InvocationStatus.REVOKED);
            awaitEnd(request, EndReason.RECLAIMED);
            assertThat(node.lease(lease.leaseId()).endReason()).isEqualTo(EndReason.RECLAIMED);
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .untilAsserted(() ->
                            assertThat(scheduler.nodes())
                                    .singleElement()
                                    .satisfies(n -> assertThat(n.offers()).isEmpty()));
        } finally {
            busy.destroyForcibly();
        }
    }

    @Test
    void doesNotTakeItsOwnExecutorForABusyProcess() throws Exception {
        node.config.put("busyThreshold", 0.6);
        node.config.put("samplePeriodMillis", 200);
        node.config.put("cpus", "1");
        node.start();
        assumeTrue(offeredInTime(), "needs a core that is idle now and then: this one never was");
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .until(() -> node.status().schedulerConnected());
        RequestView request = scheduler.lease("test", 1, false, -1);
        LeaseView lease = request.leases().getFirst();
        OpenedLease opened = openIfStillIdle(lease);
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            assertThat(channel.slots()).isPositive();
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .until(() ->
                            node.lease(lease.leaseId()).state() == LeaseState.ENDED
                                    || node.lease(lease.leaseId()).usage().cpuMicros() > 4_000_000);
        }
        NodeStatus.Lease seen = node.lease(lease.leaseId());
        double ownShare = seen.usage().cpuMicros() / 1000.0 / seen.usage().activeMillis();
        // An executor runs only where nobody else does: what it got is what was idle.
        assumeTrue(
                seen.state() != LeaseState.ENDED || ownShare > 0.8,
                "needs a quiet core: others used it");
        assertThat(seen.state()).isEqualTo(LeaseState.ACTIVE);
    }

    // Not more often: to ask all the time takes a core.
    private boolean offeredInTime() {
        try {
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .until(() -> !node.status().offers().isEmpty());
            return true;
        } catch (ConditionTimeoutException e) {
            return false;
        }
    }

    @Test
    void tellsTheSchedulerWhatItRefuses() throws Exception {
        node.start();
        RequestView request = scheduler.lease("test", 1, false);
        LeaseView lease = request.leases().getFirst();
        OpenedLease opened = open(lease);
        assertThat(opened.channels()).hasSize(1);
        // The node stops and comes back without that core: the token is still good, the core gone.
        node.stop();
        int taken = lease.cores().toArray()[0];
        CpuSet rest = CpuSet.of(0, 1).minus(CpuSet.of(taken));
        node.config.put("cpus", rest.toString());
        node.start();
        HttpResponse<String> response =
                node.tryOpen(lease.leaseId(), Objects.requireNonNull(lease.token()), "shm");
        assertThat(node.refusal(response).error()).isEqualTo(ErrorCode.CONFLICT);
        awaitEnd(request, EndReason.DRAINED);
    }

    @Test
    void refusesTermsOfAnotherKey() throws Exception {
        node.start();
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .until(() -> node.status().schedulerConnected());
        LeaseTerms terms = node.terms("forged", "0");
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .untilAsserted(() ->
                        assertThat(node.refusal(node.tryOpen(terms, "shm")).error())
                                .isEqualTo(ErrorCode.UNAUTHORIZED));
    }
}
