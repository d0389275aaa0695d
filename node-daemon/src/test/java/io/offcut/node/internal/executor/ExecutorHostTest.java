package io.offcut.node.internal.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.bundle.BundleArchive;
import io.offcut.bundle.BundleLimits;
import io.offcut.bundle.BundleStore;
import io.offcut.core.CpuSet;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.executor.Channels;
import io.offcut.linux.Cgroups;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.CpuMap;
import io.offcut.linux.ProcessRef;
import io.offcut.node.NodeConfig;
import io.offcut.node.internal.bundle.BundleCache;
import io.offcut.node.internal.store.Folders;
import io.offcut.node.internal.store.LeaseStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The host alone, where a start can be held up. */
class ExecutorHostTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final CompletableFuture<String> evicted = new CompletableFuture<>();
    private Path dir;
    private LeaseStore store;
    private BundleCache bundles;
    private String bundle;
    private ExecutorHost host;

    @BeforeEach
    void make() throws IOException {
        dir = Files.createTempDirectory(Path.of("/tmp"), "offcut-host-");
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createDirectory(dir.resolve("shm"));
        store = new LeaseStore(dir);
        bundle = storeBundle();
        bundles = new BundleCache(dir.resolve("bundles"), "http://127.0.0.1:1", "");
        host = host(Sandbox.detect("nobody", false));
    }

    private ExecutorHost host(Sandbox sandbox) {
        return host(sandbox, 50_000);
    }

    private ExecutorHost host(Sandbox sandbox, int startTimeoutMillis) {
        return host(sandbox, startTimeoutMillis, CpuSet.of(0));
    }

    private ExecutorHost host(Sandbox sandbox, int startTimeoutMillis, CpuSet cores) {
        NodeConfig config =
                NodeConfig.of(
                        Map.of(
                                "name",
                                "h" + ProcessHandle.current().pid(),
                                "stateDir",
                                dir.toString(),
                                "shmDir",
                                dir.resolve("shm").toString(),
                                "startTimeoutMillis",
                                startTimeoutMillis,
                                "prewarmedExecutors",
                                0));
        return new ExecutorHost(
                config, cores, sandbox, store, bundles, CpuMap.parse(""), new Evictions());
    }

    private String storeBundle() throws IOException {
        Path folder = Files.createDirectory(dir.resolve("source"));
        Files.writeString(
                folder.resolve("offcut.yaml"),
                "name: t\nfunctions:\n  - {name: f, kind: command, command: [cat]}\n");
        Path zip = dir.resolve("bundle.zip");
        String sha256 = BundleArchive.pack(folder, zip, BundleLimits.DEFAULT).sha256();
        try (BundleStore into = BundleStore.open(dir.resolve("bundles"), BundleLimits.DEFAULT);
                InputStream in = Files.newInputStream(zip)) {
            into.put(in);
        }
        return sha256;
    }

    @AfterEach
    void close() {
        host.close();
        bundles.close();
        Folders.delete(dir);
    }

    @Test
    void whatMustStandStillBeforeItBeganBeginsWhenItMay() throws Exception {
        host.standStill(CpuSet.of(0));
        host.start(terms(), 1);
        assertThat(host.awaitFrozen(PATIENCE.toMillis())).isTrue();
        assertThat(host.seen("L1")).isNull();
        host.standStill(CpuSet.of(1));
        Awaitility.await().atMost(PATIENCE).until(() -> host.seen("L1") != null);
        ExecutorHost.Seen seen = host.seen("L1");
        assertThat(seen).isNotNull();
        host.standStill(CpuSet.of(0));
        awaitStopped(seen, true);
        host.standStill(CpuSet.empty());
        awaitStopped(seen, false);
        host.evict("L1", EndReason.RELEASED);
        assertThat(evicted.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("L1");
    }

    private static void awaitStopped(ExecutorHost.Seen seen, boolean stopped) {
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> Files.readString(stat(seen.pid())).contains(") T ") == stopped);
    }

    @Test
    void whoWaitsForAWorkerHearsThatThereWillBeNone() throws Exception {
        host.standStill(CpuSet.of(0));
        host.start(terms(), 1);
        ChannelDescriptor channel = host.channels("L1").getFirst();
        CompletableFuture<?> client =
                CompletableFuture.runAsync(() -> Channels.open(channel, PATIENCE).close());
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> Files.readString(Path.of("/proc/self/maps")).contains(channel.path()));
        host.evict("L1", EndReason.RECLAIMED);
        assertThat(evicted.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("L1");
        assertThatThrownBy(() -> client.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .hasMessageContaining("has ended");
        assertThat(dir.resolve("shm")).isEmptyDirectory();
    }

    @Test
    void whatEndsForAJobNeverRunsAgain() throws Exception {
        host.standStill(CpuSet.empty());
        host.start(terms(), 1);
        Awaitility.await().atMost(PATIENCE).until(() -> host.seen("L1") != null);
        ExecutorHost.Seen seen = host.seen("L1");
        assertThat(seen).isNotNull();
        host.freeze("L1");
        awaitStopped(seen, true);
        host.evict("L1", EndReason.RECLAIMED);
        host.standStill(CpuSet.empty());
        assertThat(evicted.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("L1");
        assertThat(ProcessRef.of(seen.pid()).isAlive()).isFalse();
    }

    @Test
    void whoWaitsForStandstillWaitsForAStartThatIsUnderWay() throws Exception {
        host.standStill(CpuSet.empty());
        // A log that nobody reads yet: opening it holds the start up just before its process.
        Path log = store.makeFolder("L1").resolve("executor.log");
        assertThat(new ProcessBuilder("mkfifo", log.toString()).start().waitFor()).isZero();
        host.start(terms(), 1);
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> Files.exists(log.resolveSibling("executor-1.spec")));
        host.freeze("L1");
        assertThat(host.awaitFrozen(50)).isFalse();
        Process reader = new ProcessBuilder("cat", log.toString()).start();
        try {
            assertThat(host.awaitFrozen(PATIENCE.toMillis())).isTrue();
            ExecutorHost.Seen seen = host.seen("L1");
            assertThat(seen).isNotNull();
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> Files.readString(stat(seen.pid())).contains(") T "));
            host.evict("L1", EndReason.RECLAIMED);
            assertThat(evicted.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("L1");
            assertThat(ProcessRef.of(seen.pid()).isAlive()).isFalse();
        } finally {
            reader.destroyForcibly();
        }
    }

    @Test
    void timeInWhichItMustStandStillIsNoneInWhichItDoesNotStart() throws Exception {
        host.close();
        host = host(Sandbox.detect("nobody", false), 200);
        host.standStill(CpuSet.empty());
        Path log = store.makeFolder("L1").resolve("executor.log");
        assertThat(new ProcessBuilder("mkfifo", log.toString()).start().waitFor()).isZero();
        host.start(terms(), 1);
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> Files.exists(log.resolveSibling("executor-1.spec")));
        host.standStill(CpuSet.of(0));
        Process reader = new ProcessBuilder("cat", log.toString()).start();
        try {
            assertThat(host.awaitFrozen(PATIENCE.toMillis())).isTrue();
            ExecutorHost.Seen seen = host.seen("L1");
            assertThat(seen).isNotNull();
            ProcessRef executor = ProcessRef.of(seen.pid());
            Awaitility.await()
                    .during(Duration.ofSeconds(1))
                    .atMost(PATIENCE)
                    .until(executor::isAlive);
            // Nobody listens to it: when it goes on it does not start.
            host.standStill(CpuSet.empty());
            Awaitility.await().atMost(PATIENCE).until(() -> !executor.isAlive());
            host.evict("L1", EndReason.RELEASED);
            assertThat(evicted.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("L1");
        } finally {
            reader.destroyForcibly();
        }
    }

    @ParameterizedTest
    @EnumSource(EndReason.class)
    void keepsAnExecutorAfterALeaseThatEndedInGoodOrderUntilMemoryGetsShort(EndReason reason)
            throws Exception {
        Sandbox sandbox = Sandbox.detect("nobody", true);
        Cgroups cgroups = sandbox.cgroups();
        assumeTrue(
                cgroups != null && !cgroups.missing().contains("freezer"),
                "needs control groups that freeze: without them no executor is kept");
        host.close();
        host = host(sandbox);
        host.listen();
        host.offered(CpuSet.of(0), 1L << 40);
        host.standStill(CpuSet.empty());
        host.start(terms(), 1);
        assertThat(host.serving("L1", 1).get(PATIENCE.toSeconds(), TimeUnit.SECONDS).channels())
                .isNotEmpty();
        ExecutorHost.Seen seen = host.seen("L1");
        assertThat(seen).isNotNull();
        ProcessRef executor = ProcessRef.of(seen.pid());

        host.evict("L1", reason);
        assertThat(evicted.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("L1");

        boolean kept = reason == EndReason.RELEASED || reason == EndReason.EXPIRED;
        assertThat(executor.isAlive()).isEqualTo(kept);
        assertThat(host.own())
                .filteredOn(own -> own.pid() == executor.pid())
                .hasSize(kept ? 1 : 0)
                .allMatch(own -> own.cores().isEmpty());
        host.offered(CpuSet.of(0), 0);
        Awaitility.await().atMost(PATIENCE).until(() -> !executor.isAlive());
    }

    @Test
    void whatHoldsMemoryRunsWhereNoJobDoesFromItsStartOn() {
        Sandbox sandbox = Sandbox.detect("nobody", true);
        Cgroups cgroups = sandbox.cgroups();
        CpuSet all = CpuAffinity.current();
        assumeTrue(
                cgroups != null && !cgroups.missing().contains("cpuset") && all.size() > 1,
                "needs cpusets and two CPUs");
        CpuSet free = all.minus(all.lowest(1));
        host.close();
        host = host(sandbox, 50_000, all);
        host.listen();
        host.offered(free, 0);
        host.standStill(CpuSet.empty());
        host.start(ofMemory(), 1);
        Awaitility.await().atMost(PATIENCE).until(() -> host.seen("L1") != null);
        ExecutorHost.Seen seen = host.seen("L1");
        assertThat(seen).isNotNull();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> CpuAffinity.ofProcess(seen.pid()).equals(free));
        host.evict("L1", EndReason.RELEASED);
        Awaitility.await().atMost(PATIENCE).until(evicted::isDone);
    }

    private static LeaseTerms ofMemory() {
        return new LeaseTerms(
                "L1",
                "r",
                "ann",
                "h",
                "unallocated",
                "",
                CpuSet.empty(),
                64L << 20,
                0,
                0,
                Long.MAX_VALUE);
    }

    private static Path stat(long pid) {
        return Path.of("/proc/" + pid + "/stat");
    }

    private LeaseTerms terms() {
        return new LeaseTerms(
                "L1",
                "r",
                "ann",
                "h",
                "unallocated",
                bundle,
                CpuSet.of(0),
                64L << 20,
                4096,
                0,
                Long.MAX_VALUE);
    }

    private final class Evictions implements ExecutorHost.Listener {
        @Override
        public void ready(String leaseId, int generation) {}

        @Override
        public void died(String leaseId, int generation) {}

        @Override
        public void evicted(String leaseId, EndReason reason, long nanos) {
            evicted.complete(leaseId);
        }

        @Override
        public void used(String leaseId, int generation, LeaseUsage usage) {}
    }
}
