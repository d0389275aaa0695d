package io.offcut.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuIdMapTest {
    @TempDir Path sys;

    /** Two sockets of two cores of two threads, numbered as Linux usually does: round about. */
    private void makeTwoSockets() throws IOException {
        Files.writeString(sys.resolve("online"), "0-7\n");
        for (int cpu = 0; cpu < 8; cpu++) {
            Path topology = Files.createDirectories(sys.resolve("cpu" + cpu + "/topology"));
            String socket = cpu % 2 == 0 ? "0,2,4,6" : "1,3,5,7";
            Files.writeString(topology.resolve("package_cpus_list"), socket + "\n");
            Files.writeString(
                    topology.resolve("core_cpus_list"), cpu % 4 + "," + (cpu % 4 + 4) + "\n");
        }
    }

    private CpuSet map(int slurmCpus, String cpuIds) {
        return CpuIdMap.ofTopology(sys, slurmCpus).toOperatingSystem(CpuSet.parse(cpuIds));
    }

    @Test
    void countsThroughSocketsCoresAndThreads() throws IOException {
        makeTwoSockets();

        assertThat(map(8, "0")).isEqualTo(CpuSet.of(0));
        assertThat(map(8, "1")).isEqualTo(CpuSet.of(4));
        assertThat(map(8, "0-3")).isEqualTo(CpuSet.of(0, 2, 4, 6));
        assertThat(map(8, "4,7")).isEqualTo(CpuSet.of(1, 7));
        assertThat(map(8, "0-7")).isEqualTo(CpuSet.range(0, 7));
    }

    @Test
    void takesAllThreadsOfACoreWhereSlurmCountsCores() throws IOException {
        makeTwoSockets();

        assertThat(map(4, "0")).isEqualTo(CpuSet.of(0, 4));
        assertThat(map(4, "1-2")).isEqualTo(CpuSet.of(2, 6, 1, 5));
    }

    @Test
    void countsThroughSharedCachesBeforeCores() throws IOException {
        Files.writeString(sys.resolve("online"), "0-3");
        for (int cpu = 0; cpu < 4; cpu++) {
            Path topology = Files.createDirectories(sys.resolve("cpu" + cpu + "/topology"));
            Path cache = Files.createDirectories(sys.resolve("cpu" + cpu + "/cache/index3"));
            Files.writeString(topology.resolve("core_siblings_list"), "0-3");
            Files.writeString(topology.resolve("thread_siblings_list"), "" + cpu);
            Files.writeString(cache.resolve("shared_cpu_list"), cpu % 2 == 0 ? "0,2" : "1,3");
        }

        assertThat(map(4, "0-1")).isEqualTo(CpuSet.of(0, 2));
    }

    @Test
    void countsAlikeOnMadeUpNodesAndWithoutATopology() throws IOException {
        assertThat(map(8, "1")).isEqualTo(CpuSet.of(1));
        makeTwoSockets();
        assertThat(map(64, "1,40")).isEqualTo(CpuSet.of(1, 40));
    }

    @Test
    void takesAnUnknownNumberAsEveryCpu() {
        CpuIdMap map = CpuIdMap.of(List.of(CpuSet.of(3), CpuSet.of(5)));

        assertThat(map.toOperatingSystem(CpuSet.of(1))).isEqualTo(CpuSet.of(5));
        assertThat(map.toOperatingSystem(CpuSet.of(0, 2))).isEqualTo(CpuSet.of(3, 5));
        assertThat(map.toOperatingSystem(CpuSet.empty())).isEqualTo(CpuSet.empty());
    }
}
