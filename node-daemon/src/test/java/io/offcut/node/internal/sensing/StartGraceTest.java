package io.offcut.node.internal.sensing;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.SharePolicy;
import io.offcut.monitor.Allocations;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import io.offcut.monitor.CoreLoads;
import io.offcut.monitor.NodeSample;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StartGraceTest {
    private static Offer offer(String cores, long bytes) {
        return new Offer(
                "o", CpuSet.parse(cores), bytes, Offer.Reason.UNALLOCATED, Offer.UNKNOWN_UNTIL);
    }

    private static NodeSample sample(Map<Integer, Double> loads, Allocations allocations) {
        return new NodeSample(
                CpuSet.range(0, 3),
                CoreLoads.of(loads),
                CpuSet.empty(),
                allocations,
                0,
                CpuSet.empty(),
                0);
    }

    private static final NodeSample QUIET = sample(Map.of(), new Allocations.NoBatchSystem());

    @Test
    void keepsLeasedCoresForTheFirstSamples() {
        StartGrace grace = new StartGrace(List.of(offer("1-2", 100)), 0.5, 2, 3);
        assertThat(grace.apply(List.of(), QUIET)).containsExactly(offer("1-2", 100));
        assertThat(grace.apply(List.of(offer("0", 500)), QUIET)).containsExactly(offer("0-2", 500));
        assertThat(grace.apply(List.of(), QUIET)).isEmpty();
    }

    @Test
    void givesUpCoresThatOthersUse() {
        StartGrace grace = new StartGrace(List.of(offer("1-2", 100)), 0.5, 2, 3);
        NodeSample busy = sample(Map.of(1, 0.9, 2, 0.1), new Allocations.NoBatchSystem());
        assertThat(grace.apply(List.of(), busy)).containsExactly(offer("2", 100));
    }

    @Test
    void keepsMemoryThatIsLeasedWithoutCores() {
        StartGrace grace = new StartGrace(List.of(offer("", 100)), 0.5, 2, 3);
        assertThat(grace.apply(List.of(), QUIET)).containsExactly(offer("", 100));
        assertThat(grace.apply(List.of(offer("0", 500)), QUIET)).containsExactly(offer("0", 500));
        assertThat(grace.apply(List.of(), QUIET)).isEmpty();
    }

    @Test
    void believesABatchSystemAtOnce() {
        StartGrace grace = new StartGrace(List.of(offer("1-2", 100)), 0.5, 2, 3);
        assertThat(grace.apply(List.of(), sample(Map.of(), new Allocations.Known(0, List.of()))))
                .isEmpty();
    }

    private static Offer underused(String cores) {
        return new Offer(
                "job-7", CpuSet.parse(cores), 100, Offer.Reason.UNDERUSED, Offer.UNKNOWN_UNTIL);
    }

    private static Allocations record(SharePolicy policy) {
        return new Allocations.Known(
                0,
                List.of(
                        new JobShare(
                                "7",
                                CpuSet.range(0, 2),
                                0,
                                Offer.UNKNOWN_UNTIL,
                                policy,
                                JobUse.UNKNOWN)));
    }

    @Test
    void keepsWhatAJobLendsWhileItHoldsAndSharesIt() {
        StartGrace grace = new StartGrace(List.of(underused("1-3")), 0.5, 2, 3);
        NodeSample shared = sample(Map.of(), record(SharePolicy.SHARED));
        assertThat(grace.apply(List.of(), shared)).containsExactly(underused("1-2"));
        // The job uses core 2 in one sample: it does not come back.
        NodeSample busy = sample(Map.of(2, 0.9), record(SharePolicy.SHARED));
        assertThat(grace.apply(List.of(), busy)).containsExactly(underused("1"));
        assertThat(grace.apply(List.of(), shared)).containsExactly(underused("1"));
        assertThat(grace.apply(List.of(), shared)).isEmpty();
    }

    @Test
    void keepsNothingOfAJobThatDoesNotShare() {
        StartGrace grace = new StartGrace(List.of(underused("1-2")), 0.5, 2, 3);
        assertThat(grace.apply(List.of(), sample(Map.of(), record(SharePolicy.EXCLUSIVE))))
                .isEmpty();
        assertThat(grace.apply(List.of(), sample(Map.of(), record(SharePolicy.SHARED)))).isEmpty();
    }
}
