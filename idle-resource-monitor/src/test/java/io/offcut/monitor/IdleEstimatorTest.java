package io.offcut.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import io.offcut.monitor.Allocations.Known;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class IdleEstimatorTest {
    private static final long MIB = 1 << 20;
    private static final CpuSet FOUR = CpuSet.range(0, 3);
    private static final MonitorConfig CONFIG =
            MonitorConfig.defaults().withReserve(0, 100 * MIB, 0);

    private final IdleEstimator estimator = new IdleEstimator(CONFIG);

    private static NodeSample sample(Allocations allocations, CoreLoads loads) {
        return sample(allocations, loads, 1000 * MIB, 0);
    }

    private static NodeSample sample(
            Allocations allocations, CoreLoads loads, long availableBytes, long ownBytes) {
        return new NodeSample(
                FOUR, loads, CpuSet.empty(), allocations, availableBytes, CpuSet.empty(), ownBytes);
    }

    private static NodeSample idle(Allocations allocations) {
        return sample(allocations, CoreLoads.all(FOUR, 0));
    }

    private static Allocations none() {
        return new Allocations.NoBatchSystem();
    }

    private static Known known(JobShare... jobs) {
        return new Known(4000 * MIB, List.of(jobs));
    }

    private static JobShare job(long memoryBytes, JobUse use) {
        return new JobShare("7", CpuSet.of(0), memoryBytes).with(CpuSet.of(0), use);
    }

    private static CpuSet cores(List<Offer> offers) {
        return offers.stream().map(Offer::cores).reduce(CpuSet.empty(), CpuSet::plus);
    }

    private CpuSet coresAfter(NodeSample sample) {
        return cores(estimator.update(sample, 0));
    }

    private long memoryAfter(NodeSample sample) {
        return estimator.update(sample, 0).stream().mapToLong(Offer::memoryBytes).sum();
    }

    @Test
    void withoutBatchSystemOffersAfterEnoughIdleSamples() {
        assertThat(coresAfter(idle(none()))).isEqualTo(CpuSet.empty());
        assertThat(coresAfter(idle(none()))).isEqualTo(CpuSet.empty());
        assertThat(coresAfter(idle(none()))).isEqualTo(FOUR);
    }

    @Test
    void withoutBatchSystemOneBusySampleWithdrawsTheCoreAndItWaitsAgain() {
        CoreLoads busyTwo = CoreLoads.of(Map.of(0, 0.0, 1, 0.2, 2, 0.21, 3, 0.1));
        for (int i = 0; i < 3; i++) {
            coresAfter(idle(none()));
        }
        assertThat(coresAfter(sample(none(), busyTwo))).isEqualTo(CpuSet.of(0, 1, 3));
        assertThat(coresAfter(idle(none()))).isEqualTo(CpuSet.of(0, 1, 3));
        assertThat(coresAfter(idle(none()))).isEqualTo(CpuSet.of(0, 1, 3));
        assertThat(coresAfter(idle(none()))).isEqualTo(FOUR);
    }

    @Test
    void loadThatComesAndGoesNeverGetsTheCoreOffered() {
        CoreLoads busyZero = CoreLoads.of(Map.of(0, 0.9, 1, 0.0, 2, 0.0, 3, 0.0));
        for (int i = 0; i < 40; i++) {
            CpuSet offered = coresAfter(i % 3 == 2 ? sample(none(), busyZero) : idle(none()));
            assertThat(offered.contains(0)).as("sample %d", i).isFalse();
        }
    }

    @Test
    void batchSystemsFreeCoresAreOfferedAtOnce() {
        JobShare job = new JobShare("7", CpuSet.of(1, 2), 0);
        assertThat(coresAfter(idle(known(job)))).isEqualTo(CpuSet.of(0, 3));
        assertThat(coresAfter(idle(known()))).isEqualTo(FOUR);
        assertThat(coresAfter(idle(known(job)))).isEqualTo(CpuSet.of(0, 3));
    }

    @Test
    void coreOfAnEndedJobIsOfferedWhenItsLoadIsGone() {
        coresAfter(idle(known(new JobShare("7", CpuSet.of(1), 0))));
        CoreLoads stillBusy = CoreLoads.of(Map.of(0, 0.0, 1, 1.0, 2, 0.0, 3, 0.0));
        assertThat(coresAfter(sample(known(), stillBusy))).isEqualTo(CpuSet.of(0, 2, 3));
        assertThat(coresAfter(idle(known()))).isEqualTo(FOUR);
    }

    @Test
    void freeCoreThatOthersUseDoesNotFlap() {
        CoreLoads busyOne = CoreLoads.of(Map.of(0, 0.0, 1, 0.8, 2, 0.0, 3, 0.0));
        CpuSet others = CpuSet.of(0, 2, 3);
        assertThat(coresAfter(idle(known()))).isEqualTo(FOUR);
        assertThat(coresAfter(sample(known(), busyOne))).isEqualTo(others);
        assertThat(coresAfter(idle(known()))).isEqualTo(others);
        assertThat(coresAfter(sample(known(), busyOne))).isEqualTo(others);
        assertThat(coresAfter(idle(known()))).isEqualTo(others);
        assertThat(coresAfter(idle(known()))).isEqualTo(others);
        assertThat(coresAfter(idle(known()))).isEqualTo(FOUR);
    }

    @Test
    void batchSystemAloneDecidesOnCoresThatAreNotJudged() {
        CoreLoads unjudged = CoreLoads.of(Map.of());
        JobShare job = new JobShare("7", CpuSet.of(0), 0);
        assertThat(coresAfter(sample(known(job), unjudged))).isEqualTo(CpuSet.of(1, 2, 3));
        assertThat(coresAfter(sample(known(), unjudged))).isEqualTo(FOUR);
    }

    @Test
    void coreThatIsNotJudgedKeepsItsStanding() {
        CoreLoads unjudged = CoreLoads.of(Map.of());
        for (int i = 0; i < 5; i++) {
            assertThat(coresAfter(sample(none(), unjudged))).isEqualTo(CpuSet.empty());
        }
        for (int i = 0; i < 3; i++) {
            coresAfter(idle(none()));
        }
        assertThat(coresAfter(sample(none(), unjudged))).isEqualTo(FOUR);
    }

    @Test
    void offersNothingWhenDrainedUnknownOrAJobHasUnknownCores() {
        List<Allocations> silent =
                List.of(
                        new Allocations.Unknown(),
                        new Known(true, 4000 * MIB, Offer.UNKNOWN_UNTIL, List.of()),
                        known(new JobShare("7", CpuSet.empty(), 0)));
        for (Allocations allocations : silent) {
            assertThat(coresAfter(idle(known()))).isEqualTo(FOUR);
            assertThat(estimator.update(idle(allocations), 0)).as("%s", allocations).isEmpty();
        }
    }

    @Test
    void keepsReserveCoresAndOtherCpusOut() {
        IdleEstimator limited =
                new IdleEstimator(CONFIG.withCpus(CpuSet.of(1, 2, 3, 9)).withReserve(1, 0, 0));
        assertThat(cores(limited.update(idle(known()), 0))).isEqualTo(CpuSet.of(2, 3));
    }

    @Test
    void offerKeepsItsIdWhileItChanges() {
        Offer first = estimator.update(idle(known()), 0).get(0);
        Offer second = estimator.update(idle(known(new JobShare("7", CpuSet.of(1), 0))), 0).get(0);
        assertThat(second.offerId()).isEqualTo(first.offerId());
        assertThat(second.reason()).isEqualTo(Offer.Reason.UNALLOCATED);
        assertThat(second.cores()).isNotEqualTo(first.cores());
    }

    @Test
    void saysUntilWhenTheBatchSystemLeavesThePieceIdle() {
        Known planned = new Known(false, 4000 * MIB, 5000, List.of());
        assertThat(estimator.update(idle(planned), 4999).get(0).untilEpochMillis()).isEqualTo(5000);
        assertThat(estimator.update(idle(planned), 5000).get(0).untilEpochMillis())
                .isEqualTo(Offer.UNKNOWN_UNTIL);
    }

    @Test
    void gpusThatNoJobHoldsAreShownWithWhatIsUnallocated() {
        Known gpus =
                new Known(false, 4000 * MIB, Offer.UNKNOWN_UNTIL, List.of(), CpuSet.range(1, 3));
        assertThat(estimator.update(idle(gpus), 0).getFirst().gpus()).isEqualTo(CpuSet.range(1, 3));
        assertThat(estimator.update(idle(known()), 0).getFirst().gpus()).isEqualTo(CpuSet.empty());
    }

    @Test
    void memoryIsWhatIsAvailableWithoutTheReserve() {
        // 1000 available, 100 reserve, 16 so that small swings do not show.
        assertThat(memoryAfter(idle(known()))).isEqualTo(884 * MIB);
    }

    @Test
    void memoryOurExecutorsFillCountsAsOurs() {
        CoreLoads loads = CoreLoads.all(FOUR, 0);
        assertThat(memoryAfter(sample(known(), loads, 1000 * MIB, 0))).isEqualTo(884 * MIB);
        assertThat(memoryAfter(sample(known(), loads, 300 * MIB, 700 * MIB))).isEqualTo(884 * MIB);
    }

    @Test
    void memoryThatJobsWerePromisedIsNotOffered() {
        JobShare halfUsed = job(400 * MIB, new JobUse(1, 300 * MIB));
        assertThat(memoryAfter(idle(known(halfUsed)))).isEqualTo(784 * MIB);
        JobShare unmeasured = new JobShare("7", CpuSet.of(0), 400 * MIB);
        assertThat(memoryAfter(idle(known(unmeasured)))).isEqualTo(484 * MIB);
    }

    @Test
    void pageCacheOfAJobIsNotTakenForMemoryItHas() {
        // The kernel says of it that it is available: it must not be offered again.
        JobShare cached = job(400 * MIB, new JobUse(1, 300 * MIB, 100 * MIB, -1));
        assertThat(memoryAfter(idle(known(cached)))).isEqualTo(584 * MIB);
    }

    @Test
    void memoryIsNeverMoreThanTheBatchSystemHasLeft() {
        JobShare job = job(3900 * MIB, new JobUse(1, 3900 * MIB));
        assertThat(memoryAfter(idle(known(job)))).isEqualTo(100 * MIB);
        JobShare all = job(4000 * MIB, new JobUse(1, 4000 * MIB));
        assertThat(estimator.update(idle(known(all)), 0)).isEmpty();
    }

    @Test
    void memoryThatNoJobHoldsIsOfferedWhereJobsHoldAllCores() {
        JobShare all = new JobShare("7", FOUR, 3000 * MIB).with(FOUR, new JobUse(4, 2900 * MIB));
        assertThat(estimator.update(sample(known(all), CoreLoads.all(FOUR, 1)), 0))
                .singleElement()
                .satisfies(offer -> {
                    assertThat(offer.offerId()).isEqualTo(IdleEstimator.UNALLOCATED_ID);
                    assertThat(offer.cores().isEmpty()).isTrue();
                    // 1000 available, 100 reserved, 100 promised and not taken, 16 for swings.
                    assertThat(offer.memoryBytes()).isEqualTo(784 * MIB);
                });
        Known drained = new Known(true, 4000 * MIB, Offer.UNKNOWN_UNTIL, List.of(all));
        assertThat(estimator.update(idle(drained), 0)).isEmpty();
    }

    @Test
    void withoutAnIdleCoreThereIsNoMemoryWhereNobodyCountsIt() {
        JobShare all = new JobShare("7", FOUR, 0);
        assertThat(estimator.update(idle(new Known(0, List.of(all))), 0)).isEmpty();
        for (int i = 0; i < 5; i++) {
            assertThat(estimator.update(sample(none(), CoreLoads.all(FOUR, 1)), 0)).isEmpty();
        }
    }

    @Test
    void memoryLimitHolds() {
        IdleEstimator limited = new IdleEstimator(CONFIG.withReserve(0, 0, 200 * MIB));
        assertThat(limited.update(idle(known()), 0).get(0).memoryBytes()).isEqualTo(200 * MIB);
    }

    @Test
    void memoryGrowsInStepsAndShrinksAtOnce() {
        CoreLoads loads = CoreLoads.all(FOUR, 0);
        // Available MiB, and the MiB that should then be offered: 116 less, or as before.
        long[][] table = {
            {1000, 884}, // first
            {1010, 884}, // small swing up
            {990, 884}, // small swing down, within the headroom
            {984, 884}, // still within
            {983, 867}, // below: at once
            {1026, 867}, // 43 more is less than 5 %
            {1028, 912}, // 45 more is over 5 %
            {200, 84}, // at once
            {204, 84},
            {205, 89}, // 5 % of little
            {5000, 4000}, // all that the batch system has
        };
        for (long[] row : table) {
            assertThat(memoryAfter(sample(known(), loads, row[0] * MIB, 0)) / MIB)
                    .as("offered with %d MiB available", row[0])
                    .isEqualTo(row[1]);
        }
    }

    @Test
    void withTooLittleMemoryThereIsNoOffer() {
        CoreLoads loads = CoreLoads.all(FOUR, 0);
        assertThat(estimator.update(sample(known(), loads, 131 * MIB, 0), 0)).isEmpty();
        assertThat(estimator.update(sample(known(), loads, 132 * MIB, 0), 0)).hasSize(1);
    }
}
