package io.offcut.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.client.OffloadPlanner.Step;
import io.offcut.client.OffloadSim.Outcome;
import io.offcut.client.OffloadSim.World;
import io.offcut.testing.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class OffloadPlannerTest {
    private static final Path CASES = Path.of("c/tests/offload_cases.txt");
    private static final int RANDOM_RUNS = 1_500;

    private static Stream<String> cases(String kind) throws IOException {
        List<String> lines =
                Files.readAllLines(CASES).stream().filter(l -> l.startsWith(kind + " ")).toList();
        assertThat(lines).hasSizeGreaterThan(9);
        return lines.stream();
    }

    static Stream<String> plans() throws IOException {
        return cases("plan");
    }

    static Stream<String> runs() throws IOException {
        return cases("run");
    }

    private static long[] numbers(String line, int skipped) {
        return Arrays.stream(line.trim().split("\\s+"))
                .skip(skipped)
                .mapToLong(Long::parseLong)
                .toArray();
    }

    private static OffloadModel model(long[] v, int at) {
        return new OffloadModel(
                v[at],
                v[at + 1],
                v[at + 2],
                v[at + 3],
                v[at + 4],
                v[at + 5],
                v[at + 6],
                v[at + 7],
                (int) v[at + 8],
                (int) v[at + 9]);
    }

    @ParameterizedTest
    @MethodSource("plans")
    void plansAsTheClientInC(String line) {
        long[] v = numbers(line, 1);

        assertThat(OffloadPlanner.plan(model(v, 1), v[0]))
                .isEqualTo(new OffloadPlan(v[11], v[12], v[13]));
    }

    @ParameterizedTest
    @MethodSource("runs")
    void runsAsTheClientInC(String line) {
        long[] v = numbers(line, 2);
        OffloadModel real = model(v, 1);
        World world = new World(real, (int) v[11], (int) v[12], v[13], v[14]);
        OffloadModel believed =
                v[15] == 1 ? real : OffloadModel.of(real.workers(), real.localThreads());

        assertThat(OffloadSim.planned(world, (int) v[0], believed))
                .isEqualTo(new Outcome(v[16], (int) v[17], (int) v[18], (int) v[19], (int) v[20]));
    }

    @Test
    void plansTheBestOfAllSplits() {
        Random random = new Random(Seeds.next());
        for (int i = 0; i < 200; i++) {
            OffloadModel model = randomModel(random);
            int tasks = 1 + random.nextInt(300);
            OffloadPlan plan = OffloadPlanner.plan(model, tasks);

            assertThat(plan.localTasks() + plan.remoteTasks()).isEqualTo(tasks);
            // Threads end together: some tasks more or less move the end by their posts only.
            long posts = model.localThreads() * model.postNanos();
            assertThat(plan.nanos())
                    .as("%d tasks of %s: %s", tasks, model, plan)
                    .isLessThanOrEqualTo((long) bestByModelNanos(model, tasks) + posts + 1);
        }
    }

    /** The class comment's formula, in fractions. */
    private static double bestByModelNanos(OffloadModel m, int tasks) {
        double in = m.inputNanos();
        double out = m.outputNanos();
        double best = Double.MAX_VALUE;
        for (int away = 0; away <= tasks; away++) {
            double rounds = Math.ceil((double) away / m.workers());
            double there =
                    m.latencyNanos()
                            + in
                            + out
                            + Math.max(
                                    rounds * m.remoteNanos(),
                                    m.remoteNanos() + (away - 1) * Math.max(in, out));
            double here =
                    Math.ceil((double) (tasks - away) / m.localThreads()) * m.localNanos()
                            + (double) away * m.postNanos();
            best = Math.min(best, Math.max(here, away == 0 ? 0 : there));
        }
        return best;
    }

    /** Times over four decades, workers from four times as fast to four times as slow. */
    private static OffloadModel randomModel(Random random) {
        double local = Math.pow(10, 4 + random.nextDouble() * 4);
        return new OffloadModel(
                (long) local,
                (long) (local * Math.pow(2, random.nextDouble() * 4 - 2)),
                (long) (local * Math.pow(10, random.nextDouble() * 3 - 2)),
                (long) Math.min(1e5, local * Math.pow(10, random.nextDouble() * 3 - 3.5)),
                (long) Math.pow(10, random.nextDouble() * 6),
                (long) Math.pow(10, random.nextDouble() * 6),
                1_000_000_000L * (1 + random.nextInt(10)),
                1_000_000_000L * (1 + random.nextInt(10)),
                1 << random.nextInt(6),
                1 + random.nextInt(4));
    }

    /**
     * Even or uneven tasks, workers that vanish at once, later or never, inputs that somebody has
     * to carry.
     */
    private static World randomWorld(Random random, int tasks) {
        OffloadModel real = randomModel(random);
        return switch (random.nextInt(6)) {
            case 0 -> new World(real, 0, 0, 0);
            case 1 -> new World(real, 1 + random.nextInt(60), 0, 0);
            case 2 -> new World(real, 0, real.workers(), 0);
            case 3 ->
                    new World(
                            real,
                            0,
                            1 + random.nextInt(real.workers()),
                            (long) (random.nextDouble() * tasks * real.localNanos()));
            case 4 ->
                    // What the first one costs is seen only afterwards.
                    new World(
                            real, 0, 0, 0, (long) (random.nextDouble() * whole(real, tasks) / 256));
            default ->
                    new World(
                            real,
                            random.nextInt(60),
                            1 + random.nextInt(real.workers()),
                            (long) (random.nextDouble() * tasks * real.localNanos()));
        };
    }

    private static double whole(OffloadModel real, int tasks) {
        return (double) tasks * real.localNanos() / real.localThreads();
    }

    /** All, some or nothing of what is so; never that a task here takes longer than it does. */
    private static OffloadModel randomBelief(Random random, OffloadModel real) {
        return switch (random.nextInt(3)) {
            case 0 -> real;
            case 1 ->
                    new OffloadModel(
                            random.nextBoolean() ? real.localNanos() : 0,
                            real.localNanos() / 10,
                            0,
                            real.postNanos(),
                            real.inputBytes(),
                            real.outputBytes(),
                            0,
                            0,
                            4 * real.workers(),
                            real.localThreads());
            default ->
                    new OffloadModel(
                            0,
                            0,
                            0,
                            Math.max(real.postNanos(), OffloadModel.DEFAULT_POST_NANOS),
                            0,
                            0,
                            0,
                            0,
                            real.workers(),
                            real.localThreads());
        };
    }

    @Test
    void isNeverSlowerThanLocalOnlyByMoreThanTwoPercent() {
        Random random = new Random(Seeds.next());
        int offloading = 0;
        for (int i = 0; i < RANDOM_RUNS; i++) {
            int tasks = 1 + random.nextInt(400);
            World world = randomWorld(random, tasks);
            OffloadModel believed = randomBelief(random, world.real());
            long localOnly = OffloadSim.localOnlyNanos(world, tasks);

            Outcome outcome = OffloadSim.planned(world, tasks, believed);

            // Uneven tasks, a few for each thread: the mean is not known so well.
            boolean few = tasks < 20 * world.real().localThreads();
            long unevenness = few ? world.real().localNanos() * world.spreadPercent() / 100 : 0;
            assertThat(outcome.nanos())
                    .as("%d tasks in %s, believed %s: %s", tasks, world, believed, outcome)
                    .isLessThanOrEqualTo((long) (1.02 * localOnly) + unevenness);
            assertThat(outcome.local() + outcome.remote()).isEqualTo(tasks);
            assertThat(outcome.posts()).isEqualTo(outcome.remote() + outcome.takenBack());
            offloading += outcome.remote() > 0 ? 1 : 0;
        }
        assertThat(offloading).isBetween(RANDOM_RUNS / 4, RANDOM_RUNS - 1);
    }

    @Test
    void gainsWithinTenPercentOfTheBestSplitWhereThereIsOne() {
        Random random = new Random(Seeds.next());
        List<Double> ratios = new ArrayList<>();
        while (ratios.size() < 60) {
            int tasks = 50 + random.nextInt(350);
            World world = new World(randomModel(random), 0, 0, 0);
            long localOnly = OffloadSim.localOnlyNanos(world, tasks);
            Best best = best(world, tasks);
            boolean gains = best.nanos() < 0.9 * localOnly;
            // Ten percent is more than a task, and posting is within what it may cost at first.
            boolean fine =
                    best.nanos() >= 16 * world.real().localNanos()
                            && 64L * best.away() * world.real().postNanos() <= localOnly;
            if (gains && fine) {
                Outcome outcome = OffloadSim.planned(world, tasks, world.real());
                assertThat(outcome.nanos())
                        .as("%d tasks in %s: %s, best %s", tasks, world, outcome, best)
                        .isLessThanOrEqualTo((long) (1.1 * best.nanos()));
                ratios.add((double) outcome.nanos() / best.nanos());
            }
        }
    }

    @Test
    void learnsWhatItWasNotTold() {
        Random random = new Random(Seeds.next());
        int seen = 0;
        while (seen < 60) {
            int tasks = 100 + random.nextInt(300);
            World world = new World(randomModel(random), random.nextInt(40), 0, 0);
            OffloadModel real = world.real();
            long localOnly = OffloadSim.localOnlyNanos(world, tasks);
            Best best = best(world, tasks);
            boolean enough =
                    best.nanos() >= 16 * real.localNanos()
                            // What it learns by a round trip must be of use for some of them.
                            && real.latencyNanos() * 8 <= best.nanos()
                            && localOnly > 128 * OffloadModel.DEFAULT_POST_NANOS
                            && 64L * best.away() * real.postNanos() <= localOnly;
            if (best.nanos() < 0.9 * localOnly && enough) {
                OffloadModel nothing = OffloadModel.of(real.workers(), real.localThreads());
                Outcome outcome = OffloadSim.planned(world, tasks, nothing);
                // One of 64 to learn what it takes here, one round trip what it takes there.
                long lesson =
                        (3 + tasks / 64) * real.localNanos()
                                + real.latencyNanos()
                                + real.remoteNanos();
                assertThat(outcome.nanos())
                        .as("%d tasks in %s: %s, best %s", tasks, world, outcome, best)
                        .isLessThanOrEqualTo((long) (1.1 * best.nanos()) + lesson);
                seen++;
            }
        }
    }

    private record Best(long nanos, int away) {}

    private static Best best(World world, int tasks) {
        Best best = new Best(Long.MAX_VALUE, 0);
        for (int away = 0; away <= tasks; away++) {
            long nanos = OffloadSim.fixed(world, tasks, away);
            best = nanos < best.nanos() ? new Best(nanos, away) : best;
        }
        return best;
    }

    @Test
    void sendsNothingWhereNobodyIsAndBeginsWhenSomebodyComes() {
        OffloadModel nobody = new OffloadModel(1_000, 10, 0, 1, 0, 0, 0, 0, 0, 1);
        OffloadPlanner planner = new OffloadPlanner(nobody, 1_000, 0);

        assertThat(planner.next(0, null)).isEqualTo(Step.COMPUTE);
        planner.computed(1_000);
        planner.workers(2);
        assertThat(planner.next(1_000, null)).isEqualTo(Step.OFFLOAD);
    }

    @Test
    void computesSomeTasksBeforeItSendsAnyWhereNothingIsKnown() {
        OffloadPlanner planner = new OffloadPlanner(OffloadModel.of(4, 1), 100, 0);

        assertThat(planner.next(0, null)).isEqualTo(Step.COMPUTE);
        planner.computed(1_000_000);
        assertThat(planner.next(1_000_000, null)).isEqualTo(Step.COMPUTE);
        planner.computed(1_000_000);
        assertThat(planner.next(2_000_000, null)).isEqualTo(Step.OFFLOAD);
    }

    @Test
    void computesALostTaskHere() {
        OffloadModel model = new OffloadModel(1_000, 10, 0, 1, 0, 0, 0, 0, 1, 1);
        OffloadPlanner planner = new OffloadPlanner(model, 1, 0);

        assertThat(planner.next(0, null)).isEqualTo(Step.OFFLOAD);
        planner.offloaded(1, 1);
        planner.lost();
        assertThat(planner.next(2, null)).isEqualTo(Step.COMPUTE);
        planner.computed(1_000);
        assertThat(planner.next(1_002, null)).isEqualTo(Step.DONE);
    }

    @Test
    void refusesWhatIsNoModel() {
        assertThatThrownBy(() -> OffloadModel.of(1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 local threads");
        assertThatThrownBy(() -> new OffloadModel(1, -2, 0, 0, 0, 0, 0, 0, 1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-2");
    }
}
