package io.offcut.simulator.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.ClusterSpec;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ClusterTest {
    private static final ClusterSpec SPEC = new ClusterSpec(12, 4, 4_000);

    @Test
    void fillsWholeNodesAndPutsTheRestWhereItFitsBest() {
        Cluster cluster = new Cluster(SPEC, Allocation.CORES, false, 0);
        cluster.place(3, 100);

        Placement placement = cluster.place(5, 100);

        // One whole node, and the one core that was left of the first.
        assertThat(placement.coresHeld()).isEqualTo(5);
        assertThat(idle(cluster)).containsExactly("", "", "0-3");
        assertThat(indexes(cluster.takeChanged())).containsExactly(0, 1);
        assertThat(cluster.takeChanged()).isEmpty();
    }

    @Test
    void givesCoresAndMemoryBack() {
        Cluster cluster = new Cluster(SPEC, Allocation.CORES, false, 0);
        Placement placement = cluster.place(2, 700);
        assertThat(cluster.node(0).freeMemoryBytes()).isEqualTo(2_600);
        assertThat(cluster.node(0).computesOn(CpuSet.of(1))).isTrue();

        cluster.remove(placement, 50);

        assertThat(cluster.node(0).freeMemoryBytes()).isEqualTo(4_000);
        assertThat(cluster.usedCores()).isZero();
        assertThat(cluster.node(0).idleSince(49)).isEqualTo(CpuSet.of(2, 3));
        assertThat(cluster.node(0).idleSince(50)).isEqualTo(CpuSet.range(0, 3));
        assertThat(cluster.node(0).nextIdleFor(10, 55)).isEqualTo(60);
        assertThat(cluster.node(0).nextIdleFor(10, 60)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aJobOfUnknownMemoryTakesItsShare() {
        Cluster cluster = new Cluster(SPEC, Allocation.CORES, false, 0);

        cluster.place(3, -1);

        assertThat(cluster.node(0).freeMemoryBytes()).isEqualTo(1_000);
    }

    @Test
    void wholeNodesKeepTheRestForNobodyElse() {
        Cluster cluster = new Cluster(SPEC, Allocation.NODES, false, 0);

        Placement first = cluster.place(5, -1);
        Placement second = cluster.place(5, -1);

        assertThat(first.coresHeld()).isEqualTo(8);
        assertThat(first.coresUsed()).isEqualTo(5);
        assertThat(cluster.node(1).isUnderused()).isFalse();
        assertThat(idle(cluster)).containsExactly("", "", "");
        assertThat(second.coresUsed()).isEqualTo(4);
        cluster.remove(first, 50);
        assertThat(cluster.node(1).idleSince(49)).isEqualTo(CpuSet.empty());
        assertThat(cluster.node(1).idleSince(50)).isEqualTo(CpuSet.range(0, 3));
    }

    @Test
    void whatAJobHoldsForNothingIsIdleOnlyWhenThatIsAskedFor() {
        Cluster cluster = new Cluster(SPEC, Allocation.NODES, true, 0);

        Placement first = cluster.place(5, -1);

        assertThat(cluster.node(1).isUnderused()).isTrue();
        assertThat(idle(cluster)).containsExactly("", "1-3", "0-3");
        cluster.remove(first, 50);
        assertThat(cluster.node(1).idleSince(49)).isEqualTo(CpuSet.range(1, 3));
    }

    @Test
    void theLastNodeMayBeSmaller() {
        Cluster cluster = new Cluster(ClusterSpec.of(10, 4), Allocation.CORES, false, 0);

        assertThat(cluster.size()).isEqualTo(3);
        assertThat(cluster.node(2).cores()).isEqualTo(2);
        assertThat(cluster.place(11, -1).coresUsed()).isEqualTo(10);
    }

    @Test
    void countingAgreesWithPlacing() {
        for (Allocation allocation : Allocation.values()) {
            Cluster cluster = new Cluster(SPEC, allocation, false, 0);
            PlacedJobs placed = new PlacedJobs(cluster, 5);
            CoreCounter counter = new CoreCounter(SPEC, allocation, 5);
            int[] cores = {3, 4, 1, 2, 5};
            for (int job = 0; job < cores.length; job++) {
                placed.place(job, cores[job], -1, null);
                counter.place(job, cores[job], -1, null);
                assertThat(counter.coresHeld(job)).isEqualTo(placed.coresHeld(job));
                assertThat(counter.coresUsed(job)).isEqualTo(placed.coresUsed(job));
            }
            assertThat(counter.usedCores()).isEqualTo(placed.usedCores());
            placed.remove(1, 5);
            counter.remove(1, 5);
            assertThat(counter.usedCores()).isEqualTo(placed.usedCores());
        }
    }

    @Test
    void noCoreIsHeldTwice() {
        SplittableRandom random = new SplittableRandom(5);
        for (Allocation allocation : Allocation.values()) {
            Cluster cluster = new Cluster(SPEC, allocation, false, 0);
            List<Placement> placements = new ArrayList<>();
            for (int step = 0; step < 1_000; step++) {
                if (random.nextBoolean() || placements.isEmpty()) {
                    placements.add(cluster.place(random.nextInt(1, 8), random.nextInt(500)));
                } else {
                    cluster.remove(placements.remove(random.nextInt(placements.size())), step);
                }
                assertThat(placements.stream().mapToInt(Placement::coresHeld).sum())
                        .isEqualTo(distinctCores(placements))
                        .isLessThanOrEqualTo(12);
            }
        }
    }

    private static int distinctCores(List<Placement> placements) {
        BitSet held = new BitSet();
        for (Placement placement : placements) {
            for (Placement.Part part : placement.parts()) {
                part.cores().stream().forEach(core -> held.set(part.node().index() * 4 + core));
            }
        }
        return held.cardinality();
    }

    private static List<String> idle(Cluster cluster) {
        return List.of(
                cluster.node(0).idleSince(0).toString(),
                cluster.node(1).idleSince(0).toString(),
                cluster.node(2).idleSince(0).toString());
    }

    private static List<Integer> indexes(List<Node> nodes) {
        return nodes.stream().map(Node::index).toList();
    }
}
