package io.offcut.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On trees of /sys/devices/system as other machines have them. */
final class CpuTopologyTest {
    @TempDir private Path system;

    private Path cpu() {
        return system.resolve("cpu");
    }

    /** Two sockets of two cores of two threads, numbered as Linux usually does: round about. */
    private CpuTopology twoSockets() {
        Recorded.write(cpu().resolve("online"), "0-7\n");
        for (int number = 0; number < 8; number++) {
            Path topology = cpu().resolve("cpu" + number + "/topology");
            String socket = number % 2 == 0 ? "0,2,4,6" : "1,3,5,7";
            Recorded.write(topology.resolve("package_cpus_list"), socket + "\n");
            String core = number % 4 + "," + (number % 4 + 4);
            Recorded.write(topology.resolve("core_cpus_list"), core + "\n");
        }
        Recorded.write(system.resolve("node/node0/cpulist"), "0,2,4,6\n");
        Recorded.write(system.resolve("node/node1/cpulist"), "1,3,5,7\n");
        Recorded.write(system.resolve("node/node2/cpulist"), "\n");
        return CpuTopology.read(cpu());
    }

    @Test
    void countsThroughSocketsAndCores() {
        CpuTopology topology = twoSockets();
        assertThat(topology.cores())
                .containsExactly(
                        CpuSet.of(0, 4), CpuSet.of(2, 6), CpuSet.of(1, 5), CpuSet.of(3, 7));
        assertThat(topology.hasSiblings()).isTrue();
        assertThat(topology.siblings(6)).isEqualTo(CpuSet.of(2, 6));
        assertThat(topology.siblings(99)).isEqualTo(CpuSet.of(99));
        assertThat(topology.numaNodes())
                .containsExactly(CpuSet.of(0, 2, 4, 6), CpuSet.of(1, 3, 5, 7));
    }

    @Test
    void countsThroughSharedCachesBeforeCoresAndReadsOlderNames() {
        Recorded.write(cpu().resolve("online"), "0-3");
        for (int number = 0; number < 4; number++) {
            Path topology = cpu().resolve("cpu" + number + "/topology");
            Path cache = cpu().resolve("cpu" + number + "/cache/index3");
            Recorded.write(topology.resolve("core_siblings_list"), "0-3");
            Recorded.write(topology.resolve("thread_siblings_list"), "" + number);
            Recorded.write(cache.resolve("shared_cpu_list"), number % 2 == 0 ? "0,2" : "1,3");
        }
        CpuTopology topology = CpuTopology.read(cpu());
        assertThat(topology.cores())
                .containsExactly(CpuSet.of(0), CpuSet.of(2), CpuSet.of(1), CpuSet.of(3));
        assertThat(topology.hasSiblings()).isFalse();
    }

    @Test
    void groupsThreadsOfACoreAndCoresOfANumaNode() {
        assertThat(twoSockets().byCore(CpuSet.of(0, 1, 2, 3, 4, 9)))
                .containsExactly(
                        CpuSet.of(0, 4), CpuSet.of(2), CpuSet.of(1), CpuSet.of(3), CpuSet.of(9));
    }

    @Test
    void machineThatDoesNotSayHasCoresOfOneThread() {
        CpuTopology unknown = CpuTopology.read(cpu());
        assertThat(unknown.cores()).isEmpty();
        assertThat(unknown.siblings(3)).isEqualTo(CpuSet.of(3));
        assertThat(unknown.byCore(CpuSet.of(1, 2))).containsExactly(CpuSet.of(1), CpuSet.of(2));
    }

    @Test
    void readsIsolatedCpus() {
        assertThat(CpuTopology.isolated(cpu())).isEqualTo(CpuSet.empty());
        Recorded.write(cpu().resolve("isolated"), "2-3,7\n");
        assertThat(CpuTopology.isolated(cpu())).isEqualTo(CpuSet.of(2, 3, 7));
    }
}
