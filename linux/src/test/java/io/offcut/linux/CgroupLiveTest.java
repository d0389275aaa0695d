package io.offcut.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.Cgroup.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Real control groups with real processes in them. */
final class CgroupLiveTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long LIMIT_MILLIS = LIMIT.toMillis();
    private static final Path ROOT = Path.of("/sys/fs/cgroup");

    private final String parent = "offcut_test_" + ProcessHandle.current().pid();
    private final Children children = new Children();
    private Cgroups cgroups = Cgroups.detect();

    @AfterEach
    void leavesNothing() {
        for (Cgroup left : cgroups.children(parent)) {
            left.kill(LIMIT_MILLIS);
            left.remove();
        }
        children.close();
        assertThat(cgroups.removeParent(parent)).isTrue();
    }

    private void needs(String... parts) {
        Assumptions.assumeTrue(
                cgroups.version() != Cgroups.Version.NONE,
                "needs writable cgroups: root, or a delegated subtree");
        for (String part : parts) {
            Assumptions.assumeFalse(
                    cgroups.missing().contains(part), "needs the cgroup controller " + part);
        }
    }

    private Process inside(Cgroup group, String script) {
        Process process = launched(group, script);
        await().atMost(LIMIT).until(() -> group.pids().contains(process.pid()));
        return process;
    }

    private Process launched(Cgroup group, String script) {
        String join =
                group.procsFiles().stream()
                        .map(file -> "echo $$ > " + file + " && ")
                        .collect(Collectors.joining());
        return children.shell(join + "{ " + script + "; }");
    }

    @Test
    void takesAProcessThatRunsAlready() throws Exception {
        needs();
        Cgroup group = cgroups.create(parent, "joined", new Limits(CpuAffinity.current(), 0, 0));
        Process child = children.shell("exec sleep 600");
        group.join(child.pid());
        assertThat(group.pids()).containsExactly(child.pid());
        assertThatThrownBy(() -> group.join(Integer.MAX_VALUE)).isInstanceOf(IOException.class);
    }

    @Test
    void memoryOfAKilledProcessIsFreeThoughAJobLeavesItNoCpu() throws Exception {
        needs("memory");
        CpuSet cpu = CpuAffinity.current().lowest(1);
        Cgroup group = cgroups.create(parent, "large", new Limits(cpu, 0, 0));
        Process large =
                inside(
                        group,
                        "chrt --idle -p 0 $$; x=$(head -c 60000000 /dev/zero | tr '\\0' x); read y");
        await().atMost(LIMIT).until(() -> residentBytes(large) > 50_000_000);
        Process job =
                children.shell(
                        "exec chrt -f 50 taskset -c " + cpu + " sh -c 'while :; do :; done'");
        await().atMost(LIMIT)
                .until(() -> !job.isAlive() || ProcessCpu.treeMicros(job.pid()) > 50_000);
        Assumptions.assumeTrue(job.isAlive(), "needs leave for SCHED_FIFO");

        Signals.send(large.pid(), Signals.SIGKILL);
        boolean released = Signals.release(large.pid());
        Assumptions.assumeTrue(kernel() >= 5_015, "needs Linux 5.15");

        assertThat(released || !large.isAlive()).isTrue();
        assertThat(residentBytes(large)).isLessThan(8_000_000);
        assertThat(job.isAlive()).isTrue();
    }

    /** 6008 for Linux 6.8. */
    private static long kernel() {
        String[] parts = System.getProperty("os.version").split("[^0-9]+", 3);
        return 1_000 * Long.parseLong(parts[0]) + Long.parseLong(parts[1]);
    }

    private static long residentBytes(Process process) {
        String status = KernelFile.readOrEmpty(Path.of("/proc/" + process.pid() + "/status"));
        String kibibytes = KernelFile.valueAfter(status, "VmRSS:").replace(" kB", "");
        return 1_024 * KernelFile.parseLong(kibibytes, 0);
    }

    @Test
    void holdsAProcessOnItsCpus() {
        needs("cpuset");
        int last = CpuAffinity.current().toArray()[CpuAffinity.current().size() - 1];
        Cgroup group = cgroups.create(parent, "pinned", new Limits(CpuSet.of(last), 0, 0));
        assertThat(group.cpus()).isEqualTo(CpuSet.of(last));
        Process child = inside(group, "exec sleep 600");
        assertThat(CpuAffinity.ofProcess(child.pid())).isEqualTo(CpuSet.of(last));
    }

    @Test
    void frozenProcessUsesNoCpuAndGoesOnWhenThawed() {
        needs();
        freezesAndThaws();
    }

    @Test
    void freezesAlsoThroughVersionTwoNextToVersionOne() {
        Path unified = ROOT.resolve("unified");
        Assumptions.assumeTrue(
                Files.isWritable(unified.resolve("cgroup.procs")),
                "needs a writable version 2 mount beside version 1");
        cgroups = Cgroups.detect(unified, Path.of("/proc"));
        assertThat(cgroups.version()).isEqualTo(Cgroups.Version.V2);
        freezesAndThaws();
    }

    private void freezesAndThaws() {
        Cgroup group = cgroups.create(parent, "frozen", Limits.NONE);
        Process child = inside(group, "while :; do :; done");
        // The clock of this test is a process outside the group that goes on using CPU time.
        Process clock = children.spinning();
        assertThat(group.freeze(LIMIT_MILLIS)).isTrue();
        long frozenAt = ProcessCpu.cpuMicros(child.pid());
        long groupFrozenAt = group.cpuMicros();
        long clockAt = ProcessCpu.cpuMicros(clock.pid());
        await().atMost(LIMIT).until(() -> ProcessCpu.cpuMicros(clock.pid()) > clockAt + 200_000);
        assertThat(ProcessCpu.cpuMicros(child.pid())).isEqualTo(frozenAt);
        assertThat(group.cpuMicros() - groupFrozenAt).isLessThan(20_000);
        group.thaw();
        await().atMost(LIMIT).until(() -> ProcessCpu.cpuMicros(child.pid()) > frozenAt);
    }

    @Test
    void killsWhatIsFrozenWithItsChildren() throws Exception {
        needs();
        Cgroup group = cgroups.create(parent, "killed", Limits.NONE);
        Process child = inside(group, "sleep 600 & sleep 600 & wait");
        await().atMost(LIMIT).until(() -> group.pids().size() == 3);
        assertThat(group.freeze(LIMIT_MILLIS)).isTrue();
        assertThat(group.kill(LIMIT_MILLIS)).isTrue();
        assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(group.pids()).isEmpty();
        assertThat(group.remove()).isTrue();
        assertThat(group.remove()).isTrue();
        assertThat(cgroups.children(parent)).isEmpty();
    }

    @Test
    void doesNotRemoveAGroupInUse() {
        needs();
        Cgroup group = cgroups.create(parent, "used", Limits.NONE);
        inside(group, "exec sleep 600");
        assertThat(group.remove()).isFalse();
        assertThat(cgroups.children(parent)).extracting(Cgroup::name).containsExactly("used");
        assertThat(cgroups.removeParent(parent)).isFalse();
    }

    @Test
    void endsAProcessOverItsMemoryAndCountsIt() throws Exception {
        needs("memory");
        Cgroup group = cgroups.create(parent, "memory", new Limits(CpuSet.empty(), 8 << 20, 0));
        assertThat(group.oomKills()).isZero();
        Process child = launched(group, "exec dd if=/dev/zero of=/dev/null bs=64M count=1");
        assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(child.exitValue()).isEqualTo(128 + Signals.SIGKILL);
        assertThat(group.oomKills()).isEqualTo(1);
    }

    @Test
    void limitsTheNumberOfProcesses() throws Exception {
        needs("pids");
        Cgroup group = cgroups.create(parent, "pids", new Limits(CpuSet.empty(), 0, 2));
        Process child = launched(group, "sleep 600 & sleep 600 & wait");
        assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(child.exitValue()).isNotZero();
    }

    @Test
    void findsWhatAnEarlierDaemonLeft() {
        needs();
        Cgroup group = cgroups.create(parent, "b", Limits.NONE);
        cgroups.create(parent, "a", Limits.NONE);
        Process child = inside(group, "exec sleep 600");
        List<Cgroup> found = Cgroups.detect().children(parent);
        assertThat(found).extracting(Cgroup::name).containsExactly("a", "b");
        assertThat(found.get(1).pids()).containsExactly(child.pid());
        assertThatThrownBy(() -> cgroups.create(parent, "a", Limits.NONE))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
    }

    @Test
    void leavesNothingBehindWhenTheKernelRefuses() {
        needs("cpuset");
        assertThatThrownBy(() -> cgroups.create(parent, "bad", new Limits(CpuSet.of(4000), 0, 0)))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("4000");
        assertThat(cgroups.children(parent)).isEmpty();
    }

    @Test
    void countsCpuTimePerCpu() {
        needs("cpuset", "cpuacct");
        Assumptions.assumeTrue(
                cgroups.version() == Cgroups.Version.V1,
                "needs version 1: version 2 has no figure");
        int first = CpuAffinity.current().toArray()[0];
        Cgroup group = cgroups.create(parent, "percpu", new Limits(CpuSet.of(first), 0, 0));
        inside(group, "while :; do :; done");
        try (CgroupMeter meter = group.meter(new KernelText())) {
            await().pollInSameThread()
                    .atMost(LIMIT)
                    .until(() -> nanosOn(first, meter.cpuNanosPerCpu()) > 50_000_000);
            assertThat(meter.cpuMicros()).isGreaterThan(50_000);
        }
        assertThat(group.cpuMicros()).isGreaterThan(50_000);
    }

    private static long nanosOn(int cpu, long @Nullable [] nanosPerCpu) {
        return nanosPerCpu == null ? -1 : nanosPerCpu[cpu];
    }

    @Test
    void readsTheSameFileAnewWhenItsGroupWasMadeAgain() {
        needs("memory");
        Cgroup group = cgroups.create(parent, "again", new Limits(CpuSet.empty(), 8 << 20, 0));
        KernelText text = new KernelText();
        try (CgroupMeter meter = group.meter(text)) {
            assertThat(meter.memoryLimitBytes()).isEqualTo(8 << 20);
            assertThat(group.remove()).as("an open file holds the group").isTrue();
            assertThat(meter.memoryLimitBytes()).isEqualTo(-1);
            cgroups.create(parent, "again", new Limits(CpuSet.empty(), 4 << 20, 0));
            await().pollInSameThread()
                    .atMost(LIMIT)
                    .until(() -> meter.memoryLimitBytes() == 4 << 20);
        }
    }
}
