package io.offcut.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.OpenedLease;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseToken;
import io.offcut.executor.Channels;
import io.offcut.executor.InvocationChannel;
import io.offcut.executor.MemoryChannel;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.SchedIdle;
import io.offcut.linux.Signals;
import io.offcut.node.internal.executor.Sandbox;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real daemons with real executors; the scheduler is away. */
class NodeDaemonTest {
    private TestNode node;

    @BeforeEach
    void make() throws Exception {
        node = new TestNode();
    }

    @AfterEach
    void nothingIsLeftOver() throws Exception {
        node.close();
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .untilAsserted(() -> assertThat(node.leftOvers()).isEmpty());
    }

    @Test
    void answersOverSharedMemoryAndTcp() throws Exception {
        node.start().awaitOffered("0");
        LeaseTerms terms = node.terms("L1", "0");
        OpenedLease opened = node.open(terms, "shm");
        assertThat(opened.executorGeneration()).isEqualTo(1);
        assertThat(opened.functions())
                .extracting(f -> f.name())
                .containsExactly("echo", "slow", "detach");
        assertThat(opened.channels()).hasSize(1);
        assertThat(opened.channels().getFirst().transport()).isEqualTo(ChannelDescriptor.SHM);
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "hello")).isEqualTo("hello");
        }
        OpenedLease again = node.open(terms, "tcp");
        assertThat(again.executorGeneration()).isEqualTo(1);
        try (InvocationChannel channel = TestNode.connect(again.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "over the wire")).isEqualTo("over the wire");
        }
    }

    @Test
    void openingAgainAnswersWithTheSameChannels() throws Exception {
        node.start().awaitOffered("0");
        LeaseTerms terms = node.terms("L1", "0");
        assertThat(node.open(terms, "shm")).isEqualTo(node.open(terms, "shm"));
    }

    @Test
    void runsExecutorsPinnedIdleAndFirstForTheOomKiller() throws Exception {
        node.start().awaitOffered("0");
        node.open(node.terms("L1", "0"), "shm");
        NodeStatus.Lease lease = node.lease("L1");
        assertThat(lease.phase()).isEqualTo("RUNNING");
        assertThat(lease.realCores()).isEqualTo(CpuSet.of(0));
        assertThat(CpuAffinity.ofProcess(lease.pid())).isEqualTo(CpuSet.of(0));
        assertThat(SchedIdle.policyOf(lease.pid())).isEqualTo(SchedIdle.SCHED_IDLE);
        Path autogroup = Path.of("/proc", Long.toString(lease.pid()), "autogroup");
        if (Files.exists(autogroup)) {
            assertThat(Files.readString(autogroup).strip())
                    .as("how its session competes with others")
                    .endsWith("nice 19");
        }
        Path proc = Path.of("/proc/" + lease.pid());
        assertThat(Files.readString(proc.resolve("oom_score_adj")).strip()).isEqualTo("1000");
        assertThat(Files.readString(proc.resolve("status"))).contains("NoNewPrivs:\t1");
        if (node.status().node().features().contains("own-user")) {
            assertThat(Files.getOwner(proc.resolve("status")).getName()).isEqualTo("nobody");
        }
    }

    private LeaseTerms memory(String id, String bundle, long bytes) {
        return new LeaseTerms(
                id,
                "r",
                "ann",
                node.name,
                "unallocated",
                bundle,
                CpuSet.empty(),
                bytes,
                0,
                0,
                System.currentTimeMillis() + 60_000);
    }

    @Test
    void holdsMemoryThatCountsForItsLeaseAndGoesFirst() throws Exception {
        node.start().awaitOffered("0");
        long bytes = 96 << 20;
        OpenedLease opened = node.open(memory("M1", "", bytes), "shm");
        assertThat(opened.functions()).isEmpty();
        try (MemoryChannel channel =
                Channels.openMemory(opened.channels().getFirst(), TestNode.PATIENCE)) {
            assertThat(channel.bytes()).isEqualTo(bytes);
            assertThat(channel.fetchAndAdd(8, 7)).isZero();
            NodeStatus.Lease lease = node.lease("M1");
            assertThat(lease.phase()).isEqualTo("RUNNING");
            assertThat(lease.cores()).isEqualTo(CpuSet.empty());
            assertThat(SchedIdle.policyOf(lease.pid())).isEqualTo(SchedIdle.SCHED_IDLE);
            assertThat(Files.readString(Path.of("/proc/" + lease.pid() + "/oom_score_adj")).strip())
                    .isEqualTo("1000");
            assertThat(Files.getPosixFilePermissions(Path.of(opened.channels().getFirst().path())))
                    .isEqualTo(PosixFilePermissions.fromString("rw-------"));
            assumeTrue(lease.usedMemoryBytes() >= 0, "needs memory cgroups");
            assertThat(lease.usedMemoryBytes()).isGreaterThan(bytes);
        }
    }

    @Test
    void refusesMemoryThatIsNotOfferedOrHasABundle() throws Exception {
        node.start().awaitOffered("0");
        assertRefused(
                node.tryOpen(memory("M1", "", 1L << 50), "shm"), ErrorCode.CONFLICT, "memory");
        assertRefused(
                node.tryOpen(memory("M2", node.bundle, 1 << 20), "shm"),
                ErrorCode.INVALID_INPUT,
                "bundle");
    }

    @Test
    void keepsRegionsWhereOthersCannotFindThem() throws Exception {
        node.start().awaitOffered("0");
        OpenedLease opened = node.open(node.terms("L1", "0"), "shm");
        Path region = Path.of(opened.channels().getFirst().path());
        Path shm = Path.of("/dev/shm/offcut-" + node.name);
        assertThat(shm.relativize(region).getName(0).toString()).matches("[0-9a-f]{32}");
        assertThat(Files.getPosixFilePermissions(shm))
                .extracting(Enum::name)
                .doesNotContain("OTHERS_READ", "GROUP_READ");
    }

    @Test
    void refusesForgedExpiredAndForeignTokens() throws Exception {
        node.start().awaitOffered("0");
        LeaseTerms terms = node.terms("L1", "0");
        String forged =
                LeaseToken.sign(
                        terms,
                        KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate());
        assertRefused(node.tryOpen("L1", forged, "shm"), ErrorCode.UNAUTHORIZED, "token");
        assertRefused(node.tryOpen("L1", "no token", "shm"), ErrorCode.UNAUTHORIZED, "token");
        assertRefused(
                node.tryOpen(terms.withExpiry(System.currentTimeMillis() - 1), "shm"),
                ErrorCode.CONFLICT,
                "expired");
        assertRefused(node.tryOpen("L2", node.token(terms), "shm"), ErrorCode.INVALID_INPUT, "L2");
        LeaseTerms elsewhere =
                new LeaseTerms(
                        "L1",
                        "r",
                        "ann",
                        "other",
                        "unallocated",
                        node.bundle,
                        CpuSet.of(0),
                        1,
                        1,
                        0,
                        Long.MAX_VALUE);
        assertRefused(node.tryOpen(elsewhere, "shm"), ErrorCode.FORBIDDEN, "other");
        assertThat(node.status().leases()).isEmpty();
    }

    @Test
    void refusesCoresItDoesNotOfferAndCoresInUse() throws Exception {
        node.start().awaitOffered("0");
        assertRefused(node.tryOpen(node.terms("L1", "99"), "shm"), ErrorCode.CONFLICT, "offered");
        node.open(node.terms("L2", "0"), "shm");
        assertRefused(node.tryOpen(node.terms("L3", "0"), "shm"), ErrorCode.CONFLICT, "held");
    }

    @Test
    void refusesAnUnknownBundleAndTransport() throws Exception {
        node.start().awaitOffered("0");
        LeaseTerms t = node.terms("L1", "0");
        LeaseTerms unknown =
                new LeaseTerms(
                        "L1",
                        "r",
                        "ann",
                        node.name,
                        t.offerId(),
                        "0".repeat(64),
                        t.cores(),
                        t.memoryBytes(),
                        t.payloadBytes(),
                        0,
                        t.expiresAtEpochMillis());
        assertRefused(node.tryOpen(unknown, "shm"), ErrorCode.UNREACHABLE, "cannot fetch");
        assertRefused(
                node.tryOpen(node.terms("L2", "0"), "carrier-pigeon"), ErrorCode.CONFLICT, "held");
        node.send("DELETE", "/v1/leases/L1", null, node.token(unknown));
        assertRefused(
                node.tryOpen(node.terms("L3", "0"), "carrier-pigeon"),
                ErrorCode.INVALID_INPUT,
                "in common");
    }

    @Test
    void releasesOnlyWithTheLeasesToken() throws Exception {
        node.config.put("keepWarmSeconds", 0);
        node.start().awaitOffered("0");
        LeaseTerms terms = node.terms("L1", "0");
        OpenedLease opened = node.open(terms, "shm");
        assertRefused(
                node.send("DELETE", "/v1/leases/L1", null, null), ErrorCode.UNAUTHORIZED, "token");
        assertRefused(
                node.send("DELETE", "/v1/leases/L1", null, node.token(node.terms("L2", "0"))),
                ErrorCode.INVALID_INPUT,
                "L1");
        long pid = node.lease("L1").pid();
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            assertThat(node.send("DELETE", "/v1/leases/L1", null, node.token(terms)).statusCode())
                    .isEqualTo(204);
            awaitEnd("L1", EndReason.RELEASED);
            Awaitility.await().atMost(TestNode.PATIENCE).until(() -> channel.ended() != 0);
            assertThat(InvocationStatus.of(channel.ended())).isEqualTo(InvocationStatus.REVOKED);
        }
        assertThat(ProcessRef.of(pid).isAlive()).isFalse();
        assertThat(node.status().leases()).isEmpty();
        assertRefused(node.tryOpen(terms, "shm"), ErrorCode.CONFLICT, "RELEASED");
        assertThat(node.open(node.terms("L3", "0"), "shm").executorGeneration()).isEqualTo(1);
    }

    @Test
    void endsALeaseThatExpires() throws Exception {
        node.start().awaitOffered("0");
        LeaseTerms terms = node.terms("L1", "0").withExpiry(System.currentTimeMillis() + 15_000);
        OpenedLease opened = node.open(terms, "shm");
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            awaitEnd("L1", EndReason.EXPIRED);
            Awaitility.await().atMost(TestNode.PATIENCE).until(() -> channel.ended() != 0);
            assertThat(InvocationStatus.of(channel.ended())).isEqualTo(InvocationStatus.EXPIRED);
        }
    }

    @Test
    void startsTheNextGenerationAfterAnExecutorWasKilled() throws Exception {
        node.start().awaitOffered("0");
        LeaseTerms terms = node.terms("L1", "0");
        OpenedLease first = node.open(terms, "shm");
        try (InvocationChannel channel = TestNode.connect(first.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "one")).isEqualTo("one");
            Signals.send(node.lease("L1").pid(), Signals.SIGKILL);
            Awaitility.await().atMost(TestNode.PATIENCE).until(() -> channel.ended() != 0);
            assertThat(InvocationStatus.of(channel.ended())).isEqualTo(InvocationStatus.CRASHED);
        }
        awaitPhase("L1", "DOWN");
        OpenedLease second = node.open(terms, "shm");
        assertThat(second.executorGeneration()).isEqualTo(2);
        assertThat(second.channels()).isNotEqualTo(first.channels());
        try (InvocationChannel channel = TestNode.connect(second.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "two")).isEqualTo("two");
        }
    }

    @Test
    void endsALeaseWhoseExecutorDiesAgainAndAgain() throws Exception {
        node.config.put("maxStarts", 1);
        node.start().awaitOffered("0");
        LeaseTerms terms = node.terms("L1", "0");
        node.open(terms, "shm");
        Signals.send(node.lease("L1").pid(), Signals.SIGKILL);
        awaitPhase("L1", "DOWN");
        assertRefused(node.tryOpen(terms, "shm"), ErrorCode.CONFLICT, "failed 1 times");
        awaitEnd("L1", EndReason.EXECUTOR_FAILED);
    }

    @Test
    void aRestartedDaemonTakesItsExecutorsOver() throws Exception {
        node.startProcess().awaitOffered("0");
        LeaseTerms terms = node.terms("L1", "0");
        OpenedLease opened = node.open(terms, "shm");
        long pid = node.lease("L1").pid();
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "before")).isEqualTo("before");
            node.killProcess();
            assertThat(TestNode.echo(channel, "without a daemon")).isEqualTo("without a daemon");
            node.startProcess();
            awaitPhase("L1", "RUNNING");
            assertThat(node.lease("L1").pid()).isEqualTo(pid);
            assertThat(TestNode.echo(channel, "after")).isEqualTo("after");
            assertThat(node.open(terms, "shm")).isEqualTo(opened);
            node.awaitOffered("0");
            assertThat(TestNode.echo(channel, "still")).isEqualTo("still");
        }
        assertThat(node.send("DELETE", "/v1/leases/L1", null, node.token(terms)).statusCode())
                .isEqualTo(204);
        awaitEnd("L1", EndReason.RELEASED);
        assertThat(ProcessRef.of(pid).isAlive()).isFalse();
    }

    @Test
    void aRestartedDaemonRemovesWhatDiedMeanwhileAndRemembersEndedLeases() throws Exception {
        node.startProcess().awaitOffered("0");
        LeaseTerms dies = node.terms("L1", "0");
        LeaseTerms ended = node.terms("L0", "0");
        node.open(ended, "shm");
        node.send("DELETE", "/v1/leases/L0", null, node.token(ended));
        awaitEnd("L0", EndReason.RELEASED);
        OpenedLease opened = node.open(dies, "shm");
        long pid = node.lease("L1").pid();
        node.killProcess();
        Signals.send(pid, Signals.SIGKILL);
        node.startProcess();
        assertThat(Path.of(opened.channels().getFirst().path())).doesNotExist();
        assertThat(node.lease("L1").phase()).isEqualTo("DOWN");
        assertRefused(node.tryOpen(ended, "shm"), ErrorCode.CONFLICT, "RELEASED");
        node.awaitOffered("0");
        assertThat(node.open(dies, "shm").executorGeneration()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "off"})
    void nothingOutlivesAnExecutorThatIsKilled(String cgroups) throws Exception {
        node.config.put("cgroups", cgroups);
        node.start().awaitOffered("0");
        OpenedLease opened = node.open(node.terms("L1", "0"), "shm");
        long pid = node.lease("L1").pid();
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            List<ProcessRef> started = TestNode.hang(channel, 2, pid, 3);
            Signals.send(pid, Signals.SIGKILL);
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .until(() -> started.stream().noneMatch(ProcessRef::isAlive));
        }
    }

    @Test
    void nothingOutlivesAnExecutorWhoseDaemonWasKilled() throws Exception {
        node.config.put("orphanMillis", 500);
        node.startProcess().awaitOffered("0");
        OpenedLease opened = node.open(node.terms("L1", "0"), "shm");
        long pid = node.lease("L1").pid();
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            List<ProcessRef> started = TestNode.hang(channel, 2, pid, 3);
            node.killProcess();
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .until(() ->
                            !ProcessRef.of(pid).isAlive()
                                    && started.stream().noneMatch(ProcessRef::isAlive));
        }
        node.startProcess();
    }

    @Test
    void givesItsOwnWordOnHowToReachAWorker() throws Exception {
        node.start().awaitOffered("0");
        OpenedLease opened = node.open(node.terms("L1", "0"), "tcp");
        JsonNode record =
                new ObjectMapper()
                        .readTree(node.dir.resolve("state/leases/L1/executor.json").toFile());
        assertThat(opened.channels())
                .singleElement()
                .satisfies(channel -> {
                    assertThat(channel.secret())
                            .isEqualTo(record.get("secret").asText())
                            .hasSize(32);
                    assertThat(channel.host()).isEqualTo(record.get("tcpHost").asText());
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"link", "writable", "foreign"})
    void refusesAShmDirThatMayBeATrap(String trap) throws Exception {
        Path shm = node.dir.resolve("shm");
        Path target = Files.createDirectories(node.dir.resolve("target/precious"));
        switch (trap) {
            case "link" -> Files.createSymbolicLink(shm, target.getParent());
            case "writable" ->
                    Files.setPosixFilePermissions(
                            Files.move(target.getParent(), shm),
                            PosixFilePermissions.fromString("rwxrwxrwx"));
            default -> {
                assumeTrue(Sandbox.isRoot(), "needs root: to give a folder away");
                Files.move(target.getParent(), shm);
                Files.setAttribute(shm, "unix:uid", 65_534);
            }
        }
        node.config.put("shmDir", shm.toString());
        assertThatThrownBy(node::start)
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
                .hasMessageContainingAll(
                        "shmDir", shm.toString(), "stop who has it, delete it, or choose another")
                .hasMessageNotContaining("\n");
        assertThat(shm.resolve("precious")).isDirectory();
    }

    @Test
    void refusesASecretThatNoSchedulerTakes() throws Exception {
        Path secret = Files.writeString(node.dir.resolve("secret"), "short\n");
        node.config.put("nodeSecretFile", secret.toString());
        assertThatThrownBy(node::start)
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                .hasMessageContainingAll(
                        "nodeSecretFile", secret.toString(), "16 to 1024 characters");
    }

    @Test
    void refusesAPortOrFolderInUse() throws Exception {
        node.start();
        try (TestNode second = new TestNode()) {
            second.config.put("port", node.uri().getPort());
            assertThatThrownBy(second::start)
                    .isInstanceOfSatisfying(
                            OffcutException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
                    .hasMessageContaining("port");
            second.config.put("port", 0);
            second.config.put("stateDir", node.config.get("stateDir"));
            assertThatThrownBy(second::start)
                    .isInstanceOfSatisfying(
                            OffcutException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
            assertThat(second.leftOvers()).isEmpty();
        }
        assertThat(node.status().node().name()).isEqualTo(node.name);
    }

    /** What it finds there it takes for what a dead daemon left. */
    @Test
    void leavesTheRegionsOfALivingDaemonAlone() throws Exception {
        Path shm = node.dir.resolve("shm");
        node.config.put("shmDir", shm.toString());
        // A process of its own: within one Java knows its own locks, without the kernel.
        node.startProcess();
        Path region = Files.createDirectory(shm.resolve("regions-of-a-lease"));
        try (TestNode second = new TestNode()) {
            second.config.put("shmDir", shm.toString());
            assertThatThrownBy(second::start)
                    .isInstanceOfSatisfying(
                            OffcutException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
                    .hasMessageContainingAll("shmDir", shm.toString(), "another node daemon");
            assertThat(region).isDirectory();
        }
        Files.delete(region);
        node.stopProcess();
        assertThat(shm).doesNotExist();
    }

    @Test
    void everyHttpFailureIsAnErrorBody() throws Exception {
        node.start();
        assertRefused(node.send("GET", "/nowhere", null, null), ErrorCode.NOT_FOUND, "/nowhere");
        assertRefused(
                node.send("GET", "/v1/leases/unknown", null, null), ErrorCode.NOT_FOUND, "unknown");
        assertRefused(
                node.send("POST", "/v1/leases/a/open", "{", null), ErrorCode.INVALID_INPUT, "JSON");
        assertRefused(
                node.send("POST", "/v1/leases/a/open", "{\"token\":null}", null),
                ErrorCode.INVALID_INPUT,
                "JSON");
        assertRefused(
                node.send("POST", "/v1/leases/a/open", "x".repeat(70_000), null),
                ErrorCode.TOO_LARGE,
                "bytes");
        assertRefused(
                node.send("POST", "/v1/leases/..%2f..%2fx/open", "{}", null),
                ErrorCode.INVALID_INPUT,
                "");
    }

    @Test
    void showsHealthAndMetrics() throws Exception {
        node.start().awaitOffered("0");
        assertThat(node.send("GET", "/healthz", null, null).body()).isEqualTo("ok\n");
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .untilAsserted(() ->
                        assertThat(node.send("GET", "/metrics", null, null).body())
                                .contains("offcut_node_offered_cores "));
    }

    private void awaitEnd(String leaseId, EndReason reason) {
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .untilAsserted(() -> {
                    NodeStatus.Lease lease = node.lease(leaseId);
                    assertThat(lease.state()).isEqualTo(LeaseState.ENDED);
                    assertThat(lease.endReason()).isEqualTo(reason);
                });
    }

    private void awaitPhase(String leaseId, String phase) {
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .untilAsserted(() -> assertThat(node.lease(leaseId).phase()).isEqualTo(phase));
    }

    private void assertRefused(HttpResponse<String> response, ErrorCode code, String words)
            throws Exception {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(code.httpStatus());
        assertThat(node.refusal(response).error()).isEqualTo(code);
        assertThat(node.refusal(response).message()).contains(words).doesNotContain("\n");
    }
}
