package io.offcut.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.CpuSet;
import io.offcut.linux.Cgroup.Limits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both versions on trees as other machines have them. */
final class CgroupRecordedTest {
    @TempDir private Path folder;

    private Cgroups version1() {
        Path root = folder.resolve("v1");
        Recorded.tree(
                root,
                Map.of(
                        "cpuset/cgroup.procs", "",
                        "cpuset/cpuset.cpus", "0-7\n",
                        "cpuset/cpuset.mems", "0-1\n",
                        "memory/cgroup.procs", "",
                        "pids/cgroup.procs", "",
                        "freezer/cgroup.procs", "",
                        "cpu,cpuacct/cgroup.procs", ""));
        return Cgroups.detect(root, folder);
    }

    private Cgroups version2(String controllers, String own) {
        Path root = folder.resolve("v2");
        Recorded.tree(
                root,
                Map.of(
                        "cgroup.controllers", controllers,
                        "cgroup.subtree_control", "",
                        "cgroup.procs", "1\n2\n"));
        Recorded.write(folder.resolve("self/cgroup"), "0::" + own + "\n");
        return Cgroups.detect(root, folder);
    }

    @Test
    void machineWithoutCgroupsHasNone() {
        Cgroups none = Cgroups.detect(folder.resolve("empty"), folder);
        assertThat(none.version()).isEqualTo(Cgroups.Version.NONE);
        assertThat(none.missing())
                .containsExactlyInAnyOrder("cpuset", "memory", "pids", "freezer", "cpuacct");
        assertThat(none.children("offcut_n1")).isEmpty();
        assertThat(none.removeParent("offcut_n1")).isTrue();
        assertThatThrownBy(() -> none.create("offcut_n1", "e1", Limits.NONE))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesNamesThatLeadElsewhere() {
        Cgroups cgroups = version1();
        for (String name : List.of("..", ".", "", "a/b", "/a", "a\nb", "x".repeat(101))) {
            assertThatThrownBy(() -> cgroups.create("offcut_n1", name, Limits.NONE))
                    .as(name)
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cgroups.children(name))
                    .as(name)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void version1WritesEachLimitToItsController() {
        Cgroups cgroups = version1();
        assertThat(cgroups.version()).isEqualTo(Cgroups.Version.V1);
        assertThat(cgroups.missing()).isEmpty();
        Cgroup group = cgroups.create("offcut_n1", "e1", new Limits(CpuSet.of(2, 3), 4096, 9));
        Path root = folder.resolve("v1");
        assertThat(root.resolve("cpuset/offcut_n1/cpuset.cpus")).hasContent("0-7");
        assertThat(root.resolve("cpuset/offcut_n1/e1/cpuset.cpus")).hasContent("2-3");
        assertThat(root.resolve("cpuset/offcut_n1/e1/cpuset.mems")).hasContent("0-1");
        assertThat(root.resolve("memory/offcut_n1/e1/memory.limit_in_bytes")).hasContent("4096");
        assertThat(root.resolve("memory/offcut_n1/e1/memory.memsw.limit_in_bytes")).doesNotExist();
        assertThat(root.resolve("pids/offcut_n1/e1/pids.max")).hasContent("9");
        assertThat(group.procsFiles())
                .hasSize(5)
                .contains(root.resolve("cpu,cpuacct/offcut_n1/e1/cgroup.procs"));
    }

    @Test
    void version1ReadsFigures() {
        version1();
        Path root = folder.resolve("v1");
        Recorded.tree(
                root,
                Map.of(
                        "cpuset/offcut_n1/e1/cpuset.cpus", "2-3\n",
                        "cpuset/offcut_n1/e1/cgroup.procs", "31\n0\n30\n",
                        "freezer/offcut_n1/e1/cgroup.procs", "30\n32\n",
                        "cpu,cpuacct/offcut_n1/e1/cpuacct.usage", "123456789\n",
                        "cpu,cpuacct/offcut_n1/e1/cpuacct.usage_percpu", "0 0 23 99 \n",
                        "memory/offcut_n1/e1/memory.usage_in_bytes", "1000\n",
                        "memory/offcut_n1/e1/memory.stat",
                                "cache 1\ntotal_inactive_file 300\ntotal_active_file 200\n",
                        "memory/offcut_n1/e1/memory.oom_control",
                                "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"));
        Cgroup group = Cgroups.detect(root, folder).children("offcut_n1").get(0);
        assertThat(group.cpus()).isEqualTo(CpuSet.of(2, 3));
        assertThat(group.pids()).containsExactly(30L, 31L, 32L);
        assertThat(group.cpuMicros()).isEqualTo(123_456);
        try (CgroupMeter meter = group.meter(new KernelText())) {
            assertThat(meter.cpuMicros()).isEqualTo(123_456);
            assertThat(meter.cpuNanosPerCpu()).containsExactly(0, 0, 23, 99);
            assertThat(meter.cpus()).isEqualTo(CpuSet.of(2, 3));
            assertThat(meter.lookAtMemory().memoryBytes()).isEqualTo(1000);
            assertThat(meter.memoryLimitBytes()).isEqualTo(-1);
            assertThat(meter.memoryStallMicros()).isEqualTo(-1);
        }
        assertThat(group.workingSetBytes()).isEqualTo(700);
        assertThat(group.heldBytes()).isEqualTo(500);
        assertThat(group.oomKills()).isEqualTo(2);
        assertThat(group.missing()).containsExactly("pids");
    }

    @Test
    void figuresWithoutTheirControllerAreMinusOne() {
        Path root = folder.resolve("poor");
        Recorded.tree(root, Map.of("freezer/cgroup.procs", ""));
        Cgroups cgroups = Cgroups.detect(root, folder);
        assertThat(cgroups.missing())
                .containsExactlyInAnyOrder("cpuset", "memory", "pids", "cpuacct");
        Cgroup group = cgroups.create("offcut_n1", "e1", new Limits(CpuSet.of(0), 4096, 9));
        assertThat(group.cpuMicros()).isEqualTo(-1);
        try (CgroupMeter meter = group.meter(new KernelText())) {
            assertThat(meter.cpuNanosPerCpu()).isNull();
            assertThat(meter.cpuMicros()).isEqualTo(-1);
            assertThat(meter.lookAtMemory().memoryBytes()).isEqualTo(-1);
        }
        assertThat(group.workingSetBytes()).isEqualTo(-1);
        assertThat(group.heldBytes()).isEqualTo(-1);
        assertThat(group.oomKills()).isEqualTo(-1);
        assertThat(group.cpus()).isEqualTo(CpuSet.empty());
    }

    @Test
    void version2WritesLimitsAndPassesControllersOn() {
        Cgroups cgroups = version2("cpuset cpu io memory pids\n", "/");
        assertThat(cgroups.version()).isEqualTo(Cgroups.Version.V2);
        assertThat(cgroups.missing()).isEmpty();
        Path root = folder.resolve("v2");
        Recorded.write(root.resolve("offcut_n1/e1x/memory.swap.max"), "max\n");
        Cgroup group = cgroups.create("offcut_n1", "e1", new Limits(CpuSet.of(2, 3), 4096, 9));
        // A plain file keeps the last write; the kernel adds each to the set.
        assertThat(root.resolve("cgroup.subtree_control")).hasContent("+pids");
        assertThat(root.resolve("offcut_n1/cgroup.subtree_control")).hasContent("+pids");
        assertThat(root.resolve("offcut_n1/e1/cpuset.cpus")).hasContent("2-3");
        assertThat(root.resolve("offcut_n1/e1/memory.max")).hasContent("4096");
        assertThat(root.resolve("offcut_n1/e1/pids.max")).hasContent("9");
        assertThat(group.procsFiles()).containsExactly(root.resolve("offcut_n1/e1/cgroup.procs"));
        assertThat(cgroups.children("offcut_n1"))
                .extracting(Cgroup::name)
                .containsExactly("e1", "e1x");
    }

    @Test
    void version2ReadsFigures() {
        Cgroups cgroups = version2("cpuset memory pids\n", "/");
        Recorded.tree(
                folder.resolve("v2/offcut_n1/e1"),
                Map.of(
                        "cgroup.controllers", "cpuset memory\n",
                        "cgroup.procs", "41\n40\n",
                        "cgroup.events", "populated 1\nfrozen 1\n",
                        "cpuset.cpus.effective", "1,5\n",
                        "cpu.stat", "usage_usec 777\nuser_usec 700\n",
                        "memory.current", "5000\n",
                        "memory.max", "6000\n",
                        "memory.stat", "anon 1\ninactive_file 1000\nactive_file 500\n",
                        "memory.events", "low 0\noom 1\noom_kill 4\n",
                        "nested/cgroup.procs", "42\n"));
        Recorded.write(
                folder.resolve("v2/offcut_n1/e1/memory.pressure"),
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=1234\nfull avg10=0.00 total=9\n");
        Cgroup group = cgroups.children("offcut_n1").get(0);
        assertThat(group.pids()).containsExactly(40L, 41L, 42L);
        assertThat(group.cpus()).isEqualTo(CpuSet.of(1, 5));
        assertThat(group.cpuMicros()).isEqualTo(777);
        try (CgroupMeter meter = group.meter(new KernelText())) {
            assertThat(meter.cpuMicros()).isEqualTo(777);
            assertThat(meter.cpuNanosPerCpu()).isNull();
            assertThat(meter.cpus()).isEqualTo(CpuSet.of(1, 5));
            assertThat(meter.lookAtMemory().memoryBytes()).isEqualTo(5000);
            assertThat(meter.memoryLimitBytes()).isEqualTo(6000);
            assertThat(meter.memoryStallMicros()).isEqualTo(1234);
        }
        assertThat(group.workingSetBytes()).isEqualTo(4000);
        assertThat(group.heldBytes()).isEqualTo(3500);
        assertThat(group.oomKills()).isEqualTo(4);
        assertThat(group.missing()).containsExactlyInAnyOrder("pids", "freezer");
        assertThat(group.freeze(1000)).isTrue();
        assertThat(folder.resolve("v2/offcut_n1/e1/cgroup.freeze")).hasContent("1");
        group.thaw();
        assertThat(folder.resolve("v2/offcut_n1/e1/cgroup.freeze")).hasContent("0");
    }

    @Test
    void version2SaysWhenAFreezeDoesNotTakeHold() {
        Cgroups cgroups = version2("cpuset memory pids\n", "/");
        Recorded.write(folder.resolve("v2/offcut_n1/e1/cgroup.events"), "populated 1\nfrozen 0\n");
        assertThat(cgroups.children("offcut_n1").get(0).freeze(20)).isFalse();
    }

    @Test
    void version2StepsAsideInItsDelegatedSubtree() throws Exception {
        String self = Long.toString(ProcessHandle.current().pid());
        Path service = folder.resolve("v2/system.slice/offcut.service");
        Recorded.tree(
                service,
                Map.of(
                        "cgroup.controllers", "memory pids\n",
                        "cgroup.subtree_control", "",
                        "cgroup.procs", self + "\n"));
        Cgroups cgroups = version2("cpuset memory pids\n", "/system.slice/offcut.service");
        assertThat(cgroups.missing()).containsExactly("cpuset");
        cgroups.stepAside();
        assertThat(service.resolve("daemon/cgroup.procs")).hasContent(self);
        cgroups.create("offcut_n1", "e1", Limits.NONE);
        assertThat(Files.isDirectory(service.resolve("offcut_n1/e1"))).isTrue();
        Cgroups after = version2("cpuset memory pids\n", "/system.slice/offcut.service/daemon");
        assertThat(after.children("offcut_n1")).extracting(Cgroup::name).containsExactly("e1");
    }

    @Test
    void version2DoesNotTakeOverASessionOfOthers() {
        Recorded.tree(
                folder.resolve("v2/user.slice/session"),
                Map.of("cgroup.subtree_control", "", "cgroup.procs", "1234567\n"));
        Cgroups cgroups = version2("cpuset memory pids\n", "/user.slice/session");
        cgroups.create("offcut_n1", "e1", Limits.NONE);
        assertThat(folder.resolve("v2/offcut_n1/e1")).isDirectory();
    }

    @Test
    void pathThatClimbsOutOfTheMountIsNotFollowed() {
        Cgroups cgroups = version2("cpuset memory pids\n", "/../../escape");
        cgroups.create("offcut_n1", "e1", Limits.NONE);
        assertThat(folder.resolve("v2/offcut_n1/e1")).isDirectory();
    }
}
