package io.offcut.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import io.offcut.testing.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What must hold after every sample, whatever came before. */
final class IdleEstimatorRandomTest {
    private static final int HISTORIES = 300;
    private static final int SAMPLES = 60;
    private static final long MIB = 1 << 20;

    @ParameterizedTest
    @ValueSource(longs = {1, 20_260_101, 0})
    void neverOffersWhatIsNotIdle(long fixedSeed) {
        long seed = fixedSeed == 0 ? Seeds.next() : fixedSeed;
        for (int history = 0; history < HISTORIES; history++) {
            run(new Random(seed + history), "seed " + (seed + history));
        }
    }

    private static void run(Random random, String seed) {
        MonitorConfig config = config(random);
        IdleEstimator estimator = new IdleEstimator(config);
        IdleEstimator twin = new IdleEstimator(config);
        int node = 1 + random.nextInt(12);
        for (int i = 0; i < SAMPLES; i++) {
            NodeSample sample = sample(random, CpuSet.range(0, node - 1));
            List<Offer> offers = estimator.update(sample, i);
            String where = seed + ", sample " + i;
            assertThat(twin.update(sample, i)).as(where).isEqualTo(offers);
            check(config, sample, offers, where);
        }
    }

    private static void check(
            MonitorConfig config, NodeSample sample, List<Offer> offers, String where) {
        assertThat(offers.size()).as(where).isLessThanOrEqualTo(1);
        for (Offer offer : offers) {
            CpuSet permitted = config.cpus().isEmpty() ? sample.cores() : config.cpus();
            assertThat(sample.cores().intersect(permitted).containsAll(offer.cores()))
                    .as(where)
                    .isTrue();
            assertThat(offer.cores().isEmpty()).as(where).isFalse();
            for (int core : offer.cores().toArray()) {
                assertThat(sample.foreignLoads().of(core) > config.busyThreshold())
                        .as("%s: core %d is busy", where, core)
                        .isFalse();
            }
            long most =
                    sample.memoryAvailableBytes()
                            + sample.ownMemoryBytes()
                            - config.reserveMemoryBytes();
            assertThat(offer.memoryBytes()).as(where).isBetween(1L, most);
            if (sample.allocations() instanceof Allocations.Known known) {
                checkAgainst(known, offer, where);
            } else {
                assertThat(sample.allocations())
                        .as(where)
                        .isInstanceOf(Allocations.NoBatchSystem.class);
            }
        }
    }

    private static void checkAgainst(Allocations.Known known, Offer offer, String where) {
        assertThat(known.drained()).as(where).isFalse();
        long promised = 0;
        for (JobShare job : known.jobs()) {
            assertThat(offer.cores().intersects(job.cores())).as(where).isFalse();
            promised += job.memoryBytes();
        }
        assertThat(offer.memoryBytes())
                .as(where)
                .isLessThanOrEqualTo(known.memoryBytes() - promised);
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
                random.nextInt(20) * MIB);
    }

    private static NodeSample sample(Random random, CpuSet cores) {
        Map<Integer, Double> loads = new HashMap<>();
        for (int core : cores.toArray()) {
            if (random.nextInt(10) > 0) {
                loads.put(core, random.nextInt(3) == 0 ? random.nextDouble() : 0.0);
            }
        }
        return new NodeSample(
                cores,
                CoreLoads.of(loads),
                allocations(random, cores),
                random.nextInt(2000) * MIB,
                CpuSet.empty(),
                random.nextInt(200) * MIB);
    }

    private static Allocations allocations(Random random, CpuSet cores) {
        int kind = random.nextInt(20);
        if (kind == 0) {
            return new Allocations.Unknown();
        }
        if (kind < 6) {
            return new Allocations.NoBatchSystem();
        }
        List<JobShare> jobs = new ArrayList<>();
        for (int job = random.nextInt(4); job > 0; job--) {
            JobUse use =
                    random.nextBoolean()
                            ? JobUse.UNKNOWN
                            : new JobUse(random.nextDouble(), random.nextInt(500) * MIB);
            jobs.add(
                    new JobShare(
                            "job" + job, someOf(random, cores), random.nextInt(700) * MIB, use));
        }
        boolean drained = random.nextInt(15) == 0;
        return new Allocations.Known(drained, 2000 * MIB, Offer.UNKNOWN_UNTIL, jobs);
    }

    private static CpuSet someOf(Random random, CpuSet cores) {
        return CpuSet.of(cores.stream().filter(core -> random.nextInt(3) == 0).toArray());
    }
}
