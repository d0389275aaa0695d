package io.offcut.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.SharePolicy;
import io.offcut.slurm.JobHolding.Evidence;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NodeAllocationsTest {
    private static final CpuSet CORES = CpuSet.range(0, 7);
    private static final long MEMORY = 16_000L << 20;
    private static final Instant END = Instant.parse("2026-11-23T08:00:00Z");

    /** A controller whose answers the test sets. */
    private static final class FakeSlurm implements JobLookup {
        final Map<String, SlurmJob> jobs = new HashMap<>();
        final List<String> asked = new ArrayList<>();
        boolean unreadable;
        Runnable whileListing = () -> {};

        @Override
        public SlurmJob job(String jobId) {
            asked.add(jobId);
            if (unreadable) {
                throw new OffcutException(ErrorCode.UNREACHABLE, "silent");
            }
            SlurmJob job = jobs.get(jobId);
            if (job == null) {
                throw new OffcutException(ErrorCode.NOT_FOUND, "no job " + jobId);
            }
            return job;
        }

        @Override
        public List<String> jobIdsOn(String node) {
            List<String> ids = jobs.keySet().stream().sorted().toList();
            whileListing.run();
            return ids;
        }

        void has(String id, JobState state, String cores, long memoryBytes) {
            jobs.put(id, record(id, state, cores, memoryBytes, false, true));
        }
    }

    private static SlurmJob record(
            String id,
            JobState state,
            String cores,
            long memoryBytes,
            boolean exclusive,
            boolean certain) {
        return new SlurmJob(
                id,
                null,
                null,
                "name",
                "ada",
                1001,
                state,
                "batch",
                null,
                END,
                exclusive,
                List.of("n1"),
                Map.of("n1", new NodeAllocation(CpuSet.parse(cores), memoryBytes, CpuSet.empty())),
                certain);
    }

    private final FakeSlurm slurm = new FakeSlurm();
    private final NodeAllocations node =
            new NodeAllocations("n1", CORES, MEMORY, slurm, CpuIdMap.identity());

    @Test
    void holdsTheWholeNodeUntilItKnows() {
        assertThat(node.snapshot().heldCores()).isEqualTo(CORES);
        assertThat(node.snapshot().heldMemoryBytes()).isEqualTo(MEMORY);
        assertThat(node.snapshot().settled()).isFalse();

        assertThat(node.reconcile()).isTrue();

        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.empty());
        assertThat(node.snapshot().heldMemoryBytes()).isZero();
        assertThat(node.snapshot().settled()).isTrue();
    }

    private static JobAllocation told(String job, String cores, long memoryBytes) {
        return new JobAllocation(job, "extern", CpuSet.parse(cores), memoryBytes, -1, null, null);
    }

    private static JobHolding holds(String job, String cores, long memoryBytes) {
        return new JobHolding(
                job,
                CpuSet.parse(cores),
                memoryBytes,
                false,
                Evidence.TOLD,
                null,
                SharePolicy.EXCLUSIVE,
                null);
    }

    @Test
    void countsJobsInAndOutByEventsAndAsksNobody() {
        node.reconcile();
        slurm.asked.clear();

        assertThat(node.jobAllocated(told("1", "0-2", 100))).isEqualTo(holds("1", "0-2", 100));
        node.jobAllocated(told("2", "5", 50));

        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.parse("0-2,5"));
        assertThat(node.snapshot().heldMemoryBytes()).isEqualTo(150);
        assertThat(node.snapshot().jobs()).containsOnlyKeys("1", "2");
        assertThat(node.snapshot().settled()).isTrue();

        node.jobEnded("1");
        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.of(5));
        assertThat(slurm.asked).isEmpty();
    }

    @Test
    void foreseesTheFirstFreeCoresOfAJobWhoseStepsHaveNotSpoken() {
        node.reconcile();
        node.jobAllocated(told("1", "1-2", 100));

        JobHolding two = node.jobStarting(new JobStart("2", 2, SharePolicy.EXCLUSIVE));

        assertThat(two.evidence()).isEqualTo(Evidence.EXPECTED);
        assertThat(two.cores()).isEqualTo(CpuSet.of(0, 3));
        assertThat(node.snapshot().expectedCores()).isEqualTo(CpuSet.of(0, 3));
        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.of(1, 2));
        assertThat(node.snapshot().settled()).isFalse();
        assertThat(node.jobStarting(new JobStart("3", 4, null)).cores())
                .as("as many as are left")
                .isEqualTo(CpuSet.range(4, 7));
        assertThat(node.jobStarting(new JobStart("4", 9, null)).cores()).isEqualTo(CpuSet.empty());

        JobHolding told = node.jobAllocated(told("2", "6-7", 30));
        assertThat(told.cores()).isEqualTo(CpuSet.of(6, 7));
        assertThat(told.share()).isEqualTo(SharePolicy.EXCLUSIVE);
        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.of(1, 2, 6, 7));
        assertThat(node.jobStarting(new JobStart("2", 2, null)))
                .as("known already")
                .isEqualTo(told);
    }

    @Test
    void aJobWhoseStartWasNotHeardIsLeftAloneUntilItSpeaks() {
        slurm.has("1", JobState.RUNNING, "3", 10);
        node.reconcile();
        assertThat(shareOf("1")).isEqualTo(SharePolicy.EXCLUSIVE);

        node.jobAllocated(told("1", "3", 10));
        assertThat(shareOf("1")).as("a step that says nothing").isEqualTo(SharePolicy.EXCLUSIVE);

        node.jobAllocated(
                new JobAllocation("1", "0", CpuSet.of(3), 10, -1, SharePolicy.SHARED, null));
        node.reconcile();
        assertThat(shareOf("1")).isEqualTo(SharePolicy.SHARED);
    }

    @Test
    void aJobThatSaysNothingIsHeardToSayNothing() {
        node.reconcile();
        node.jobStarting(new JobStart("1", 1, null));
        node.jobAllocated(told("1", "3", 10));

        assertThat(shareOf("1")).isNull();
    }

    private @Nullable SharePolicy shareOf(String job) {
        return Objects.requireNonNull(node.snapshot().jobs().get(job)).share();
    }

    @Test
    void aJobOfUnknownSizeMayGetAnyFreeCore() {
        node.reconcile();
        node.jobAllocated(told("1", "0-5", 100));

        assertThat(node.jobStarting(new JobStart("2", 0, null)).cores()).isEqualTo(CpuSet.of(6, 7));
    }

    @Test
    void foreseesBeforeAnythingIsKnown() {
        assertThat(node.jobStarting(new JobStart("1", 2, null)).cores()).isEqualTo(CpuSet.of(0, 1));
        assertThat(node.snapshot().heldCores()).isEqualTo(CORES);
    }

    @Test
    void asksSlurmForAJobWhoseStepsNeverSpeak() {
        node.reconcile();
        slurm.has("1", JobState.RUNNING, "3", 10);
        node.jobStarting(new JobStart("1", 2, SharePolicy.EXCLUSIVE));

        assertThat(node.reconcile()).isTrue();

        assertThat(node.snapshot().jobs().get("1"))
                .isEqualTo(
                        new JobHolding(
                                "1",
                                CpuSet.of(3),
                                10,
                                false,
                                Evidence.TOLD,
                                END,
                                SharePolicy.EXCLUSIVE,
                                CpuSet.empty()));
        assertThat(node.snapshot().expectedCores()).isEqualTo(CpuSet.empty());
    }

    @Test
    void sameWordsOfALaterStepChangeNothing() {
        node.reconcile();
        JobHolding first = node.jobAllocated(told("1", "0", 100));
        slurm.has("1", JobState.RUNNING, "0", 100);
        node.reconcile();

        JobHolding again = node.jobAllocated(told("1", "0", 100));

        assertThat(first.expectedEnd()).isNull();
        assertThat(again.expectedEnd()).as("kept from the record").isEqualTo(END);
        assertThat(node.jobAllocated(told("1", "0", 100))).isSameAs(again);
    }

    @Test
    void aJobWhoseStepCouldNotTellItsCoresMayBeOnAny() {
        node.reconcile();
        JobAllocation silent =
                new JobAllocation("1", "extern", CpuSet.empty(), 100, -1, null, null);

        assertThat(node.jobAllocated(silent).cores()).isEqualTo(CORES);
        assertThat(node.snapshot().expectedCores()).isEqualTo(CORES);
        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.empty());
        assertThat(node.snapshot().settled()).isFalse();

        slurm.has("1", JobState.RUNNING, "3", 10);
        assertThat(node.reconcile()).isTrue();
        assertThat(node.jobAllocated(silent).cores()).isEqualTo(CpuSet.of(3));
    }

    @Test
    void doubtsAJobWhoseAllocationIsHeardAfterItsEnd() {
        node.reconcile();
        node.jobEnded("1");

        node.jobAllocated(told("1", "0", 100));

        assertThat(node.doubted("1")).isTrue();
        assertThat(node.reconcile()).isTrue();
        assertThat(node.snapshot().jobs()).isEmpty();
    }

    @Test
    void aPrologTakesNothingFromAJobThatMayHoldEverything() {
        slurm.has("1", JobState.RUNNING, "3", 10);
        slurm.unreadable = true;
        node.reconcile();

        node.jobStarting(new JobStart("1", 1, null));

        assertThat(node.snapshot().heldCores()).isEqualTo(CORES);
    }

    @Test
    void knowsWhichStepsOfAJobRun() {
        node.reconcile();
        node.jobAllocated(told("1", "0", 100));
        node.jobAllocated(new JobAllocation("1", "0", CpuSet.of(0), 100, -1, null, null));
        assertThat(node.steps("1")).containsExactlyInAnyOrder("extern", "0");

        node.stepEnded("1", "0");
        node.stepEnded("1", "never");
        node.stepEnded("2", "0");
        assertThat(node.steps("1")).containsExactly("extern");

        node.jobEnded("1");
        assertThat(node.steps("1")).isEmpty();
    }

    @Test
    void givesTheWholeNodeToAJobOnCoresThatItHasNot() {
        node.reconcile();

        JobHolding holding = node.jobAllocated(told("1", "7-8", 100));

        assertThat(holding.wholeNode()).isTrue();
        assertThat(node.snapshot().heldCores()).isEqualTo(CORES);
    }

    @Test
    void givesTheWholeNodeToAJobItCannotRead() {
        slurm.has("1", JobState.RUNNING, "3", 10);
        slurm.unreadable = true;

        assertThat(node.reconcile()).isFalse();

        assertThat(node.snapshot().jobs().get("1"))
                .isEqualTo(
                        new JobHolding(
                                "1",
                                CORES,
                                MEMORY,
                                true,
                                Evidence.ASSUMED,
                                null,
                                SharePolicy.EXCLUSIVE,
                                null));
        assertThat(node.snapshot().heldCores()).isEqualTo(CORES);
        assertThat(node.snapshot().heldMemoryBytes()).isEqualTo(MEMORY);
        assertThat(node.snapshot().settled()).isFalse();

        slurm.unreadable = false;
        assertThat(node.reconcile()).isTrue();
        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.of(3));
    }

    @Test
    void givesTheWholeNodeToAJobWithADoubtfulRecordAndAsksNoMore() {
        slurm.jobs.put("1", record("1", JobState.RUNNING, "3", 10, false, false));

        assertThat(node.reconcile()).isTrue();

        assertThat(node.snapshot().heldCores()).isEqualTo(CORES);
        assertThat(node.snapshot().jobs().get("1"))
                .satisfies(job -> assertThat(job.evidence()).isEqualTo(Evidence.ASSUMED));
    }

    @Test
    void givesAllCoresButOnlyItsMemoryToAnExclusiveJob() {
        slurm.jobs.put("1", record("1", JobState.RUNNING, "0-1", 10, true, true));

        node.reconcile();

        assertThat(node.snapshot().heldCores()).isEqualTo(CORES);
        assertThat(node.snapshot().heldMemoryBytes()).isEqualTo(10);
        assertThat(node.snapshot().jobs().get("1"))
                .satisfies(job -> {
                    assertThat(job.wholeNode()).isTrue();
                    assertThat(job.evidence()).isEqualTo(Evidence.TOLD);
                });
    }

    @Test
    void saysWhenSlurmTracksNoMemory() {
        slurm.has("1", JobState.RUNNING, "0", 0);
        slurm.has("2", JobState.RUNNING, "1", 10);

        node.reconcile();

        assertThat(node.snapshot().memoryTracked()).isFalse();
        assertThat(node.snapshot().heldMemoryBytes()).isEqualTo(10);
    }

    @Test
    void neverHoldsMoreMemoryThanTheNodeHas() {
        slurm.has("1", JobState.RUNNING, "0", Long.MAX_VALUE / 4);
        slurm.has("2", JobState.RUNNING, "1", Long.MAX_VALUE / 4);

        node.reconcile();

        assertThat(node.snapshot().heldMemoryBytes()).isEqualTo(MEMORY);
    }

    @Test
    void mapsCpuNumbersToThoseOfTheOperatingSystem() {
        List<CpuSet> table =
                IntStream.of(0, 4, 1, 5, 2, 6, 3, 7).mapToObj(cpu -> CpuSet.of(cpu)).toList();
        NodeAllocations mapped =
                new NodeAllocations("n1", CORES, MEMORY, slurm, CpuIdMap.of(table));
        slurm.has("1", JobState.RUNNING, "0-1", 1);

        mapped.reconcile();

        assertThat(mapped.snapshot().heldCores()).isEqualTo(CpuSet.of(0, 4));
        assertThat(mapped.jobStarting(new JobStart("9", 2, null)).cores())
                .as("in Slurm's order")
                .isEqualTo(CpuSet.of(1, 5));
        mapped.jobEnded("9");
        slurm.has("1", JobState.RUNNING, "0,99", 1);
        mapped.reconcile();
        assertThat(mapped.snapshot().heldCores()).isEqualTo(CORES);
    }

    @Test
    void forgetsAtReconciliationWhatSlurmNoLongerLists() {
        slurm.has("1", JobState.RUNNING, "0", 1);
        slurm.has("2", JobState.RUNNING, "1", 1);
        node.reconcile();
        slurm.jobs.remove("1");
        slurm.has("2", JobState.COMPLETED, "1", 1);

        assertThat(node.reconcile()).isTrue();

        assertThat(node.snapshot().jobs()).isEmpty();
    }

    @Test
    void doesNotTakeUpAgainAJobWhoseEpilogHasRun() {
        slurm.has("1", JobState.COMPLETING, "0", 1);
        node.jobEnded("1");

        assertThat(node.reconcile()).isTrue();
        assertThat(node.snapshot().jobs()).isEmpty();

        node.jobStarting(new JobStart("1", 1, null)); // requeued
        assertThat(node.snapshot().jobs()).containsOnlyKeys("1");
    }

    @Test
    void isNotSettledWhileAJobItOnlyHeardOfFromSlurmIsEnding() {
        slurm.has("1", JobState.COMPLETING, "0", 1);

        assertThat(node.reconcile()).isFalse();
        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.of(0));

        node.jobEnded("1");
        assertThat(node.snapshot().settled()).isTrue();
    }

    @Test
    void believesEventsThatComeDuringAReconciliation() {
        slurm.has("1", JobState.RUNNING, "0", 1);
        node.reconcile();
        slurm.whileListing =
                () -> {
                    slurm.has("2", JobState.RUNNING, "1", 1);
                    node.jobAllocated(told("2", "1", 1));
                    node.jobEnded("1");
                };

        node.reconcile();

        assertThat(node.snapshot().jobs()).containsOnlyKeys("2");
    }
}
