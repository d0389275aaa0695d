package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.client.ClientConfig;
import io.offcut.client.Item;
import io.offcut.client.LeaseOptions;
import io.offcut.client.MapOptions;
import io.offcut.client.MapSummary;
import io.offcut.client.OffcutClient;
import io.offcut.client.WorkerPool;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.linux.CpuAffinity;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Hundreds of short jobs come and go on one node of two real CPUs, some with one of them and some
 * with both, while functions run on what they leave.
 */
final class SlurmStormTest {
    /** How many of one core and of both; {@code -Doffcut.stormJobs} for another number in all. */
    private static final int JOBS = Integer.getInteger("offcut.stormJobs", 500);

    private static final int WIDE_JOBS = JOBS / 5;
    private static final int NARROW_JOBS = JOBS - WIDE_JOBS;

    @TempDir Path dir;

    /** What came back of the calls. */
    private record Answers(MapSummary summary, BitSet right, List<String> wrong) {}

    @Test
    void noCoreIsForBothNoJobFailsAndNoCallIsLost() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        assumeTrue(CpuAffinity.online().size() >= 2, "needs two CPUs");
        try (SlurmCluster cluster =
                        SlurmCluster.start(
                                SlurmClusterConfig.realNodes(1, 4_000)
                                        .withOffcutPlugin(Duration.ofSeconds(5)));
                Site site = new Site(dir, "site")) {
            assumeTrue(
                    cluster.usesCgroups(), "needs cgroup v1 as root: it pins jobs and functions");
            String node = cluster.nodeNames().getFirst();
            site.startScheduler();
            site.startNode(
                    node,
                    Map.of(
                            "slurm", "on",
                            "slurmConf", cluster.slurmConf().toString(),
                            "jobSocket", cluster.jobEventSocket(node).toString()));
            Path bundle = TestBundle.write(dir.resolve("bundle"));
            assertThat(site.offcut("function", "push", bundle.toString()).exitCode()).isZero();
            AtomicBoolean over = new AtomicBoolean();
            ClientConfig config =
                    ClientConfig.defaults()
                            .withSchedulerUrl(site.daemon("scheduler").uri().toString())
                            .withUser("storm");
            try (CoreWatch watch = new CoreWatch(node);
                    OffcutClient client = OffcutClient.connect(config);
                    WorkerPool pool = client.lease(LeaseOptions.of("text/upper").workers(2))) {
                CompletableFuture<Answers> calls =
                        CompletableFuture.supplyAsync(() -> callUntil(over, pool));
                try {
                    storm(cluster);
                } finally {
                    over.set(true);
                }
                await("the last calls, of node " + site.daemon(node).log())
                        .atMost(Duration.ofMinutes(1))
                        .until(calls::isDone);
                Answers answers = calls.get();
                assertThat(answers.wrong()).isEmpty();
                assertThat(answers.summary().failed()).isZero();
                assertThat((long) answers.right().cardinality())
                        .as("calls of which each came back once")
                        .isEqualTo(answers.summary().items())
                        .isPositive();
                assertThat(watch.shared()).isEmpty();
                assertThat(watch.bothSeen()).as("looks at jobs beside functions").isPositive();
            }
            assertThat(site.daemon(node).log()).doesNotContain("a defect", "does not stand still");
        }
    }

    private static void storm(SlurmCluster cluster) throws IOException {
        submit(cluster, 1, NARROW_JOBS);
        submit(cluster, 2, WIDE_JOBS);
        Path record = cluster.directory().resolve("log/jobcomp.log");
        await("the end of all jobs")
                .atMost(Duration.ofMinutes(8))
                .pollInterval(Duration.ofMillis(500))
                .until(() ->
                        Files.exists(record)
                                && Files.readAllLines(record).size() >= NARROW_JOBS + WIDE_JOBS);
        assertThat(Files.readAllLines(record))
                .hasSize(NARROW_JOBS + WIDE_JOBS)
                .allMatch(line -> line.contains("JobState=COMPLETED"));
    }

    /** One after the other of this kind. */
    private static void submit(SlurmCluster cluster, int tasks, int jobs) {
        cluster.submit(
                "-n" + tasks, "--mem=100", "-o/dev/null", "-a1-" + jobs + "%1", "--wrap", "true");
    }

    private static Answers callUntil(AtomicBoolean over, WorkerPool pool) {
        BitSet right = new BitSet();
        List<String> wrong = new ArrayList<>();
        Iterator<Item<Integer>> items =
                new Iterator<>() {
                    private int next;

                    @Override
                    public boolean hasNext() {
                        return !over.get();
                    }

                    @Override
                    public Item<Integer> next() {
                        return Item.of(next, text(next++).getBytes(StandardCharsets.UTF_8));
                    }
                };
        MapSummary summary =
                pool.map(
                        "upper",
                        items,
                        new MapOptions(false, 64, 1 << 20, 0),
                        (tag, result) -> {
                            boolean good =
                                    result.status() == InvocationStatus.OK
                                            && new String(result.orThrow(), StandardCharsets.UTF_8)
                                                    .equals(text(tag).toUpperCase(Locale.ROOT));
                            if (!good || right.get(tag)) {
                                wrong.add(tag + ": " + result + (right.get(tag) ? " again" : ""));
                            }
                            right.set(tag);
                        });
        return new Answers(summary, right, wrong);
    }

    private static String text(int number) {
        return "call " + number;
    }
}
