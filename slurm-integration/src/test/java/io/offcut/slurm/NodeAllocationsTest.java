package io.offcut.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NodeAllocationsTest {
    private static final CpuSet CORES = CpuSet.range(0, 7);
    private static final long MEMORY = 16_000L << 20;
    private static final Instant END = Instant.parse("2026-11-23T08:00:00Z");

    /** A controller whose answers the test sets. */
    private static final class FakeSlurm implements JobLookup {
        final Map<String, SlurmJob> jobs = new HashMap<>();
        final List<String> asked = new ArrayList<>();
        boolean silent;
        Runnable whileListing = () -> {};

        @Override
        public SlurmJob job(String jobId) {
            asked.add(jobId);
            refuseIfSilent();
            SlurmJob job = jobs.get(jobId);
            if (job == null) {
                throw new OffcutException(ErrorCode.NOT_FOUND, "no job " + jobId);
            }
            return job;
        }

        @Override
        public List<String> jobIdsOn(String node) {
            refuseIfSilent();
            List<String> ids = jobs.keySet().stream().sorted().toList();
            whileListing.run();
            return ids;
        }

        private void refuseIfSilent() {
            if (silent) {
                throw new OffcutException(ErrorCode.UNREACHABLE, "silent");
            }
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
                Map.of("n1", new NodeAllocation(CpuSet.parse(cores), memoryBytes)),
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

    @Test
    void countsJobsInAndOutByEvents() {
        node.reconcile();
        slurm.has("1", JobState.RUNNING, "0-2", 100);
        slurm.has("2", JobState.CONFIGURING, "5", 50);

        JobHolding first = node.jobStarting("1");
        node.jobStarting("2");

        assertThat(first)
                .isEqualTo(new JobHolding("1", CpuSet.range(0, 2), 100, false, false, END));
        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.parse("0-2,5"));
        assertThat(node.snapshot().heldMemoryBytes()).isEqualTo(150);
        assertThat(node.snapshot().jobs()).containsOnlyKeys("1", "2");

        slurm.asked.clear();
        node.jobEnded("1");
        assertThat(slurm.asked).isEmpty();
        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.of(5));
    }

    @Test
    void givesTheWholeNodeToAJobItCannotRead() {
        node.reconcile();
        slurm.silent = true;

        JobHolding holding = node.jobStarting("1");

        assertThat(holding.wholeNode()).isTrue();
        assertThat(holding.assumed()).isTrue();
        assertThat(node.snapshot().heldCores()).isEqualTo(CORES);
        assertThat(node.snapshot().heldMemoryBytes()).isEqualTo(MEMORY);
        assertThat(node.snapshot().settled()).isFalse();
        assertThat(node.reconcile()).isFalse();

        slurm.silent = false;
        slurm.has("1", JobState.RUNNING, "3", 10);
        assertThat(node.reconcile()).isTrue();
        assertThat(node.snapshot().heldCores()).isEqualTo(CpuSet.of(3));
    }

    @Test
    void givesTheWholeNodeToAJobWithADoubtfulRecordAndAsksNoMore() {
        slurm.jobs.put("1", record("1", JobState.RUNNING, "3", 10, false, false));

        assertThat(node.reconcile()).isTrue();

        assertThat(node.snapshot().heldCores()).isEqualTo(CORES);
        assertThat(node.snapshot().jobs().get("1"))
                .satisfies(job -> assertThat(job.assumed()).isTrue());
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
                    assertThat(job.assumed()).isFalse();
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

        node.jobStarting("1"); // requeued
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
                    node.jobStarting("2");
                    node.jobEnded("1");
                };

        node.reconcile();

        assertThat(node.snapshot().jobs()).containsOnlyKeys("2");
    }
}
