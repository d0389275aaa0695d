package io.offcut.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuIdMapTest {
    /** Two sockets of two cores of two threads, numbered as Linux usually does: round about. */
    private static final List<CpuSet> TWO_SOCKETS =
            List.of(CpuSet.of(0, 4), CpuSet.of(2, 6), CpuSet.of(1, 5), CpuSet.of(3, 7));

    private static CpuSet map(List<CpuSet> cores, int slurmCpus, String cpuIds) {
        return CpuIdMap.ofCores(cores, slurmCpus).toOperatingSystem(CpuSet.parse(cpuIds));
    }

    @Test
    void countsThroughSocketsCoresAndThreads() {
        assertThat(map(TWO_SOCKETS, 8, "0")).isEqualTo(CpuSet.of(0));
        assertThat(map(TWO_SOCKETS, 8, "1")).isEqualTo(CpuSet.of(4));
        assertThat(map(TWO_SOCKETS, 8, "0-3")).isEqualTo(CpuSet.of(0, 2, 4, 6));
        assertThat(map(TWO_SOCKETS, 8, "4,7")).isEqualTo(CpuSet.of(1, 7));
        assertThat(map(TWO_SOCKETS, 8, "0-7")).isEqualTo(CpuSet.range(0, 7));
    }

    @Test
    void takesAllThreadsOfACoreWhereSlurmCountsCores() {
        assertThat(map(TWO_SOCKETS, 4, "0")).isEqualTo(CpuSet.of(0, 4));
        assertThat(map(TWO_SOCKETS, 4, "1-2")).isEqualTo(CpuSet.of(2, 6, 1, 5));
    }

    @Test
    void countsAlikeOnMadeUpNodesAndWithoutATopology() {
        assertThat(map(List.of(), 8, "1")).isEqualTo(CpuSet.of(1));
        assertThat(map(TWO_SOCKETS, 64, "1,40")).isEqualTo(CpuSet.of(1, 40));
    }

    @Test
    void takesAnUnknownNumberAsEveryCpu() {
        CpuIdMap map = CpuIdMap.of(List.of(CpuSet.of(3), CpuSet.of(5)));

        assertThat(map.toOperatingSystem(CpuSet.of(1))).isEqualTo(CpuSet.of(5));
        assertThat(map.toOperatingSystem(CpuSet.of(0, 2))).isEqualTo(CpuSet.of(3, 5));
        assertThat(map.toOperatingSystem(CpuSet.empty())).isEqualTo(CpuSet.empty());
    }
}
