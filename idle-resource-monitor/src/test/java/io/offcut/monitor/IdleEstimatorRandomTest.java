package io.offcut.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.SharePolicy;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import io.offcut.testing.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What must hold after every sample, whatever came before. */
final class IdleEstimatorRandomTest {
    private static final int HISTORIES = 300;
    private static final int SAMPLES = 60;
    private static final long MIB = 1 << 20;

    private static long underused;

    @BeforeEach
    void countsAnew() {
        underused = 0;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 20_260_101, 0})
    void neverOffersWhatIsNotIdle(long fixedSeed) {
        long seed = fixedSeed == 0 ? Seeds.next() : fixedSeed;
        for (int history = 0; history < HISTORIES; history++) {
            run(new Random(seed + history), "seed " + (seed + history));
        }
        assertThat(underused).as("offers of what jobs leave unused").isGreaterThan(300);
    }

    private static void run(Random random, String seed) {
        MonitorConfig config = config(random);
        IdleEstimator estimator = new IdleEstimator(config);
        IdleEstimator twin = new IdleEstimator(config);
        CpuSet node = CpuSet.range(0, random.nextInt(12));
        // Records that stay for a while, so that jobs are seen to idle.
        Allocations allocations = allocations(random, node);
        for (int i = 0; i < SAMPLES; i++) {
            allocations = random.nextInt(8) == 0 ? allocations(random, node) : allocations;
            NodeSample sample = sample(random, node, used(random, allocations));
            List<Offer> offers = estimator.update(sample, i);
            String where = seed + ", sample " + i;
            assertThat(twin.update(sample, i)).as(where).isEqualTo(offers);
            check(config, sample, offers, where);
            underused += offers.stream().filter(IdleEstimatorRandomTest::isUnderused).count();
        }
    }

    private static boolean isUnderused(Offer offer) {
        return offer.reason() == Offer.Reason.UNDERUSED;
    }

    private static void check(
            MonitorConfig config, NodeSample sample, List<Offer> offers, String where) {
        CpuSet seen = CpuSet.empty();
        long bytes = 0;
        CpuSet permitted = config.cpus().isEmpty() ? sample.cores() : config.cpus();
        for (Offer offer : offers) {
            assertThat(sample.cores().intersect(permitted).containsAll(offer.cores()))
                    .as(where)
                    .isTrue();
            assertThat(offer.cores().intersects(seen)).as("%s: %s", where, offers).isFalse();
            seen = seen.plus(offer.cores());
            for (int core : offer.cores().toArray()) {
                assertThat(sample.foreignLoads().of(core) > config.busyThreshold())
                        .as("%s: core %d is busy", where, core)
                        .isFalse();
            }
            assertThat(offer.memoryBytes()).as(where).isPositive();
            bytes += offer.memoryBytes();
            if (sample.allocations() instanceof Allocations.Known known) {
                checkAgainst(known, offer, where);
            } else {
                assertThat(offer.cores().isEmpty()).as(where).isFalse();
                assertThat(sample.allocations())
                        .as(where)
                        .isInstanceOf(Allocations.NoBatchSystem.class);
            }
        }
        if (!offers.isEmpty()) {
            assertThat(bytes).as(where).isLessThanOrEqualTo(presentBytes(config, sample));
        }
    }

    /** What functions may fill without taking what jobs have or, unless they lend it, may take. */
    private static long presentBytes(MonitorConfig config, NodeSample sample) {
        long bytes =
                sample.memoryAvailableBytes()
                        + sample.ownMemoryBytes()
                        - config.reserveMemoryBytes();
        if (sample.allocations() instanceof Allocations.Known known) {
            for (JobShare job : known.jobs()) {
                if (!job.policy().shared()) {
                    bytes -= Math.max(0, job.memoryBytes() - Math.max(0, job.use().heldBytes()));
                }
            }
        }
        return bytes;
    }

    private static void checkAgainst(Allocations.Known known, Offer offer, String where) {
        assertThat(known.drained()).as(where).isFalse();
        long promised = 0;
        for (JobShare job : known.jobs()) {
            boolean lends = offer.offerId().equals(IdleEstimator.underusedId(job.jobId()));
            if (lends) {
                checkLent(job, offer, where);
            } else {
                assertThat(offer.cores().intersects(job.cores())).as(where).isFalse();
            }
            promised += job.memoryBytes();
        }
        if (isUnderused(offer) || known.memoryBytes() == 0) {
            assertThat(offer.cores().isEmpty()).as(where).isFalse();
        } else {
            assertThat(offer.memoryBytes())
                    .as(where)
                    .isLessThanOrEqualTo(known.memoryBytes() - promised);
        }
    }

    private static void checkLent(JobShare job, Offer offer, String where) {
        assertThat(job.policy().shared()).as(where).isTrue();
        assertThat(job.cores().containsAll(offer.cores())).as(where).isTrue();
        assertThat(offer.cores().size())
                .as("%s: %s", where, job)
                .isLessThanOrEqualTo(job.policy().maxCores());
        if (job.use().busyCores() >= 0) {
            assertThat(offer.cores().size() + job.use().busyCores())
                    .as("%s: %s", where, job)
                    .isLessThanOrEqualTo(job.cores().size() + 0.9);
        }
        long unused =
                job.memoryBytes() == 0
                        ? Long.MAX_VALUE
                        : job.memoryBytes() - job.use().workingSetBytes();
        assertThat(offer.memoryBytes())
                .as("%s: %s", where, job)
                .isLessThanOrEqualTo(Math.min(job.policy().maxMemoryBytes(), unused));
    }

    private static MonitorConfig config(Random random) {
        return new MonitorConfig(
                random.nextBoolean() ? CpuSet.empty() : someOf(random, CpuSet.range(0, 13)),
                random.nextInt(3),
                random.nextInt(300) * MIB,
                0,
                0.1 + 0.8 * random.nextDouble(),
                1 + random.nextInt(4),
                random.nextInt(100) * MIB,
                random.nextDouble() * 0.2,
                random.nextInt(20) * MIB,
                random.nextBoolean(),
                new MonitorConfig.Underused(
                        1 + random.nextInt(4), random.nextInt(2), random.nextInt(99) * MIB, 0.5));
    }

    private static NodeSample sample(Random random, CpuSet cores, Allocations allocations) {
        Map<Integer, Double> loads = new HashMap<>();
        CpuSet unjudged = random.nextInt(9) == 0 ? someOf(random, cores) : CpuSet.empty();
        for (int core : cores.minus(unjudged).toArray()) {
            if (random.nextInt(10) > 0) {
                loads.put(core, random.nextInt(4) == 0 ? random.nextDouble() : 0.0);
            }
        }
        return new NodeSample(
                cores,
                CoreLoads.of(loads),
                unjudged,
                allocations,
                random.nextInt(4000) * MIB,
                someOf(random, cores),
                random.nextInt(200) * MIB);
    }

    private static Allocations allocations(Random random, CpuSet cores) {
        int kind = random.nextInt(20);
        if (kind == 0) {
            return new Allocations.Unknown();
        }
        if (kind < 4) {
            return new Allocations.NoBatchSystem();
        }
        List<JobShare> jobs = new ArrayList<>();
        for (int job = random.nextInt(4); job > 0; job--) {
            SharePolicy policy =
                    switch (random.nextInt(3)) {
                        case 0 -> SharePolicy.EXCLUSIVE;
                        case 1 -> SharePolicy.SHARED;
                        default ->
                                new SharePolicy(true, random.nextInt(3), random.nextInt(500) * MIB);
                    };
            jobs.add(
                    new JobShare(
                            "job" + job,
                            someOf(random, cores),
                            random.nextInt(700) * MIB,
                            Offer.UNKNOWN_UNTIL,
                            policy,
                            JobUse.UNKNOWN));
        }
        boolean drained = random.nextInt(15) == 0;
        return new Allocations.Known(drained, 2000 * MIB, Offer.UNKNOWN_UNTIL, jobs);
    }

    /** The same record with what the jobs use now. */
    private static Allocations used(Random random, Allocations allocations) {
        if (!(allocations instanceof Allocations.Known known)) {
            return allocations;
        }
        List<JobShare> jobs =
                known.jobs().stream().map(job -> job.with(job.cores(), use(random, job))).toList();
        return new Allocations.Known(
                known.drained(), known.memoryBytes(), known.idleUntilEpochMillis(), jobs);
    }

    private static JobUse use(Random random, JobShare job) {
        if (random.nextInt(20) == 0) {
            return JobUse.UNKNOWN;
        }
        double busy = random.nextInt(5) == 0 ? random.nextDouble() * job.cores().size() : 0;
        long workingSet = random.nextLong(1 + job.memoryBytes() / 2);
        return new JobUse(
                random.nextInt(9) == 0 ? Double.NaN : busy,
                workingSet,
                random.nextLong(1 + workingSet),
                random.nextInt(9) == 0 ? random.nextDouble() : -1);
    }

    private static CpuSet someOf(Random random, CpuSet cores) {
        return CpuSet.of(cores.stream().filter(core -> random.nextInt(3) == 0).toArray());
    }
}
