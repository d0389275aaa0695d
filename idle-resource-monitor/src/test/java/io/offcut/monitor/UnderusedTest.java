package io.offcut.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.SharePolicy;
import io.offcut.linux.CpuTopology;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import io.offcut.monitor.Allocations.Known;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What jobs hold and leave unused: eight CPUs, 8000 MiB, offers after four samples. */
final class UnderusedTest {
    private static final long MIB = 1 << 20;
    private static final CpuSet EIGHT = CpuSet.range(0, 7);
    private static final int WINDOW = 4;
    private static final MonitorConfig CONFIG =
            MonitorConfig.defaults()
                    .withReserve(0, 0, 0)
                    .withUnderused(false, new MonitorConfig.Underused(WINDOW, 1, 100 * MIB, 0.01));

    @TempDir private Path system;

    private IdleEstimator estimator = new IdleEstimator(CONFIG);
    private final Map<Integer, Double> loads = new HashMap<>();
    private CpuSet unjudged = CpuSet.empty();
    private CpuSet ownCores = CpuSet.empty();
    private long availableBytes = 8000 * MIB;

    private static JobShare job(String id, String cores, SharePolicy policy, JobUse use) {
        return new JobShare(id, CpuSet.parse(cores), 1000 * MIB, Offer.UNKNOWN_UNTIL, policy, use);
    }

    private static JobShare sharing(String id, String cores, double busyCores) {
        return job(id, cores, SharePolicy.SHARED, new JobUse(busyCores, 200 * MIB));
    }

    private List<Offer> look(JobShare... jobs) {
        return look(new Known(8000 * MIB, List.of(jobs)));
    }

    private List<Offer> look(Allocations allocations) {
        Map<Integer, Double> all = new HashMap<>();
        EIGHT.minus(unjudged).stream().forEach(core -> all.put(core, 0.0));
        all.putAll(loads);
        return estimator.update(
                new NodeSample(
                        EIGHT,
                        CoreLoads.of(all),
                        unjudged,
                        allocations,
                        availableBytes,
                        ownCores,
                        0),
                1000);
    }

    private List<Offer> lookOften(int times, JobShare... jobs) {
        List<Offer> offers = List.of();
        for (int i = 0; i < times; i++) {
            offers = look(jobs);
        }
        return offers;
    }

    private static CpuSet coresOf(String jobId, List<Offer> offers) {
        return offers.stream()
                .filter(offer -> offer.offerId().equals("job-" + jobId))
                .map(Offer::cores)
                .reduce(CpuSet.empty(), CpuSet::plus);
    }

    private static long bytesOf(String jobId, List<Offer> offers) {
        return offers.stream()
                .filter(offer -> offer.offerId().equals("job-" + jobId))
                .mapToLong(Offer::memoryBytes)
                .sum();
    }

    @Test
    void offersCoresOfAJobAfterTheWholeWindowAndSaysWhyAndUntilWhen() {
        JobShare job =
                new JobShare(
                        "7",
                        CpuSet.range(0, 3),
                        1000 * MIB,
                        5000,
                        SharePolicy.SHARED,
                        new JobUse(2, 200 * MIB));
        loads.putAll(Map.of(0, 1.0, 1, 1.0));
        assertThat(coresOf("7", lookOften(WINDOW - 1, job))).isEqualTo(CpuSet.empty());
        Offer offer = look(job).getLast();
        assertThat(offer.offerId()).isEqualTo(IdleEstimator.underusedId("7"));
        assertThat(offer.cores()).isEqualTo(CpuSet.of(2, 3));
        assertThat(offer.reason()).isEqualTo(Offer.Reason.UNDERUSED);
        assertThat(offer.untilEpochMillis()).isEqualTo(5000);
    }

    @Test
    void withdrawsACoreInTheSampleInWhichItIsBusyAndWaitsAnew() {
        JobShare job = sharing("7", "0-3", 1);
        loads.put(0, 1.0);
        assertThat(coresOf("7", lookOften(WINDOW, job))).isEqualTo(CpuSet.of(1, 2, 3));
        loads.put(2, 0.3);
        assertThat(coresOf("7", look(job))).isEqualTo(CpuSet.of(1, 3));
        loads.remove(2);
        assertThat(coresOf("7", lookOften(WINDOW - 1, job))).isEqualTo(CpuSet.of(1, 3));
        assertThat(coresOf("7", look(job))).isEqualTo(CpuSet.of(1, 2, 3));
    }

    @Test
    void cpuTimeOfTheJobBoundsHowManyAreOfferedWhateverLoadSays() {
        assertThat(coresOf("7", lookOften(WINDOW, sharing("7", "0-3", 1.5))).size()).isEqualTo(2);
        // Noise below the threshold of one core does not count as one.
        assertThat(coresOf("7", lookOften(WINDOW, sharing("7", "0-3", 1.1))).size()).isEqualTo(3);
        assertThat(coresOf("7", look(sharing("7", "0-3", 4)))).isEqualTo(CpuSet.empty());
        assertThat(coresOf("7", lookOften(WINDOW - 1, sharing("7", "0-3", 0))))
                .isEqualTo(CpuSet.empty());
        assertThat(coresOf("7", look(sharing("7", "0-3", 0)))).isEqualTo(CpuSet.range(0, 3));
    }

    @Test
    void jobWithoutCpuTimeToJudgeByIsLeftAlone() {
        assertThat(coresOf("7", lookOften(9, sharing("7", "0-3", -1)))).isEqualTo(CpuSet.empty());
        lookOften(WINDOW, sharing("7", "0-3", 0));
        // A look that came too soon changes nothing; a group that is gone does.
        assertThat(coresOf("7", look(sharing("7", "0-3", Double.NaN))))
                .isEqualTo(CpuSet.range(0, 3));
        assertThat(coresOf("7", look(sharing("7", "0-3", -1)))).isEqualTo(CpuSet.empty());
    }

    @Test
    void exclusiveJobsAreNeverTouched() {
        JobShare exclusive = job("8", "4-7", SharePolicy.EXCLUSIVE, new JobUse(0, 10 * MIB));
        List<Offer> offers = lookOften(20, sharing("7", "0-3", 0), exclusive);
        assertThat(offers).extracting(Offer::offerId).containsExactly("unallocated", "job-7");
        JobShare nowExclusive = job("7", "0-3", SharePolicy.EXCLUSIVE, new JobUse(0, 10 * MIB));
        // Memory that neither holds is left.
        assertThat(look(nowExclusive, exclusive))
                .singleElement()
                .satisfies(offer -> {
                    assertThat(offer.offerId()).isEqualTo("unallocated");
                    assertThat(offer.cores().isEmpty()).isTrue();
                });
    }

    @Test
    void policyBoundsCoresAndMemory() {
        availableBytes = 9000 * MIB;
        SharePolicy some = new SharePolicy(true, 1, 150 * MIB);
        List<Offer> offers = lookOften(20, job("7", "0-3", some, new JobUse(0, 10 * MIB)));
        assertThat(coresOf("7", offers)).isEqualTo(CpuSet.of(0));
        assertThat(bytesOf("7", offers)).isEqualTo(150 * MIB);
    }

    @Test
    void coresThatTwoJobsHoldAreOfferedOfNeither() {
        List<Offer> offers = lookOften(20, sharing("7", "0-3", 0), sharing("8", "3-5", 0));
        assertThat(coresOf("7", offers)).isEqualTo(CpuSet.of(0, 1, 2));
        assertThat(coresOf("8", offers)).isEqualTo(CpuSet.of(4, 5));
    }

    @Test
    void drainedNodeAndUnknownRecordTakeEverythingBackAndStartAnew() {
        JobShare job = sharing("7", "0-3", 0);
        for (Allocations silent :
                List.of(
                        new Allocations.Unknown(),
                        new Known(true, 8000 * MIB, Offer.UNKNOWN_UNTIL, List.of(job)))) {
            assertThat(coresOf("7", lookOften(WINDOW, job))).isEqualTo(CpuSet.range(0, 3));
            assertThat(look(silent)).isEmpty();
            assertThat(coresOf("7", lookOften(WINDOW - 1, job))).isEqualTo(CpuSet.empty());
        }
    }

    @Test
    void nextJobOnTheSameCoresStartsAnew() {
        lookOften(WINDOW, sharing("7", "0-3", 0));
        assertThat(coresOf("8", lookOften(WINDOW - 1, sharing("8", "0-3", 0))))
                .isEqualTo(CpuSet.empty());
        assertThat(coresOf("8", look(sharing("8", "0-3", 0)))).isEqualTo(CpuSet.range(0, 3));
    }

    @Test
    void whereCoresAreMadeUpTheJobsCpuTimeAloneDecidesWithAMargin() {
        unjudged = EIGHT;
        assertThat(coresOf("7", lookOften(WINDOW - 1, sharing("7", "0-3", 0.5))))
                .isEqualTo(CpuSet.empty());
        assertThat(coresOf("7", look(sharing("7", "0-3", 0.5))).size()).isEqualTo(2);
        assertThat(coresOf("7", look(sharing("7", "0-3", 1.5))).size()).isEqualTo(1);
        assertThat(coresOf("7", look(sharing("7", "0-3", 2.5)))).isEqualTo(CpuSet.empty());
    }

    @Test
    void ofFewerCoresKeepsThoseThatAreLeased() {
        unjudged = EIGHT;
        assertThat(coresOf("7", lookOften(WINDOW, sharing("7", "0-3", 0))))
                .isEqualTo(CpuSet.of(0, 1, 2));
        ownCores = CpuSet.of(2);
        assertThat(coresOf("7", look(sharing("7", "0-3", 1.5)))).isEqualTo(CpuSet.of(2));
    }

    @Test
    void memoryThatWasNeverTouchedIsOfferedWithoutTheHighWaterMarkAndAMargin() {
        JobShare small = sharing("7", "0-3", 0);
        assertThat(bytesOf("7", lookOften(WINDOW, small))).isEqualTo(700 * MIB);
        JobShare peak = job("7", "0-3", SharePolicy.SHARED, new JobUse(0, 600 * MIB));
        // A quarter of 600 is more than the margin; and what was used once may be used again.
        assertThat(bytesOf("7", look(peak))).isEqualTo(250 * MIB);
        assertThat(bytesOf("7", lookOften(9, small))).isEqualTo(250 * MIB);
        JobShare full = job("7", "0-3", SharePolicy.SHARED, new JobUse(0, 900 * MIB));
        assertThat(look(full)).extracting(Offer::offerId).containsExactly("unallocated");
    }

    @Test
    void jobUnderMemoryPressureGetsItsMemoryBack() {
        JobShare calm = sharing("7", "0-3", 0);
        JobShare pressed =
                job("7", "0-3", SharePolicy.SHARED, new JobUse(0, 200 * MIB, 200 * MIB, 0.02));
        assertThat(bytesOf("7", lookOften(WINDOW, calm))).isEqualTo(700 * MIB);
        assertThat(bytesOf("7", look(pressed))).isZero();
        assertThat(bytesOf("7", lookOften(WINDOW - 1, calm))).isZero();
        assertThat(bytesOf("7", look(calm))).isEqualTo(700 * MIB);
    }

    @Test
    void jobsAndFunctionsNeverNeedMoreThanIsThere() {
        availableBytes = 1000 * MIB;
        // Promised 1000, of which 200 are held: 100 more it may need at once.
        List<Offer> offers = lookOften(WINDOW, sharing("7", "0-3", 0));
        long all = offers.stream().mapToLong(Offer::memoryBytes).sum();
        assertThat(all).isBetween(800 * MIB, 900 * MIB);
        availableBytes = 300 * MIB;
        assertThat(look(sharing("7", "0-3", 0)).stream().mapToLong(Offer::memoryBytes).sum())
                .isLessThanOrEqualTo(200 * MIB);
    }

    @Test
    void whereMemoryIsNotAccountedForAJobLendsAsMuchOfItAsOfTheCores() {
        JobShare job =
                new JobShare(
                        "7",
                        CpuSet.range(0, 3),
                        0,
                        Offer.UNKNOWN_UNTIL,
                        SharePolicy.SHARED,
                        new JobUse(0, 200 * MIB));
        List<Offer> offers = List.of();
        for (int i = 0; i < WINDOW; i++) {
            offers = look(new Known(0, List.of(job)));
        }
        // Half of 8000, without 100 for the job to grow and 16 for swings.
        assertThat(bytesOf("7", offers)).isEqualTo(3884 * MIB);
        assertThat(offers.getFirst().memoryBytes()).isEqualTo(3984 * MIB);
    }

    /** Threads 0 and 4, 1 and 5, 2 and 6, 3 and 7 are one core each. */
    private CpuTopology twoThreads() throws IOException {
        Path cpu = Files.createDirectories(system.resolve("cpu"));
        Files.writeString(cpu.resolve("online"), "0-7");
        for (int number = 0; number < 8; number++) {
            Path topology = Files.createDirectories(cpu.resolve("cpu" + number + "/topology"));
            Files.writeString(topology.resolve("package_cpus_list"), "0-7");
            Files.writeString(
                    topology.resolve("core_cpus_list"), number % 4 + "," + (number % 4 + 4));
        }
        return CpuTopology.read(cpu);
    }

    private static CpuSet cores(List<Offer> offers) {
        return offers.stream().map(Offer::cores).reduce(CpuSet.empty(), CpuSet::plus);
    }

    @Test
    void threadBesideAJobIsNotOfferedUnlessTheSiteSaysSo() throws IOException {
        JobShare exclusive = new JobShare("8", CpuSet.of(0, 1), 0);
        estimator = new IdleEstimator(CONFIG, twoThreads());
        assertThat(cores(look(exclusive))).isEqualTo(CpuSet.of(2, 3, 6, 7));
        estimator = new IdleEstimator(CONFIG.withUnderused(true, CONFIG.underused()), twoThreads());
        assertThat(cores(look(exclusive))).isEqualTo(CpuSet.range(2, 7));
    }

    @Test
    void threadBesideOneThatIsBusyIsBusy() throws IOException {
        estimator = new IdleEstimator(CONFIG, twoThreads());
        loads.put(6, 0.9);
        assertThat(cores(look())).isEqualTo(EIGHT.minus(CpuSet.of(2, 6)));
    }

    @Test
    void ofAJobOnlyWholeCoresAreOffered() throws IOException {
        estimator = new IdleEstimator(CONFIG, twoThreads());
        loads.put(4, 1.0);
        // Two cores of two threads, and one thread of a core that nobody else has.
        JobShare job = sharing("7", "0,1,2,4,5", 1);
        assertThat(coresOf("7", lookOften(WINDOW, job))).isEqualTo(CpuSet.of(1, 2, 5));
        // It can spare two threads, which are one core.
        JobShare busier = sharing("7", "0,1,2,4,5", 3);
        assertThat(coresOf("7", look(busier))).isEqualTo(CpuSet.of(1, 5));
    }

    @Test
    void offersAreInOneOrderWhateverTheRecordsOrder() {
        List<JobShare> jobs =
                new ArrayList<>(List.of(sharing("9", "0-3", 0), sharing("10", "4-7", 0)));
        List<Offer> offers = lookOften(WINDOW, jobs.toArray(JobShare[]::new));
        assertThat(offers)
                .extracting(Offer::offerId)
                .containsExactly("unallocated", "job-10", "job-9");
        assertThat(look(jobs.reversed().toArray(JobShare[]::new))).isEqualTo(offers);
    }
}
