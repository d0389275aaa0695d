package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.OffcutException;
import io.offcut.simulator.IdlePolicy.GreedyPilot;
import io.offcut.simulator.IdlePolicy.Lease;
import io.offcut.simulator.IdleResult.Read;
import io.offcut.simulator.IdleResult.Use;
import io.offcut.testing.Seeds;
import io.offcut.testing.SharedData;
import io.offcut.traces.idle.IdleRecord;
import io.offcut.traces.idle.IdleSampleReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdleSimulationTest {
    private static final GreedyPilot PILOTS = new GreedyPilot(List.of(2, 3, 6), 1);
    private static final Lease LEASES = new Lease(3_000, 500, 4);
    private static final List<IdlePolicy> BOTH = List.of(PILOTS, LEASES);

    @Test
    void placesTheLongestPilotThatFitsAndRepeats() {
        IdleRecord record = record(1, "aaaaaaaaaaaa.", "bbb.bb.b.....");

        IdleResult result = IdleSimulation.run(record, PILOTS);

        // 12 samples: two of 6; 3 and 2: one each; the single one stays unused
        assertThat(result.workers()).isEqualTo(4);
        assertThat(result.use()).isEqualTo(new Use(18, 13, 4));
        assertThat(ready(record, result)).containsExactly(0, 2, 2, 1, 1, 2, 0, 1, 1, 1, 1, 1, 0);
        assertThat(result.samplesWithoutReady()).isEqualTo(3);
        assertThat(result.use().unusedShare()).isEqualTo(1 - 17 / 18.0);
    }

    @Test
    void leasesAnIdleNodeAfterHoldOffAndStartUpUntilItIsTaken() {
        IdleRecord record = record(10, ".aaa.", "..b..", "..ccc");

        IdleResult result = IdleSimulation.run(record, LEASES);

        // three intervals of 30, 10 and 30 s, each without 3.5 s
        assertThat(result.use()).isEqualTo(new Use(70_000, 59_500, 1_500));
        assertThat(result.workers()).isEqualTo(3);
        assertThat(ready(record, result)).containsExactly(0, 0, 1, 2, 1);
        assertThat(result.readings())
                .containsExactly(
                        new Read(IdleReading.SHORTEST, new Use(50_000, 39_500, 1_500), 3),
                        new Read(IdleReading.HELD, result.use(), 3),
                        new Read(IdleReading.LONGEST, new Use(100_000, 89_500, 1_500), 3));
    }

    @Test
    void endsALeaseForAJobThatStaysForOneSample() {
        IdleRecord record = record(10, "aa.aa.");

        IdleResult result = IdleSimulation.run(record, LEASES);

        assertThat(result.workers()).isEqualTo(2);
        Read longest = result.readings().getLast();
        assertThat(longest.leases()).isEqualTo(2);
        assertThat(longest.use()).isEqualTo(new Use(50_000, 43_000, 1_000));
    }

    @Test
    void givesNothingWhereNothingIsIdle() {
        for (IdlePolicy policy : BOTH) {
            IdleResult result = IdleSimulation.run(record(10, "...", "..."), policy);

            assertThat(result.use()).isEqualTo(new Use(0, 0, 0));
            assertThat(result.use().readyShare() + result.use().unusedShare()).isZero();
            assertThat(result.samplesWithoutReady()).isEqualTo(3);
        }
    }

    /** As printed by the notebook of HPC-Whisk's authors. */
    @Test
    void replaysPrometheusAsItsAuthorsDid() {
        IdleResult result = IdleSimulation.run(prometheus(), GreedyPilot.HPC_WHISK);

        assertThat(result.use().readyShare()).isEqualTo(.8933657229016586);
        assertThat(result.use().warmUpShare()).isEqualTo(.026135030993466243);
        assertThat(result.use().unusedShare()).isEqualTo(.08049924610487524);
        assertThat(result.use()).isEqualTo(new Use(95_504, 85_320, 2_496));
        assertThat(result.workers()).isEqualTo(1_248);
        assertThat(result.samplesWithoutReady()).isEqualTo(138);
        assertThat(result.meanReadyNodes()).isEqualTo(10.58954946009681);
    }

    @Test
    void leasesCoverMoreOfPrometheusThanItsRealPilots() {
        IdleRecord record = prometheus();
        double pilots = (double) record.pilotSamples() / record.idleSamples();

        IdleResult result = IdleSimulation.run(record, Lease.COLD);

        assertThat(pilots).isEqualTo(.8997005361031999);
        for (Read read : result.readings()) {
            assertThat(read.use().readyShare()).as("%s", read).isGreaterThan(.99);
        }
        assertThat((double) result.readySamples() / record.idleSamples()).isGreaterThan(.98);
    }

    private static IdleRecord prometheus() {
        return IdleRecord.read(SharedData.require("idle/17_03_2022_idle_nodes.txt.gz"));
    }

    @Test
    void usesAddUpAndSamplesAgreeWithThem() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            String[] nodes = nodes(random, 1 + random.nextInt(6), 30);
            IdleRecord record = record(10, nodes);
            for (IdlePolicy policy : BOTH) {
                IdleResult result = IdleSimulation.run(record, policy);
                Use use = result.use();
                assertThat(use.ready()).as("seed %d", seed).isNotNegative();
                assertThat(use.warmUp()).as("seed %d", seed).isNotNegative();
                assertThat(use.ready() + use.warmUp())
                        .as("seed %d", seed)
                        .isLessThanOrEqualTo(use.idle());
                for (int sample = 0; sample < record.samples(); sample++) {
                    assertThat(result.readyNodes(sample))
                            .as("seed %d, sample %d of %s", seed, sample, policy)
                            .isBetween(0, record.idle(sample));
                }
            }
            assertThat(IdleSimulation.run(record, PILOTS).readySamples())
                    .as("seed %d", seed)
                    .isEqualTo(IdleSimulation.run(record, PILOTS).use().ready());
        }
    }

    /** The record is as long as twice the longest pilot, so that these fill a node that is free. */
    @Test
    void addingAnIdleNodeNeverLowersCoverage() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            String[] nodes = nodes(random, 1 + random.nextInt(6), 12);
            String[] more = Arrays.copyOf(nodes, nodes.length + 1);
            more[nodes.length] = "z".repeat(12);
            for (IdlePolicy policy : BOTH) {
                IdleResult before = IdleSimulation.run(record(10, nodes), policy);
                IdleResult after = IdleSimulation.run(record(10, more), policy);
                assertThat(after.use().readyShare())
                        .as("seed %d, %s of %s", seed, policy, String.join(" ", nodes))
                        .isGreaterThanOrEqualTo(before.use().readyShare());
                assertThat(after.use().ready())
                        .as("seed %d", seed)
                        .isGreaterThan(before.use().ready());
                assertThat(after.samplesWithoutReady())
                        .as("seed %d", seed)
                        .isLessThanOrEqualTo(before.samplesWithoutReady());
            }
        }
    }

    @Test
    void namesOfNodesChangeNothing() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            String[] nodes = nodes(random, 5, 30);
            IdleRecord first = record(10, nodes);
            IdleRecord second = record(10, node -> 25 - node, nodes);
            for (IdlePolicy policy : BOTH) {
                assertThat(
                                IdleResultWriter.summaryJson(
                                        second, List.of(IdleSimulation.run(second, policy))))
                        .as("seed %d", seed)
                        .isEqualTo(
                                IdleResultWriter.summaryJson(
                                        first, List.of(IdleSimulation.run(first, policy))));
            }
        }
    }

    @Test
    void scalingAllTimesScalesTheResult() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            String[] nodes = nodes(random, 5, 30);
            Use once = IdleSimulation.run(record(10, nodes), LEASES).use();
            Use seven = IdleSimulation.run(record(70, nodes), new Lease(21_000, 3_500, 4)).use();
            assertThat(seven)
                    .as("seed %d", seed)
                    .isEqualTo(new Use(7 * once.idle(), 7 * once.ready(), 7 * once.warmUp()));

            Use pilots = IdleSimulation.run(record(10, nodes), PILOTS).use();
            Use finer =
                    IdleSimulation.run(
                                    record(5, doubled(nodes)),
                                    new GreedyPilot(List.of(4, 6, 12), 2))
                            .use();
            assertThat(finer)
                    .as("seed %d", seed)
                    .isEqualTo(new Use(2 * pilots.idle(), 2 * pilots.ready(), 2 * pilots.warmUp()));
        }
    }

    @Test
    void coresOfANodeChangeNoShare() {
        long seed = Seeds.next();
        IdleRecord record = record(10, nodes(new Random(seed), 6, 40));

        assertThat(IdleSimulation.run(record, new Lease(3_000, 500, 1)).readings())
                .as("seed %d", seed)
                .isEqualTo(IdleSimulation.run(record, new Lease(3_000, 500, 128)).readings());
    }

    @Test
    void leavesNoSummaryOfAnEarlierRunWhereItCannotWriteAll(@TempDir Path folder)
            throws IOException {
        IdleRecord record = record(10, "aa..", ".bbb");
        IdleResultWriter.write(record, List.of(), folder);
        Files.delete(folder.resolve("idle.csv"));
        Files.createDirectories(folder.resolve("idle.csv/taken"));

        assertThatThrownBy(() -> IdleResultWriter.write(record, List.of(), folder))
                .isInstanceOf(OffcutException.class);

        assertThat(folder.toFile().list()).containsOnly("idle.csv");
    }

    @Test
    void writesTheSameBytesEveryTime(@TempDir Path folder) throws IOException {
        IdleRecord record = record(10, "aa..", ".bbb");
        List<IdleResult> results =
                BOTH.stream().map(policy -> IdleSimulation.run(record, policy)).toList();

        IdleResultWriter.write(record, results, folder.resolve("a"));
        IdleResultWriter.write(
                record,
                BOTH.stream().map(policy -> IdleSimulation.run(record, policy)).toList(),
                folder.resolve("b"));

        assertThat(Files.readAllLines(folder.resolve("a/idle.csv")))
                .containsExactly(
                        "unix_seconds,idle,pilots,ready_greedy_pilot,ready_lease",
                        "1000,1,0,0,0",
                        "1010,2,0,1,1",
                        "1020,1,0,1,1",
                        "1030,1,0,1,1");
        for (String name : List.of("idle.csv", "summary.json")) {
            assertThat(folder.resolve("a").resolve(name))
                    .hasSameBinaryContentAs(folder.resolve("b").resolve(name));
        }
    }

    @Test
    void refusesPoliciesThatMakeNoSense() {
        assertThatThrownBy(() -> new GreedyPilot(List.of(), 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new GreedyPilot(List.of(0, 3), 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Lease(0, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Lease(1, 1, 5_000_000))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static String[] nodes(Random random, int count, int samples) {
        String[] nodes = new String[count];
        for (int node = 0; node < count; node++) {
            StringBuilder states = new StringBuilder();
            boolean idle = random.nextBoolean();
            for (int sample = 0; sample < samples; sample++) {
                idle ^= random.nextInt(4) == 0;
                states.append(idle ? 'x' : '.');
            }
            nodes[node] = states.toString();
        }
        return nodes;
    }

    private static String[] doubled(String[] nodes) {
        String[] result = new String[nodes.length];
        Arrays.setAll(result, n -> nodes[n].replaceAll("(.)", "$1$1"));
        return result;
    }

    private static int[] ready(IdleRecord record, IdleResult result) {
        int[] ready = new int[record.samples()];
        Arrays.setAll(ready, result::readyNodes);
        return ready;
    }

    /** A record with one character for each sample of each node; a dot is busy. */
    private static IdleRecord record(int gapSeconds, String... nodes) {
        return record(gapSeconds, node -> node, nodes);
    }

    private static IdleRecord record(int gapSeconds, IntUnaryOperator name, String... nodes) {
        StringBuilder rows = new StringBuilder();
        for (int sample = 0; sample < nodes[0].length(); sample++) {
            long time = 1000 + (long) sample * gapSeconds;
            rows.append(time).append(",,\n");
            for (int node = 0; node < nodes.length; node++) {
                if (nodes[node].charAt(sample) != '.') {
                    rows.append(time).append(",n").append(name.applyAsInt(node)).append(",idle\n");
                }
            }
        }
        return IdleRecord.read(
                new IdleSampleReader(
                        new ByteArrayInputStream(rows.toString().getBytes(StandardCharsets.UTF_8)),
                        "the test"));
    }
}
