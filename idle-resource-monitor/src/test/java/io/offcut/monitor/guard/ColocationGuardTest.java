package io.offcut.monitor.guard;

import static io.offcut.monitor.guard.ColocationGuard.Verdict.GO_ON;
import static io.offcut.monitor.guard.ColocationGuard.Verdict.HOLD;
import static io.offcut.monitor.guard.ColocationGuard.Verdict.WITHDRAW;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.guard.ColocationGuard.Finding;
import io.offcut.monitor.guard.ColocationGuard.Probe;
import io.offcut.testing.Seeds;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ColocationGuardTest {
    private static final CpuSet NODE = CpuSet.range(0, 3);
    private static final CpuSet JOB = CpuSet.range(0, 1);
    private static final CpuSet OWN_IDLE = CpuSet.of(1);
    private static final CpuSet NEIGHBOUR = CpuSet.range(2, 3);
    private static final long MINUTE = 60_000;
    private static final int JOBS = 300;

    private static SimulatedJob quiet(CpuSet functions, double slowdown, long seed) {
        return new SimulatedJob(
                JOB, functions, slowdown, SimulatedJob.gaussian(new Random(seed), 0.002), seed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"quiet", "noisy", "very noisy", "spiky"})
    void leavesFunctionsBesideJobsThatAreNotSlowed(String kind) {
        long seed = Seeds.next();
        long holds = 0;
        long withdrawals = 0;
        for (int job = 0; job < JOBS; job++) {
            Random random = new Random(seed + job);
            DoubleSupplier noise =
                    switch (kind) {
                        case "quiet" -> SimulatedJob.gaussian(random, 0.003);
                        case "noisy" -> SimulatedJob.gaussian(random, 0.03);
                        case "very noisy" -> SimulatedJob.gaussian(random, 0.3);
                        default -> SimulatedJob.spiky(random);
                    };
            SimulatedJob simulated =
                    new SimulatedJob(JOB, NEIGHBOUR, 0, noise, seed + job).run(60 * MINUTE);
            holds += simulated.count(HOLD);
            withdrawals += simulated.count(WITHDRAW);
        }
        double holdsPerHour = (double) holds / JOBS;
        double withdrawalsPerHour = (double) withdrawals / JOBS;
        assertThat(holdsPerHour).isLessThan(2);
        assertThat(withdrawalsPerHour).isLessThan(0.2);
    }

    @ParameterizedTest
    @CsvSource({"0.3, 0.03, 90", "0.1, 0.03, 90", "0.05, 0.03, 900", "0.03, 0.003, 90"})
    void withdrawsFunctionsFromAJobThatIsSlowed(double slowdown, double noise, long withinSeconds) {
        long seed = Seeds.next();
        for (int job = 0; job < JOBS; job++) {
            DoubleSupplier drawn = SimulatedJob.gaussian(new Random(seed + job), noise);
            SimulatedJob simulated =
                    new SimulatedJob(JOB, OWN_IDLE, slowdown, drawn, seed + job)
                            .runUntil(WITHDRAW, 1);
            assertThat(simulated.firstMillis(HOLD))
                    .as("stands still, seed %d", seed + job)
                    .isBetween(0L, simulated.firstMillis(WITHDRAW));
            assertThat(simulated.firstMillis(WITHDRAW))
                    .as("withdrawn, seed %d", seed + job)
                    .isBetween(0L, withinSeconds * 1000);
        }
    }

    @Test
    void seesASlowdownThatBeginsAfterHoursOfPeace() {
        SimulatedJob job = quiet(NEIGHBOUR, 0, 1).run(120 * MINUTE);
        assertThat(job.findings).isEmpty();
        long begun = job.nowMillis();
        job.slowdown(0.05);
        job.run(3 * MINUTE);
        assertThat(job.firstMillis(HOLD) - begun).isBetween(0L, 60_000L);
        assertThat(job.count(WITHDRAW)).isPositive();
    }

    @Test
    void staysAwayLongerEachTime() {
        SimulatedJob job = quiet(OWN_IDLE, 0.2, 2).run(60 * MINUTE);
        List<String> said =
                job.findings.stream()
                        .filter(each -> each.verdict() == WITHDRAW)
                        .map(Finding::text)
                        .toList();
        assertThat(said).hasSizeBetween(5, 8);
        assertThat(said.get(0)).endsWith("withdrawn for 30 s");
        assertThat(said.get(1)).endsWith("withdrawn for 60 s");
        assertThat(said.get(4)).endsWith("withdrawn for 480 s");
    }

    @Test
    void comesBackWhenTheJobIsSlowedNoMore() {
        SimulatedJob job = quiet(OWN_IDLE, 0.2, 3).runUntil(WITHDRAW, 1);
        assertThat(job.guard.withdrawn()).isEqualTo(JOB);
        assertThat(job.guard.reasons())
                .singleElement()
                .asString()
                .matches("guard: job 7 makes (19.9|20.0|20.1) % less progress beside functions .*")
                .contains("95 % interval", "bound 1.0 %");
        job.slowdown(0);
        job.run(10 * MINUTE);
        assertThat(job.guard.withdrawn().isEmpty()).isTrue();
        assertThat(job.guard.reasons()).isEmpty();
        assertThat(job.findings.getLast().text()).isEqualTo("job 7 is not slowed any more");
    }

    @Test
    void takesThoseOnTheJobsOwnCoresFirstAndThenThoseBeside() {
        SimulatedJob inside = quiet(OWN_IDLE.plus(NEIGHBOUR), 0.2, 4).runUntil(WITHDRAW, 1);
        assertThat(inside.guard.withdrawn()).isEqualTo(JOB);
        inside.runUntil(WITHDRAW, 2);
        assertThat(inside.guard.withdrawn()).isEqualTo(NODE);
        SimulatedJob beside = quiet(NEIGHBOUR, 0.2, 5).runUntil(WITHDRAW, 1);
        assertThat(beside.guard.withdrawn()).isEqualTo(NODE);
    }

    @Test
    void isNotTakenInByAJobThatWaitsAnyway() {
        ColocationGuard guard = new ColocationGuard(0.01, new SplittableRandom(1));
        look(guard, 0, "7");
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            // It has twice as many threads as cores.
            Pace beside = Pace.ofWaiting(0.5 + 0.002 * random.nextGaussian());
            Pace alone = Pace.ofWaiting(0.5 + 0.002 * random.nextGaussian());
            assertThat(guard.compare("7", beside, alone, 1000L * i)).isEmpty();
        }
        Finding found = null;
        for (int i = 200; found == null && i < 220; i++) {
            List<Finding> findings =
                    guard.compare("7", Pace.ofWaiting(0.532), Pace.ofWaiting(0.5), 1000L * i);
            found = findings.isEmpty() ? null : findings.getFirst();
        }
        assertThat(found).isNotNull();
        assertThat(found.verdict()).isEqualTo(HOLD);
        assertThat(found.text()).startsWith("job 7 waits").contains("longer for its CPUs");
    }

    private static List<Finding> look(ColocationGuard guard, long nowMillis, String... jobs) {
        List<JobShare> shares = List.of(jobs).stream().map(id -> new JobShare(id, JOB, 0)).toList();
        return guard.look(shares, NODE, OWN_IDLE, nowMillis);
    }

    @Test
    void aCounterThatMovesInLeapsIsNoSlowdown() {
        ColocationGuard guard = new ColocationGuard(0.01, new SplittableRandom(1));
        look(guard, 0, "7");
        Random random = new Random(2);
        int findings = 0;
        for (int i = 0; i < 1000; i++) {
            Pace beside = Pace.ofProgress(random.nextInt(4) == 0 ? 10 : 0);
            Pace alone = Pace.ofProgress(random.nextInt(4) == 0 ? 10 : 0);
            findings += guard.compare("7", beside, alone, 1000L * i).isEmpty() ? 0 : 1;
        }
        assertThat(findings).isLessThan(20);
    }

    @Test
    void forgetsAJobThatEnded() {
        SimulatedJob job = quiet(OWN_IDLE, 0.2, 6).runUntil(WITHDRAW, 1);
        List<Finding> findings = look(job.guard, job.nowMillis());
        assertThat(findings).singleElement().extracting(Finding::verdict).isEqualTo(GO_ON);
        assertThat(job.guard.withdrawn().isEmpty()).isTrue();
        assertThat(job.guard.compare("7", Pace.UNKNOWN, Pace.UNKNOWN, 0)).isEmpty();
    }

    @Test
    void keepsFunctionsStillForOnePartInFifty() {
        SimulatedJob job = quiet(NEIGHBOUR, 0, 7).run(10 * MINUTE);
        double still = 0;
        double all = 0;
        for (int i = 0; i < 2000; i++) {
            Probe probe = job.guard.next();
            assertThat(probe.windowMillis()).isBetween(100L, 200L);
            still += probe.windowMillis();
            all += probe.afterMillis() + 2 * probe.windowMillis();
        }
        assertThat(still / all).isBetween(0.017, 0.023);
    }

    @Test
    void saysWhatIsKnownWithItsInterval() {
        SimulatedJob job = quiet(NEIGHBOUR, 0.005, 8).run(10 * MINUTE);
        Interval interval = job.guard.slowdown("7", Evidence.PROGRESS);
        assertThat(interval.low()).isLessThan(0.005);
        assertThat(interval.high()).isGreaterThan(0.005);
        assertThat(interval.high() - interval.low()).isLessThan(0.004);
        assertThat(job.guard.slowdown("7", Evidence.WAITING).median()).isNaN();
    }
}
