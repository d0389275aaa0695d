package io.offcut.simulator.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.ClusterSpec;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClusterTest {
    private static final ClusterSpec SPEC = new ClusterSpec(12, 4, 4_000);

    @Test
    void fillsWholeNodesAndPutsTheRestWhereItFitsBest() {
        Cluster cluster = new Cluster(SPEC, Allocation.CORES);
        cluster.place(3, null);

        Placement placement = cluster.place(5, null);

        // One whole node, and the one core that was left of the first.
        assertThat(placement.coresHeld()).isEqualTo(5);
        assertThat(free(cluster)).containsExactly("", "", "0-3");
        assertThat(indexes(cluster.takeChanged())).containsExactly(0, 1);
        assertThat(cluster.takeChanged()).isEmpty();
    }

    @Test
    void givesCoresBack() {
        Cluster cluster = new Cluster(SPEC, Allocation.CORES);
        Placement placement = cluster.place(2, null);
        assertThat(free(cluster)).containsExactly("2-3", "0-3", "0-3");

        cluster.remove(placement);

        assertThat(cluster.usedCores()).isZero();
        assertThat(free(cluster)).containsExactly("0-3", "0-3", "0-3");
    }

    @Test
    void nothingIsFreeOnANodeThatIsDownHoweverOftenItIs() {
        Cluster cluster = new Cluster(SPEC, Allocation.CORES);
        cluster.down(1, true);
        cluster.down(1, true);
        cluster.down(1, false);
        assertThat(free(cluster)).containsExactly("0-3", "", "0-3");
        cluster.down(1, false);
        assertThat(free(cluster)).containsExactly("0-3", "0-3", "0-3");
    }

    @Test
    void wholeNodesKeepTheRestForNobodyElse() {
        Cluster cluster = new Cluster(SPEC, Allocation.NODES);

        Placement first = cluster.place(5, null);
        Placement second = cluster.place(5, null);

        assertThat(first.coresHeld()).isEqualTo(8);
        assertThat(first.coresUsed()).isEqualTo(5);
        assertThat(free(cluster)).containsExactly("", "", "");
        assertThat(second.coresUsed()).isEqualTo(4);
        cluster.remove(first);
        assertThat(free(cluster)).containsExactly("0-3", "0-3", "");
    }

    @Test
    void theLastNodeMayBeSmaller() {
        Cluster cluster = new Cluster(ClusterSpec.of(10, 4), Allocation.CORES);

        assertThat(cluster.size()).isEqualTo(3);
        assertThat(cluster.node(2).cores()).isEqualTo(2);
        assertThat(cluster.place(11, null).coresUsed()).isEqualTo(10);
    }

    @Test
    void countingAgreesWithPlacing() {
        for (Allocation allocation : Allocation.values()) {
            Cluster cluster = new Cluster(SPEC, allocation);
            PlacedJobs placed = new PlacedJobs(cluster, 5);
            CoreCounter counter = new CoreCounter(SPEC, allocation, 5);
            int[] cores = {3, 4, 1, 2, 5};
            for (int job = 0; job < cores.length; job++) {
                placed.place(job, cores[job], null);
                counter.place(job, cores[job], null);
                assertThat(counter.coresHeld(job)).isEqualTo(placed.coresHeld(job));
                assertThat(counter.coresUsed(job)).isEqualTo(placed.coresUsed(job));
            }
            assertThat(counter.usedCores()).isEqualTo(placed.usedCores());
            placed.remove(1);
            counter.remove(1);
            assertThat(counter.usedCores()).isEqualTo(placed.usedCores());
        }
    }

    @Test
    void noCoreIsHeldTwice() {
        SplittableRandom random = new SplittableRandom(5);
        for (Allocation allocation : Allocation.values()) {
            Cluster cluster = new Cluster(SPEC, allocation);
            List<Placement> placements = new ArrayList<>();
            for (int step = 0; step < 1_000; step++) {
                if (random.nextBoolean() || placements.isEmpty()) {
                    placements.add(cluster.place(random.nextInt(1, 8), null));
                } else {
                    cluster.remove(placements.remove(random.nextInt(placements.size())));
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

    private static List<String> free(Cluster cluster) {
        return IntStream.range(0, 3)
                .mapToObj(cluster::node)
                .map(node -> CpuSet.of(IntStream.range(0, 4).filter(node::isFree).toArray()))
                .map(CpuSet::toString)
                .toList();
    }

    private static List<Integer> indexes(List<Node> nodes) {
        return nodes.stream().map(Node::index).toList();
    }
}
