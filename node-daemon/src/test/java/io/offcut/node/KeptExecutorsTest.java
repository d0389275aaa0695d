package io.offcut.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.CpuSet;
import io.offcut.core.api.OpenedLease;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.executor.InvocationChannel;
import io.offcut.linux.Cgroups;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.Signals;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Executors that wait for the next lease of the same user and bundle: real daemons. */
class KeptExecutorsTest {
    private TestNode node;
    private String warm;

    @BeforeEach
    void make() throws Exception {
        Cgroups cgroups = Cgroups.detect();
        assumeTrue(
                cgroups.version() != Cgroups.Version.NONE && !cgroups.missing().contains("freezer"),
                "needs control groups that freeze: without them no executor is kept");
        node = new TestNode();
        node.config.put("prewarmedExecutors", 0);
        warm = node.store(bundleFolder(), manifest());
    }

    private Path bundleFolder() throws IOException {
        Path folder = node.dir.resolve("warm");
        String prefix = WarmFunctions.class.getName().replace('.', '/');
        for (String nested : Stream.concat(Stream.of(""), nested()).toList()) {
            String file = prefix + nested + ".class";
            Path target = folder.resolve("classes").resolve(file);
            Files.createDirectories(target.getParent());
            try (InputStream in = WarmFunctions.class.getResourceAsStream("/" + file)) {
                Files.copy(Objects.requireNonNull(in, file), target);
            }
        }
        return folder;
    }

    private static Stream<String> nested() {
        return WarmFunctions.NAMES.stream().map(name -> "$" + name);
    }

    private static String manifest() {
        StringBuilder manifest = new StringBuilder("name: warm\nfunctions:\n");
        for (String name : WarmFunctions.NAMES) {
            manifest.append("  - {name: ")
                    .append(name.toLowerCase(Locale.ROOT))
                    .append(", kind: java, file: classes, symbol: ")
                    .append(WarmFunctions.class.getName())
                    .append("$")
                    .append(name)
                    .append("}\n");
        }
        return manifest.toString();
    }

    @AfterEach
    void nothingIsLeftOver() throws Exception {
        if (node != null) {
            node.close();
            await().atMost(TestNode.PATIENCE)
                    .untilAsserted(() -> assertThat(node.leftOvers()).isEmpty());
        }
    }

    private LeaseTerms terms(String leaseId, String user, String bundle, String core) {
        LeaseTerms terms = node.terms(leaseId, core);
        return new LeaseTerms(
                leaseId,
                terms.requestId(),
                user,
                terms.nodeName(),
                terms.offerId(),
                bundle,
                terms.cores(),
                terms.memoryBytes(),
                terms.payloadBytes(),
                terms.hotTimeoutMicros(),
                terms.expiresAtEpochMillis());
    }

    /** Opens a lease, calls the functions and gives the lease back. @return its executor */
    private ProcessRef serve(LeaseTerms terms, int... functions) throws Exception {
        OpenedLease opened = node.open(terms, "shm");
        ProcessRef executor = ProcessRef.of(node.lease(terms.leaseId()).pid());
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            for (int function : functions) {
                String ignored = call(channel, function);
            }
        }
        release(terms);
        return executor;
    }

    private void release(LeaseTerms terms) throws Exception {
        String path = "/v1/leases/" + terms.leaseId();
        assertThat(node.send("DELETE", path, null, node.token(terms)).statusCode()).isEqualTo(204);
        await().atMost(TestNode.PATIENCE)
                .until(() ->
                        node.lease(terms.leaseId()).endReason() == EndReason.RELEASED
                                && node.lease(terms.leaseId()).phase().equals("ENDED"));
    }

    private static String call(InvocationChannel channel, int function) {
        return TestNode.call(channel, function, "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"shm", "tcp"})
    void theNextLeaseHasWhatThisOneLoadedAndNothingElseOfIt(String transport) throws Exception {
        String other = Integer.toString(CpuAffinity.current().toArray().length - 1);
        node.start().awaitOffered("0," + other);
        LeaseTerms first = terms("L1", "ann", warm, "0");
        OpenedLease opened = node.open(first, transport);
        long executor = node.lease("L1").pid();
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            assertThat(call(channel, WarmFunctions.COUNT)).isEqualTo("1 calls, 0 files");
            assertThat(call(channel, WarmFunctions.COUNT)).isEqualTo("2 calls, 1 files");
            call(channel, WarmFunctions.BURN);
            // The daemon looks once a second.
            await().atMost(TestNode.PATIENCE).until(() -> usedMicros("L1") > 250_000);
            release(first);
            await().atMost(TestNode.PATIENCE).until(() -> channel.ended() != 0);
        }

        OpenedLease again = node.open(terms("L2", "ann", warm, other), transport);

        assertThat(node.lease("L2").pid()).isEqualTo(executor);
        assertThat(CpuAffinity.ofProcess(executor)).isEqualTo(CpuSet.parse(other));
        assertThat(again.channels()).isNotEqualTo(opened.channels());
        try (InvocationChannel channel = TestNode.connect(again.channels().getFirst())) {
            assertThat(call(channel, WarmFunctions.COUNT)).isEqualTo("3 calls, 0 files");
        }
        await().atMost(TestNode.PATIENCE).until(() -> usedMicros("L2") > 0);
        assertThat(usedMicros("L2")).isLessThan(usedMicros("L1")).isLessThan(500_000);
    }

    private long usedMicros(String leaseId) throws Exception {
        return node.lease(leaseId).usage().cpuMicros();
    }

    @Test
    void nobodyElseGetsIt() throws Exception {
        node.start().awaitOffered("0");
        ProcessRef anns = serve(terms("L1", "ann", warm, "0"), WarmFunctions.COUNT);

        ProcessRef bobs = serve(terms("L2", "bob", warm, "0"), WarmFunctions.COUNT);
        ProcessRef annsOther = serve(terms("L3", "ann", node.bundle, "0"));

        assertThat(List.of(anns, bobs, annsOther)).doesNotHaveDuplicates();
        assertThat(serve(terms("L4", "ann", warm, "0"))).isEqualTo(anns);
        assertThat(serve(terms("L5", "bob", warm, "0"))).isEqualTo(bobs);
        assertThat(serve(terms("L6", "ann", node.bundle, "0"))).isEqualTo(annsOther);
    }

    @Test
    void aThreadThatAFunctionLeftRunningStandsStillMeanwhile() throws Exception {
        node.start().awaitOffered("0");
        ProcessRef executor = serve(terms("L1", "ann", warm, "0"), WarmFunctions.SPIN);
        long then = cpuNanos(executor);

        serve(terms("L2", "bob", warm, "0"), WarmFunctions.BURN);

        assertThat(executor.isAlive()).isTrue();
        assertThat(cpuNanos(executor)).isEqualTo(then);
        assertThat(serve(terms("L3", "ann", warm, "0"), WarmFunctions.BURN)).isEqualTo(executor);
        assertThat(cpuNanos(executor)).isGreaterThan(then);
    }

    // schedstat, field 1: time spent on the CPU.
    private static long cpuNanos(ProcessRef process) throws IOException {
        long sum = 0;
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                String stat = Files.readString(task.resolve("schedstat"));
                sum += Long.parseLong(stat.substring(0, stat.indexOf(' ')));
            }
        }
        return sum;
    }

    @Test
    void oneInWhichSomethingStillRunsIsNotKept() throws Exception {
        node.start().awaitOffered("0");
        ProcessRef left = serve(terms("L1", "ann", warm, "0"), WarmFunctions.LEAVE);
        assertThat(left.isAlive()).isFalse();

        LeaseTerms terms = terms("L2", "ann", warm, "0");
        OpenedLease opened = node.open(terms, "shm");
        ProcessRef busy = ProcessRef.of(node.lease("L2").pid());
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            long before = cpuNanos(busy);
            assertThat(channel.post(channel.acquire(), 1, WarmFunctions.HANG, 0, 0)).isZero();
            await("a function that runs")
                    .atMost(TestNode.PATIENCE)
                    .until(() -> cpuNanos(busy) - before > WarmFunctions.HANG_BUSY_NANOS / 2);
            release(terms);
        }
        assertThat(busy.isAlive()).isFalse();
    }

    @Test
    void oneThatWasKilledMeanwhileIsNotUsed() throws Exception {
        node.start().awaitOffered("0");
        ProcessRef executor = serve(terms("L1", "ann", warm, "0"), WarmFunctions.COUNT);
        Signals.send(executor.pid(), Signals.SIGKILL);
        assertThat(serve(terms("L2", "ann", warm, "0"), WarmFunctions.COUNT))
                .isNotEqualTo(executor);
        assertThat(executor.isAlive()).isFalse();
    }

    @Test
    void itsTimeIsLimited() throws Exception {
        node.config.put("keepWarmSeconds", 1);
        node.start().awaitOffered("0");
        ProcessRef executor = serve(terms("L1", "ann", warm, "0"), WarmFunctions.COUNT);
        await().atMost(TestNode.PATIENCE).until(() -> !executor.isAlive());
    }

    @Test
    void aDaemonThatEndsAndOneThatStartsLeaveNone() throws Exception {
        node.start().awaitOffered("0");
        ProcessRef ofThis = serve(terms("L1", "ann", warm, "0"), WarmFunctions.SPIN);
        assertThat(ofThis.isAlive()).isTrue();
        node.stop();
        assertThat(ofThis.isAlive()).isFalse();

        node.startProcess().awaitOffered("0");
        ProcessRef executor = serve(terms("L2", "ann", warm, "0"), WarmFunctions.SPIN);
        assertThat(executor.isAlive()).isTrue();
        node.killProcess();
        node.startProcess().awaitOffered("0");
        assertThat(executor.isAlive()).isFalse();
        assertThat(serve(terms("L3", "ann", warm, "0"))).isNotEqualTo(executor);
    }

    @Test
    void aRestartedDaemonTakesOverOneInItsSecondLeaseAndKeepsItNoMore() throws Exception {
        node.startProcess().awaitOffered("0");
        ProcessRef executor = serve(terms("L1", "ann", warm, "0"), WarmFunctions.BURN);
        LeaseTerms second = terms("L2", "ann", warm, "0");
        OpenedLease opened = node.open(second, "shm");
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            node.killProcess();
            node.startProcess();
            await().atMost(TestNode.PATIENCE)
                    .until(() -> node.lease("L2").phase().equals("RUNNING"));
            assertThat(node.lease("L2").pid()).isEqualTo(executor.pid());
            assertThat(call(channel, WarmFunctions.COUNT)).isEqualTo("1 calls, 0 files");
            await().atMost(TestNode.PATIENCE).until(() -> usedMicros("L2") > 0);
            assertThat(usedMicros("L2")).isLessThan(500_000);
            release(second);
        }
        assertThat(executor.isAlive()).isFalse();
    }
}
