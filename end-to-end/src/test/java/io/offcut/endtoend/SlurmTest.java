package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.core.CpuSet;
import io.offcut.slurm.JobState;
import io.offcut.slurm.NodeAllocation;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.slurm.SlurmJob;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Four Slurm nodes with four node daemons. Job A holds part of the cores, job B is a batch script
 * whose one line is {@code offcut map}, and then something happens. The nodes are fake (four cores
 * each), so what executors hold is compared with Slurm's own record by logical core.
 */
final class SlurmTest {
    private static final int FILES = 80;
    static final int CORES_PER_NODE = 4;
    private static final Path FREEZER = Path.of("/sys/fs/cgroup/freezer");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir static Path root;

    private static SlurmCluster cluster;
    private static int tests;

    private Path dir;
    private Site site;
    private String jobA;

    @BeforeAll
    static void startCluster() throws IOException {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        Program.script(prolog(), "exit 0");
        cluster =
                SlurmCluster.start(
                        SlurmClusterConfig.fakeNodes(4, CORES_PER_NODE, 4_000)
                                .withScripts(prolog(), null)
                                .withOffcutPlugin(Duration.ofSeconds(5)));
    }

    @AfterAll
    static void stopCluster() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void startSite() throws Exception {
        dir = Files.createDirectories(root.resolve("test-" + ++tests));
        site = new Site(root, "site-" + tests);
        startScheduler();
        for (String node : cluster.nodeNames()) {
            startNode(node);
        }
        Path bundle = TestBundle.write(dir.resolve("bundle"));
        assertThat(site.offcut("function", "push", bundle.toString()).exitCode()).isZero();
        for (int i = 0; i < FILES; i++) {
            Files.writeString(
                    Files.createDirectories(dir.resolve("in")).resolve("f" + i), content(i));
        }
        jobA = cluster.submit("-w", node(0), "-n", "2", "--mem=200", "--wrap", "sleep 300");
        awaitRunning(jobA);
    }

    @AfterEach
    void stopSite() {
        cluster.run("scancel", "--full", "-u", System.getProperty("user.name"));
        site.close();
        await("an empty cluster")
                .atMost(Duration.ofSeconds(30))
                .until(() ->
                        cluster.commands().jobs().stream()
                                .noneMatch(job -> job.state().holdsNodes()));
    }

    @Test
    void functionsRunOnlyOnCoresThatSlurmHasNotGivenOut() throws Exception {
        mapInBatchJob(() -> {
            int seen = 0;
            for (int look = 0; look < 20; look++) {
                seen += assertLeasesAvoidJobs();
            }
            assertThat(seen).as("leases looked at").isPositive();
        });
    }

    @Test
    void aJobGetsItsCoresBeforeItsTasksStart() throws Exception {
        assumeTrue(
                cluster.usesCgroups() && Files.isDirectory(FREEZER),
                "needs the freezer of cgroup v1 as root, to see who could run");
        mapInBatchJob(() -> {
            await("executors on the node that the job wants, where its prolog looks")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> membersOfExecutors(node(2)) > 0);
            Path seen = dir.resolve("seen-after-the-prolog");
            try {
                Program.script(prolog(), lookAfterThePlugin(node(2), seen));
                String jobC =
                        cluster.submit(
                                "-w",
                                node(2),
                                "-n",
                                String.valueOf(CORES_PER_NODE),
                                "--mem=200",
                                "--wrap",
                                "sleep 3");
                await("job C").atMost(Duration.ofSeconds(30)).until(() -> Files.exists(seen));
                assertThat(Files.readString(seen))
                        .as("executors that could run when the prolog of job %s was over", jobC)
                        .isEqualTo("looked\n");
            } finally {
                Program.script(prolog(), "exit 0");
            }
        });
    }

    @Test
    void aJobThatWasNotHeardOfIsFoundAllTheSame() throws Exception {
        LocalDaemon daemon = site.daemon(node(3));
        await("offers").atMost(Duration.ofSeconds(20)).until(() -> offered(daemon) > 0);
        String job =
                cluster.submit(
                        "-H",
                        "-w",
                        node(3),
                        "-n",
                        String.valueOf(CORES_PER_NODE),
                        "--mem=200",
                        "--wrap",
                        "sleep 300");
        try (Crowd _ = new Crowd(cluster.jobEventSocket(node(3)))) {
            cluster.run("scontrol", "release", job);
            awaitRunning(job);
        }
        assertThat(daemon.log())
                .contains("refused a job event")
                .doesNotContain("job " + job + ", prolog: ");
        await("the cores of the job")
                .atMost(Duration.ofSeconds(20))
                .until(() -> offered(daemon) == 0);
    }

    private static int offered(LocalDaemon node) throws IOException {
        int cores = 0;
        for (JsonNode offer : Site.nodeStatus(node).path("offers")) {
            cores += CpuSet.parse(offer.path("cores").asText()).size();
        }
        return cores;
    }

    @Test
    void drainEmptiesANode() throws Exception {
        mapInBatchJob(() -> {
            cluster.run("scontrol", "update", "nodename=" + node(3), "state=drain", "reason=test");
            await("no function on the drained node")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> leases(site.daemon(node(3))).isEmpty());
            JsonNode nodes = JSON.readTree(site.offcut("nodes", "--format", "json").out());
            assertThat(states(nodes))
                    .containsEntry(node(3), "DRAINED")
                    .containsEntry(node(2), "UP");
            cluster.run("scontrol", "update", "nodename=" + node(3), "state=resume");
            await("functions again after the drain")
                    .atMost(Duration.ofSeconds(20))
                    .until(() ->
                            "UP"
                                    .equals(
                                            states(
                                                            JSON.readTree(
                                                                    site.offcut(
                                                                                    "nodes",
                                                                                    "--format",
                                                                                    "json")
                                                                            .out()))
                                                    .get(node(3))));
        });
    }

    @Test
    void aKilledDaemonCostsNoResult() throws Exception {
        mapInBatchJob(() -> {
            site.daemon(node(2)).kill();
            startNode(node(2));
        });
    }

    @Test
    void aKilledSchedulerStopsNoInvocation() throws Exception {
        mapInBatchJob(() -> {
            site.daemon("scheduler").kill();
            long done = outputs();
            await("invocations without a scheduler")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> outputs() >= Math.min(FILES, done + 10));
            startScheduler();
        });
    }

    @Test
    void aKilledExecutorCostsNoResult() throws Exception {
        mapInBatchJob(() -> {
            await("executors on a node of their own")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> !leases(site.daemon(node(2))).isEmpty());
            List<JsonNode> leases = leases(site.daemon(node(2)));
            leases.forEach(lease ->
                    ProcessHandle.of(lease.path("pid").asLong())
                            .ifPresent(ProcessHandle::destroyForcibly));
        });
    }

    /**
     * A job whose script says nothing of scheduler, function or workers, and whose program is
     * killed so that it can give nothing back.
     */
    @Test
    void aJobsWorkersAreThereBeforeItAsksAndGoWithIt() throws Exception {
        awaitOffers();
        String job =
                cluster.submit(
                        "--offcut-workers=2,function=text/slow-upper",
                        "-w",
                        node(1),
                        "-n",
                        "1",
                        "--mem=1000",
                        "-o",
                        dir.resolve("job.log").toString(),
                        scriptInSteps().toString());
        await("the request that is placed at the job's start")
                .atMost(Duration.ofSeconds(20))
                .until(() -> requests().path(0).path("leases").size() > 0);
        String placed = requests().path(0).path("requestId").asText();
        Files.createFile(dir.resolve("go"));
        await("results").atMost(Duration.ofMinutes(1)).until(() -> outputs() > 3 || ended(job));
        JsonNode requests = requests();
        assertThat(ended(job)).as(() -> text(dir.resolve("job.log"))).isFalse();
        assertThat(requests.size()).as(requests.toString()).isEqualTo(1);
        assertThat(requests.path(0).path("requestId").asText()).isEqualTo(placed);
        assertThat(requests.path(0).path("workers").asInt()).isEqualTo(2);
        assertThat(requests.findValuesAsText("state")).contains("ACTIVE");
        Files.createFile(dir.resolve("die"));
        await("the job's end").atMost(Duration.ofSeconds(20)).until(() -> ended(job));
        await("no request of the job")
                .atMost(Duration.ofSeconds(10))
                .until(() -> requests().isEmpty());
        await("no lease of the job")
                .atMost(Duration.ofSeconds(10))
                .until(() -> leases(site.daemon(node(2))).isEmpty());
    }

    /** Waits, maps all files, and is told to kill that. */
    private Path scriptInSteps() throws IOException {
        String map =
                LocalDaemon.offcut("map", "--out", out().toString()).stream()
                        .map(SlurmTest::quoted)
                        .collect(Collectors.joining(" "));
        String script =
                """
                #!/bin/bash
                export HOME=%1$s
                until [ -e %1$s/go ]; do sleep 0.05; done
                %2$s %1$s/in/f* &
                until [ -e %1$s/die ]; do sleep 0.05; done
                kill -9 $!
                """
                        .formatted(dir, map);
        return Files.writeString(dir.resolve("steps.sh"), script);
    }

    private void awaitOffers() {
        for (String node : cluster.nodeNames()) {
            await("offers of " + node)
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> offered(site.daemon(node)) > 0);
        }
    }

    private JsonNode requests() throws Exception {
        return JSON.readTree(site.offcut("lease", "list", "--format", "json").out());
    }

    private interface Fault {
        void strike() throws Exception;
    }

    /**
     * Job B maps all files; when a quarter is done the fault strikes; at the end every result is
     * right.
     */
    private void mapInBatchJob(Fault fault) throws Exception {
        String files =
                IntStream.range(0, FILES)
                        .mapToObj(i -> dir.resolve("in").resolve("f" + i).toString())
                        .collect(Collectors.joining(" "));
        String map =
                LocalDaemon.offcut(
                                "map",
                                "--function",
                                "text/slow-upper",
                                "--workers",
                                "10",
                                "--out",
                                out().toString())
                        .stream()
                        .map(SlurmTest::quoted)
                        .collect(Collectors.joining(" "));
        Path log = dir.resolve("job-b.log");
        String jobB =
                cluster.submit(
                        "-w",
                        node(1),
                        "-n",
                        "1",
                        "--mem=1000",
                        "-o",
                        log.toString(),
                        script("job-b", map + " " + files).toString());
        await("a quarter of the items")
                .atMost(Duration.ofMinutes(1))
                .until(() -> outputs() >= FILES / 4 || ended(jobB));
        assertThat(ended(jobB)).as(() -> "job B ended early: " + text(log)).isFalse();
        fault.strike();
        await("job B").atMost(Duration.ofSeconds(90)).until(() -> ended(jobB));
        assertThat(cluster.commands().job(jobB).state().name())
                .as(() -> text(log))
                .isEqualTo("COMPLETED");
        for (int i = 0; i < FILES; i++) {
            assertThat(out().resolve("f" + i)).hasContent(content(i).toUpperCase(Locale.ROOT));
        }
        assertThat(cluster.commands().job(jobA).state().name()).as("job A").isEqualTo("RUNNING");
    }

    private Path script(String name, String body) throws IOException {
        StringBuilder text = new StringBuilder("#!/bin/bash\n");
        new HashMap<>(site.environment())
                .forEach((key, value) ->
                        text.append("export ")
                                .append(key)
                                .append('=')
                                .append(quoted(value))
                                .append('\n'));
        text.append("export HOME=")
                .append(quoted(dir.toString()))
                .append('\n')
                .append(body)
                .append('\n');
        return Files.writeString(dir.resolve(name + ".sh"), text);
    }

    /** A script for Prolog=, which slurmd runs when the prolog of the plugin is over. */
    private static Path prolog() {
        return root.resolve("prolog");
    }

    /**
     * Shell that writes, as a whole, the name of every process of a node's executors that could
     * still run: not frozen, and not about to die. Executors are frozen first and then killed, for
     * which they are thawed: one with a SIGKILL that waits for it, or that has acted on it
     * (PF_EXITING 4 and PF_SIGNALED 0x400 among the flags in proc_pid_stat(5)), runs no instruction
     * of its own any more. Two looks, as a process is neither for an instant.
     */
    private static String lookAfterThePlugin(String node, Path seen) {
        return """
        [ "$SLURMD_NODENAME" = %s ] || exit 0
        could_run() {
          local stat pending
          stat=$(cat /proc/$1/stat 2>/dev/null) || return 1
          for pending in $(sed -n 's/^S[ih][gd]Pnd:/0x/p' /proc/$1/status 2>/dev/null | tr -d '[:blank:]'); do
            (( pending & 0x100 )) && return 1
          done
          set -- ${stat##*) }
          [[ $1 != [ZX] ]] && (( ($7 & 0x404) == 0 ))
        }
        { for group in %s/offcut_%s_*/*/; do
          [ "$(cat "$group/freezer.state" 2>/dev/null)" != FROZEN ] || continue
          for pid in $(cat "$group/cgroup.procs" 2>/dev/null); do
            could_run $pid && sleep 0.05 && could_run $pid && echo "could run: $pid of $group"
          done
        done
        echo looked; } >%s.new
        mv %s.new %s
        """
                .formatted(node, FREEZER, node, seen, seen, seen);
    }

    /** How many processes there are where {@link #lookAfterThePlugin} looks. */
    private static int membersOfExecutors(String node) throws IOException {
        int members = 0;
        try (var parents = Files.newDirectoryStream(FREEZER, "offcut_" + node + "_*")) {
            for (Path parent : parents) {
                try (var groups = Files.newDirectoryStream(parent, Files::isDirectory)) {
                    for (Path group : groups) {
                        members += Files.readAllLines(group.resolve("cgroup.procs")).size();
                    }
                }
            }
        } catch (NoSuchFileException e) {
            return 0;
        }
        return members;
    }

    /** More connections than a daemon serves at once, none of which says anything. */
    private static final class Crowd implements AutoCloseable {
        private final List<SocketChannel> silent = new ArrayList<>();

        Crowd(Path socket) throws IOException {
            for (int i = 0; i < 100; i++) {
                silent.add(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
            }
        }

        @Override
        public void close() throws IOException {
            for (SocketChannel channel : silent) {
                channel.close();
            }
        }
    }

    /**
     * @return how many leases were compared
     */
    private int assertLeasesAvoidJobs() throws IOException {
        List<SlurmJob> jobs = cluster.commands().jobs();
        int compared = 0;
        for (String node : cluster.nodeNames()) {
            CpuSet allocated = CpuSet.empty();
            for (SlurmJob job : jobs) {
                if (job.state().holdsNodes()) {
                    allocated =
                            allocated.plus(
                                    job.allocationOn(node)
                                            .map(NodeAllocation::cores)
                                            .orElse(CpuSet.empty()));
                }
            }
            for (JsonNode lease : leases(site.daemon(node))) {
                CpuSet cores = CpuSet.parse(lease.path("cores").asText());
                assertThat(cores.intersects(allocated))
                        .as("node %s: lease %s, jobs hold %s", node, lease, allocated)
                        .isFalse();
                compared++;
            }
        }
        return compared;
    }

    private void startScheduler() {
        site.startScheduler(
                "--slurm-conf", cluster.slurmConf().toString(), "--slurm-interval", "1s");
    }

    private void startNode(String node) {
        site.startNode(node, nodeConfig(cluster, node));
    }

    /** Of a daemon on a fake node of a cluster with Offcut's plugin. */
    static Map<String, Object> nodeConfig(SlurmCluster cluster, String node) {
        Map<String, Object> config = new HashMap<>();
        config.put("cpus", "0-" + (CORES_PER_NODE - 1));
        config.put("cpuMap", realCpus());
        config.put("slurm", "on");
        config.put("slurmConf", cluster.slurmConf().toString());
        config.put("jobSocket", cluster.jobEventSocket(node).toString());
        return config;
    }

    /** Logical cores in turn onto the CPUs that there are. */
    private static String realCpus() {
        int real = Runtime.getRuntime().availableProcessors();
        return IntStream.range(0, CORES_PER_NODE)
                .mapToObj(logical -> logical + "=" + logical % real)
                .collect(Collectors.joining(";"));
    }

    private static List<JsonNode> leases(LocalDaemon node) throws IOException {
        List<JsonNode> leases = new ArrayList<>();
        Site.nodeStatus(node)
                .path("leases")
                .forEach(lease -> {
                    if (!lease.path("state").asText().equals("ENDED")) {
                        leases.add(lease);
                    }
                });
        return leases;
    }

    private static Map<String, String> states(JsonNode nodes) {
        Map<String, String> states = new HashMap<>();
        nodes.forEach(node ->
                states.put(node.path("node").path("name").asText(), node.path("state").asText()));
        return states;
    }

    private static void awaitRunning(String job) {
        await("job " + job)
                .atMost(Duration.ofSeconds(20))
                .until(() -> cluster.commands().job(job).state().name().equals("RUNNING"));
    }

    private static boolean ended(String job) {
        // One look: a job may begin between two.
        JobState state = cluster.commands().job(job).state();
        return !state.holdsNodes() && state != JobState.PENDING;
    }

    private static String node(int index) {
        return cluster.nodeNames().get(index);
    }

    private Path out() {
        return dir.resolve("out");
    }

    private long outputs() throws IOException {
        if (!Files.exists(out())) {
            return 0;
        }
        try (Stream<Path> files = Files.list(out())) {
            return files.filter(file -> file.getFileName().toString().matches("f\\d+")).count();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    private static String content(int i) {
        return "file number " + i + "\n" + "abc ".repeat(i);
    }
}
