package io.offcut.cli.pilot;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.cli.pilot.PilotPlan.Decision;
import io.offcut.cli.pilot.PilotPlan.Wanted;
import io.offcut.slurm.JobState;
import io.offcut.slurm.QueuedJob;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PilotPlanTest {
    private static final Duration LONG = Duration.ofHours(2);
    private static final Duration SHORT = Duration.ofMinutes(10);
    private static final long NOW = 1_000_000_000_000L;

    private final List<QueuedJob> queue = new ArrayList<>();
    private int jobs;

    @Test
    void fillsTheQueueWithAsManyOfEachLengthTheLongestFirst() {
        PilotPlan plan = new PilotPlan(5, List.of(SHORT, LONG), 100);
        assertThat(lengths(plan.look(queue, NOW))).containsExactly(LONG, SHORT, LONG, SHORT, LONG);
    }

    @Test
    void thoseThatRunCountAndTheLengthThatRunsOutIsQueuedAgain() {
        PilotPlan plan = new PilotPlan(4, List.of(SHORT, LONG), 100);
        add(JobState.RUNNING, LONG);
        add(JobState.PENDING, SHORT);
        assertThat(lengths(plan.look(queue, NOW))).containsExactly(LONG, LONG);
    }

    @Test
    void submitsNoMoreThanSoManyInAMinute() {
        PilotPlan plan = new PilotPlan(100, List.of(SHORT), 3);
        assertThat(lengths(plan.look(queue, NOW))).hasSize(3);
        assertThat(lengths(plan.look(queue, NOW + 59_999))).isEmpty();
        assertThat(lengths(plan.look(queue, NOW + 60_000))).hasSize(3);
    }

    @Test
    void afterFailuresOneIsQueuedToWaitTwiceAsLongEachTimeUntilPilotsAreGivenUp() {
        PilotPlan plan = new PilotPlan(1, List.of(SHORT), 100);
        assertThat(lengths(plan.look(queue, NOW))).hasSize(1);
        Duration before = Duration.ZERO;
        for (int failure = 1; failure < PilotPlan.MOST_FAILURES; failure++) {
            addEnded(plan, JobState.FAILED);
            List<Wanted> wanted = ((Decision.Go) plan.look(queue, NOW)).wanted();
            assertThat(wanted).hasSize(1);
            assertThat(wanted.getFirst().delay()).isGreaterThanOrEqualTo(before.multipliedBy(2));
            before = wanted.getFirst().delay();
            assertThat(before).isPositive();
        }
        addEnded(plan, JobState.NODE_FAIL);
        assertThat(plan.look(queue, NOW)).isInstanceOf(Decision.GiveUp.class);
    }

    @Test
    void whileOneTriesAgainTheOthersWait() {
        PilotPlan plan = new PilotPlan(4, List.of(SHORT), 100);
        addEnded(plan, JobState.FAILED);
        assertThat(lengths(plan.look(queue, NOW))).hasSize(1);
        add(JobState.PENDING, SHORT);
        assertThat(lengths(plan.look(queue, NOW))).isEmpty();
    }

    @Test
    void oneThatRunsForAMinuteEndsTheCaution() {
        PilotPlan plan = new PilotPlan(4, List.of(SHORT), 100);
        addEnded(plan, JobState.FAILED);
        assertThat(plan.look(queue, NOW)).isInstanceOf(Decision.Go.class);
        assertThat(plan.failures()).isEqualTo(1);
        add(JobState.RUNNING, SHORT);
        assertThat(lengths(plan.look(queue, NOW + 60_000))).hasSize(3);
        assertThat(plan.pause()).isZero();
    }

    @Test
    void oneThatLeftAtAPreemptionIsNoFailure() {
        for (JobState end : List.of(JobState.COMPLETED, JobState.PREEMPTED, JobState.TIMEOUT)) {
            PilotPlan plan = new PilotPlan(1, List.of(SHORT), 100);
            queue.clear();
            addEnded(plan, end);
            List<Wanted> wanted = ((Decision.Go) plan.look(queue, NOW)).wanted();
            assertThat(wanted).as("%s", end).containsExactly(new Wanted(SHORT, Duration.ZERO));
        }
    }

    @Test
    void oneThatSomebodyCancelsIsTheLast() {
        PilotPlan plan = new PilotPlan(2, List.of(SHORT), 100);
        addEnded(plan, JobState.CANCELLED);
        assertThat(plan.look(queue, NOW)).isInstanceOf(Decision.Cancelled.class);
    }

    @Test
    void thoseThatWereCancelledBeforeSayNothing() {
        PilotPlan plan = new PilotPlan(2, List.of(SHORT), 100);
        add(JobState.CANCELLED, SHORT);
        assertThat(lengths(plan.look(queue, NOW))).hasSize(2);
    }

    @Test
    void oneThatSlurmHasForgottenCountsAsFailed() {
        PilotPlan plan = new PilotPlan(1, List.of(SHORT), 100);
        add(JobState.RUNNING, SHORT);
        assertThat(lengths(plan.look(queue, NOW))).isEmpty();
        queue.clear();
        assertThat(plan.look(queue, NOW)).isInstanceOf(Decision.Go.class);
        assertThat(plan.failures()).isEqualTo(1);
    }

    private static List<Duration> lengths(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Go.class);
        return ((Decision.Go) decision).wanted().stream().map(Wanted::length).toList();
    }

    private QueuedJob add(JobState state, Duration limit) {
        QueuedJob job =
                new QueuedJob(
                        String.valueOf(++jobs),
                        state,
                        "idle",
                        limit,
                        Instant.ofEpochMilli(NOW),
                        null,
                        "n1",
                        "");
        queue.add(job);
        return job;
    }

    /** One that was seen while it was active, and then ended. */
    private void addEnded(PilotPlan plan, JobState end) {
        QueuedJob job = add(JobState.PENDING, SHORT);
        plan.submitted(job);
        queue.remove(job);
        queue.add(
                new QueuedJob(job.jobId(), end, "idle", SHORT, job.start(), job.start(), "n1", ""));
    }
}
