package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.slurm.SlurmCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pilots of a user without root: the Slurm cluster with a preemptible partition, the scheduler and
 * all that the pilots start are this user's.
 */
final class PilotTest {
    private static final int FILES = 80;
    private static final int NODES = 2;
    private static final String SECRET = "a-secret-of-the-nodes-of-this-user";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir static Path root;

    private static OrdinaryUser user;
    private static Path cluster;
    private static OrdinaryUser.Run scheduler;
    private static String url;
    private final List<OrdinaryUser.Run> running = new ArrayList<>();

    @BeforeAll
    static void startAll() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        user = new OrdinaryUser(root);
        cluster = user.home().resolve("cluster");
        done(
                user.offcut(
                        "slurm-cluster",
                        "start",
                        cluster.toString(),
                        "--nodes",
                        String.valueOf(NODES),
                        "--cpus",
                        "2",
                        "--line",
                        "PreemptType=preempt/partition_prio",
                        "--line",
                        "PreemptMode=CANCEL",
                        "--line",
                        "PartitionName=idle Nodes=ALL PriorityTier=0 PreemptMode=CANCEL"
                                + " GraceTime=20 MaxTime=60 State=UP"));
        user.environment().put("SLURM_CONF", cluster.resolve("slurm.conf").toString());
        Path config = user.folder(user.home().resolve(".config/offcut"));
        Path secret = user.write(config, "secret", SECRET);
        user.write(config, "node.yaml", "nodeSecretFile: " + secret + "\n");
        scheduler = user.offcut("scheduler", "--port", "0", "--set", "nodeSecretFile=" + secret);
        await("the scheduler").atMost(PATIENCE).until(() -> scheduler.said().contains("ready at"));
        url = scheduler.said().replaceAll("(?s).*ready at (\\S+).*", "$1");
        user.environment().put("OFFCUT_SCHEDULER_URL", url);
        Path bundle = TestBundle.write(user.folder(user.home().resolve("bundle")));
        done(user.offcut("function", "push", bundle.toString()));
    }

    @AfterAll
    static void stopAll() throws Exception {
        if (scheduler != null) {
            scheduler.process().destroy();
        }
        if (cluster != null) {
            done(user.offcut("slurm-cluster", "stop", cluster.toString()));
        }
    }

    @AfterEach
    void noPilotsAreLeft() throws Exception {
        running.forEach(run -> run.process().destroyForcibly());
        if (url != null) {
            done(user.offcut("pilot", "stop"));
            awaitActive(0);
        }
    }

    @Test
    void pilotsGiveWayToAJobAndComeBackAndNoResultIsLost() throws Exception {
        OrdinaryUser.Run supervisor = start("--pilots", "2", "--times", "20m");
        awaitNodes(NODES);
        List<String> before = active();
        before.forEach(this::assertKeepsTheSecret);
        OrdinaryUser.Run map = startMap();
        await("a quarter of the items").atMost(PATIENCE).until(() -> outputs() >= FILES / 4);

        String job = sbatch("--partition=batch", "--nodes=2", "--exclusive", "--wrap=sleep 3");
        await("the job of the other partition")
                .atMost(Duration.ofSeconds(20))
                .until(() -> state(job).matches("RUNNING|COMPLETED"));
        for (String pilot : before) {
            assertThat(state(pilot)).as("pilot %s left by itself", pilot).isEqualTo("COMPLETED");
        }

        OrdinaryUser.Outcome mapped = map.outcome(Duration.ofMinutes(2));
        assertThat(mapped.exitCode()).as(mapped.err()).isZero();
        for (int i = 0; i < FILES; i++) {
            assertThat(out().resolve("f" + i)).hasContent(content(i).toUpperCase(Locale.ROOT));
        }
        assertThat(active())
                .as("pilots that came back")
                .isNotEmpty()
                .doesNotContainAnyElementsOf(before);
        assertThat(supervisor.process().isAlive()).isTrue();
    }

    @Test
    void pilotsAreFoundAndStoppedWithoutTheirSupervisor() throws Exception {
        OrdinaryUser.Run supervisor = start("--pilots", "1", "--times", "5m");
        awaitNodes(1);
        String pilot = active().getFirst();
        supervisor.process().destroyForcibly().waitFor();
        assertThat(state(pilot)).isEqualTo("RUNNING");

        done(user.offcut("pilot", "stop"));
        awaitActive(0);
        awaitNodes(0);
        assertThat(Path.of("/dev/shm")).isDirectoryNotContaining("glob:**/offcut-*-" + pilot);
        assertThat(user.home().resolve(".local/state/offcut/pilots"))
                .isDirectoryNotContaining("glob:**/" + pilot + ".log");
    }

    @Test
    void stopEndsASupervisorWhereverItRuns() throws Exception {
        OrdinaryUser.Run supervisor = start("--pilots", "1", "--times", "5m");
        awaitActive(1);
        done(user.offcut("pilot", "stop"));
        OrdinaryUser.Outcome over = supervisor.outcome(PATIENCE);
        assertThat(over.exitCode()).isZero();
        assertThat(over.err()).contains("was cancelled: no more are queued");
        awaitActive(0);
    }

    @Test
    void aPilotThatFailsAtOnceIsFollowedByOneThatWaits() throws Exception {
        OrdinaryUser.Run supervisor =
                start("--pilots", "1", "--times", "5m", "--set", "shmDir=/proc/nowhere");
        await("the one that waits")
                .atMost(PATIENCE)
                .until(() -> supervisor.said().contains("as the one before failed"));
        List<String> waiting = active();
        assertThat(waiting).hasSize(1);
        assertThat(slurm("squeue", "-h", "-o", "%r", "-j", waiting.getFirst()).strip())
                .isEqualTo("BeginTime");
    }

    @Test
    void refusesInOneLine() throws Exception {
        OrdinaryUser.Outcome partition =
                user.offcut("pilot", "start", "--partition", "nowhere", "--scheduler", url)
                        .outcome(PATIENCE);
        assertThat(partition.exitCode()).isEqualTo(5);
        assertThat(partition.err().lines().toList().getLast())
                .startsWith("offcut: ")
                .contains("partition nowhere");
        OrdinaryUser.Outcome nobody =
                user.offcut(
                                "pilot",
                                "start",
                                "--partition",
                                "idle",
                                "--scheduler",
                                "http://127.0.0.1:1")
                        .outcome(PATIENCE);
        assertThat(nobody.exitCode()).isEqualTo(3);
        assertThat(nobody.err().lines()).hasSize(1);
    }

    private OrdinaryUser.Run start(String... more) throws IOException {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "pilot",
                                "start",
                                "--partition",
                                "idle",
                                "--scheduler",
                                url,
                                "--interval",
                                "1s",
                                // The cluster's CPUs may be more than this machine has.
                                "--set",
                                "cpuMap=0=0;1=0"));
        arguments.addAll(List.of(more));
        OrdinaryUser.Run run = user.offcut(arguments.toArray(String[]::new));
        running.add(run);
        return run;
    }

    private OrdinaryUser.Run startMap() throws IOException {
        Path in = user.folder(user.home().resolve("in"));
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "map",
                                "--function",
                                "text/slow-upper",
                                "--workers",
                                "4",
                                "--out",
                                out().toString()));
        for (int i = 0; i < FILES; i++) {
            arguments.add(user.write(in, "f" + i, content(i)).toString());
        }
        OrdinaryUser.Run run = user.offcut(arguments.toArray(String[]::new));
        running.add(run);
        return run;
    }

    private static String content(int i) {
        return "file number " + i + "\n";
    }

    private static Path out() {
        return user.home().resolve("out");
    }

    private static long outputs() throws IOException {
        if (!Files.exists(out())) {
            return 0;
        }
        try (Stream<Path> files = Files.list(out())) {
            return files.filter(file -> file.getFileName().toString().matches("f\\d+")).count();
        }
    }

    private void assertKeepsTheSecret(String pilot) {
        try {
            assertThat(slurm("scontrol", "show", "job", "-dd", pilot)).doesNotContain(SECRET);
            assertThat(slurm("scontrol", "write", "batch_script", pilot, "-"))
                    .contains("pilot run")
                    .doesNotContain(SECRET);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitNodes(int count) {
        await(count + " nodes that offer something")
                .atMost(PATIENCE)
                .until(() -> {
                    int offering = 0;
                    for (JsonNode node : json("nodes", "--format", "json")) {
                        boolean up = node.path("state").asText().equals("UP");
                        offering += up && !node.path("offers").isEmpty() ? 1 : 0;
                    }
                    return offering == count;
                });
    }

    private static void awaitActive(int count) {
        await(count + " pilots").atMost(PATIENCE).until(() -> active().size() == count);
    }

    private static List<String> active() throws IOException, InterruptedException {
        List<String> ids = new ArrayList<>();
        for (JsonNode pilot : json("pilot", "status", "--format", "json")) {
            if (pilot.path("state").asText().matches("PENDING|RUNNING|CONFIGURING|COMPLETING")) {
                ids.add(pilot.path("jobId").asText());
            }
        }
        return ids;
    }

    private static JsonNode json(String... arguments) throws IOException, InterruptedException {
        return JSON.readTree(done(user.offcut(arguments)).out());
    }

    private static String state(String job) throws IOException, InterruptedException {
        return slurm("squeue", "-h", "-t", "all", "-o", "%T", "-j", job).strip();
    }

    private static String sbatch(String... arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("sbatch", "--parsable", "--output=/dev/null"));
        line.addAll(List.of(arguments));
        return slurm(line.toArray(String[]::new)).strip();
    }

    private static String slurm(String... line) throws IOException, InterruptedException {
        return done(user.start(List.of(line))).out();
    }

    private static OrdinaryUser.Outcome done(OrdinaryUser.Run run)
            throws IOException, InterruptedException {
        OrdinaryUser.Outcome outcome = run.outcome(Duration.ofMinutes(2));
        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        return outcome;
    }
}
