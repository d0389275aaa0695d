package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.client.ClientConfig;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.WorkerPool;
import io.offcut.core.CpuSet;
import io.offcut.linux.ProcessRef;
import io.offcut.slurm.CommandResult;
import io.offcut.slurm.JobState;
import io.offcut.slurm.NodeAllocation;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two Slurm nodes of four cores, all of which functions have unless a job does. One program calls
 * them without pause; daemons of either side are killed, jobs of every kind come and go. What is
 * offered and leased is in the end exactly what Slurm has not given out, and each call comes back
 * right and once.
 */
@Timeout(300)
final class SlurmFaultsTest {
    private static final Duration LONG = Duration.ofSeconds(90);
    private static final CpuSet ALL = CpuSet.range(0, SlurmTest.CORES_PER_NODE - 1);
    private static final long LEASE_BYTES = 512L << 20;
    private static final int SAMPLE_MILLIS = 1_000;
    private static final Path FREEZER = Path.of("/sys/fs/cgroup/freezer");

    @TempDir static Path root;

    private static SlurmCluster cluster;
    private static Site site;
    private static OffcutClient client;
    private static final List<WorkerPool> POOLS = new ArrayList<>();
    private static int jobs;

    private SteadyCalls calls;

    /** Lives until it is told to go. */
    private record Job(String id, Path started, Path go, Path compute) {
        void end() throws IOException {
            Files.createFile(go);
        }

        void awaitStart() {
            await("job " + id + " runs").atMost(LONG).until(() -> Files.exists(started));
        }
    }

    private record Lease(String id, String phase, long pid, CpuSet cores) {}

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        Program.script(root.resolve("prolog"), "while [ -e " + held() + " ]; do sleep 0.02; done");
        cluster =
                SlurmCluster.start(
                        SlurmClusterConfig.fakeNodes(2, SlurmTest.CORES_PER_NODE, 4_000)
                                .withScripts(root.resolve("prolog"), null)
                                .withLines("PartitionName=twice Nodes=ALL OverSubscribe=FORCE:2")
                                .withOffcutPlugin(Duration.ofSeconds(5)));
        site = new Site(root, "site");
        // A daemon that is started again finds its leases, however slow the machine is.
        site.startScheduler(
                "--slurm-conf",
                cluster.slurmConf().toString(),
                "--slurm-interval",
                "500ms",
                "--set",
                "heartbeatMillis=20000");
        cluster.nodeNames().forEach(SlurmFaultsTest::startNode);
        Path bundle = TestBundle.write(root.resolve("bundle"));
        assertThat(site.offcut("function", "push", bundle.toString()).exitCode()).isZero();
        client =
                OffcutClient.connect(
                        ClientConfig.defaults()
                                .withSchedulerUrl(site.daemon("scheduler").uri().toString())
                                .withUser("faults"));
        // Each its own lease, of one core.
        for (int i = 0; i < 2 * ALL.size(); i++) {
            POOLS.add(
                    client.lease(
                            LeaseOptions.of("text/slow-upper")
                                    .memoryBytesPerWorker(LEASE_BYTES)
                                    .queue(Duration.ofMinutes(10))));
        }
    }

    @AfterAll
    static void stop() throws IOException {
        POOLS.forEach(WorkerPool::close);
        POOLS.clear();
        if (client != null) {
            client.close();
        }
        if (site != null) {
            site.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void call() {
        calls = new SteadyCalls("slow-upper", 2, POOLS);
        awaitFunctionsOnAllBut(a());
        awaitFunctionsOnAllBut(b());
        calls.goOn(1);
    }

    /** Whatever has happened, all of it comes back when no job is left. */
    @AfterEach
    void checkCallsAndCores() throws Exception {
        calls.stop();
        Files.deleteIfExists(held());
        cluster.startDaemon("slurmctld");
        for (String node : cluster.nodeNames()) {
            cluster.startDaemon(SlurmCluster.slurmd(node));
            if (site.daemon(node).process().isAlive()) {
                signal("CONT", site.daemon(node).process().pid());
            } else {
                startNode(node);
            }
        }
        cluster.run("scancel", "--full", "-u", System.getProperty("user.name"));
        await("an empty cluster")
                .atMost(LONG)
                .ignoreExceptions()
                .until(() ->
                        cluster.commands().jobs().stream()
                                .noneMatch(job -> job.state().holdsNodes()));
        awaitFunctionsOnAllBut(a());
        awaitFunctionsOnAllBut(b());
        calls.checkAll();
    }

    @Test
    void aDaemonThatDiesWhileAPrologWaitsHoldsNoJob() throws Exception {
        Set<Long> before = awaitExecutors();
        signal("STOP", site.daemon(a()).process().pid());
        Job job = job("-w", a(), "-n", "2");
        await("a prolog that waits for the daemon")
                .atMost(LONG)
                .until(() -> connections(cluster.jobEventSocket(a())) > 0);
        site.daemon(a()).kill();
        job.awaitStart();
        calls.goOn(5);
        startNode(a());
        awaitFunctionsOnAllBut(a(), job);
        assertThat(before).as("executors that were there before").containsAll(pids(a()));
        job.end();
    }

    @Test
    void whatADeadDaemonFrozeGoesOnOrEnds() throws Exception {
        assumeTrue(
                cluster.usesCgroups() && Files.isDirectory(FREEZER),
                "needs the freezer of cgroup v1 as root, to see who stands still");
        Set<Long> all = awaitExecutors();
        Files.createFile(held());
        Job comes = job("-H", "-w", a(), "-n", "1");
        Job goes = job("-H", "-w", a(), "-n", "1");
        cluster.run("scontrol", "release", comes.id() + "," + goes.id());
        awaitFrozen(all, 2);
        site.daemon(a()).kill();
        assertThat(all.stream().filter(CoreWatch::frozen)).hasSize(2);

        cluster.run("scancel", goes.id());
        Files.delete(held());
        comes.awaitStart();
        await("no second job")
                .atMost(LONG)
                .until(() -> !cluster.commands().job(goes.id()).state().holdsNodes());
        startNode(a());

        awaitFunctionsOnAllBut(a(), comes);
        assertThat(all).as("executors that were there before").containsAll(pids(a()));
        assertThat(pids(a())).noneMatch(CoreWatch::frozen);
        comes.end();
    }

    @Test
    void aJobMayEndWhileItsSlurmdIsDead() throws Exception {
        Job job = job("-w", a(), "-n", "2");
        job.awaitStart();
        awaitFunctionsOnAllBut(a(), job);
        cluster.killDaemon(SlurmCluster.slurmd(a()));
        calls.goOn(5);
        job.end();
        await("the script's end, of which its slurmstepd tells")
                .atMost(LONG)
                .until(() -> cluster.commands().job(job.id()).state() != JobState.RUNNING);
        cluster.startDaemon(SlurmCluster.slurmd(a()));
        awaitFunctionsOnAllBut(a());
        assertThat(cluster.commands().job(job.id()).state()).isEqualTo(JobState.COMPLETED);
    }

    @Test
    void aSilentControllerBlocksNobody() throws Exception {
        Job job = job("-w", a(), "-n", "2");
        job.awaitStart();
        awaitFunctionsOnAllBut(a(), job);
        CpuSet held = cores(a(), job);
        cluster.killDaemon("slurmctld");
        calls.goOn(5);
        site.daemon(b()).kill();
        startNode(b());
        assertThat(offered(b())).as("of a node whose jobs nobody names").isEqualTo(CpuSet.empty());
        awaitFunctionsOnAllBut(a(), held);
        calls.goOn(5);

        cluster.startDaemon("slurmctld");
        awaitFunctionsOnAllBut(b());
        Job next = job("-w", b(), "-n", "3");
        next.awaitStart();
        awaitFunctionsOnAllBut(b(), next);
        job.end();
        awaitFunctionsOnAllBut(a());
    }

    @Test
    void nothingIsLeftAfterAReboot() throws Exception {
        assumeTrue(cluster.usesCgroups(), "needs cgroups as root, to find all processes of a node");
        Job job = job("-w", a(), "-n", "2", "--no-requeue");
        job.awaitStart();
        awaitFunctionsOnAllBut(a(), job);
        Set<Path> remains = remains(a());
        assertThat(remains).isNotEmpty();

        cluster.killDaemon(SlurmCluster.slurmd(a()));
        site.daemon(a()).kill();
        // All at once: no executor may tell what becomes of its function's processes.
        for (String signal : List.of("STOP", "KILL")) {
            for (long pid : processes(a())) {
                signal(signal, pid);
            }
        }
        calls.goOn(5);
        // By itself Slurm finds a job of the last seconds missing only much later.
        cluster.run("scontrol", "update", "nodename=" + a(), "state=down", "reason=reboot");
        startNode(a());
        cluster.startDaemon(SlurmCluster.slurmd(a()));
        cluster.run("scontrol", "update", "nodename=" + a(), "state=resume");

        await("Slurm's word that the job is gone")
                .atMost(LONG)
                .until(() -> !cluster.commands().job(job.id()).state().holdsNodes());
        awaitFunctionsOnAllBut(a());
        // A lease may live on, with another executor; nothing of what it had then does.
        assertThat(remains).noneMatch(Files::exists);
        assertThat(site.offcut("lease", "list", "--format", "json").out()).contains(ids(a()));
    }

    @Test
    void aRequeuedJobGivesBackAndTakesAgain() throws Exception {
        Job job = job("-w", a(), "-n", "2");
        job.awaitStart();
        awaitFunctionsOnAllBut(a(), job);
        cluster.run("scontrol", "requeue", job.id());
        await("a job that waits again")
                .atMost(LONG)
                .until(() -> cluster.commands().job(job.id()).state() == JobState.PENDING);
        awaitFunctionsOnAllBut(a());
        Files.delete(job.started());
        // Slurm lets it wait for two minutes.
        await("its second start")
                .atMost(LONG)
                .until(() -> {
                    cluster.run("scontrol", "update", "jobid=" + job.id(), "starttime=now");
                    return Files.exists(job.started());
                });
        awaitFunctionsOnAllBut(a(), job);
        job.end();
    }

    @Test
    void aDrainSparesTheJob() throws Exception {
        Job job = job("-w", a(), "-n", "2");
        job.awaitStart();
        awaitFunctionsOnAllBut(a(), job);
        cluster.run("scontrol", "update", "nodename=" + a(), "state=drain", "reason=test");
        await("a node without functions").atMost(LONG).until(() -> leases(a()).isEmpty());
        calls.goOn(5);
        cluster.run("scontrol", "update", "nodename=" + a(), "state=resume");
        awaitFunctionsOnAllBut(a(), job);
        assertThat(cluster.commands().job(job.id()).state()).isEqualTo(JobState.RUNNING);
        job.end();
    }

    @Test
    void tasksOfAnArrayHoldTheirOwnCores() throws Exception {
        Job array = job("-w", a(), "-n", "1", "-a", "1-3");
        array.awaitStart();
        awaitLeased(a(), 1);
        // The next daemon learns of them from Slurm's record.
        site.daemon(a()).kill();
        startNode(a());
        awaitLeased(a(), 1);
        calls.goOn(5);
        array.end();
        awaitFunctionsOnAllBut(a());
    }

    @Test
    void aJobOfTwoNodesHoldsItsCoresOnEach() throws Exception {
        Job job = job("-N", "2", "-n", "3", "--distribution=cyclic");
        job.awaitStart();
        awaitFunctionsOnAllBut(a(), job);
        awaitFunctionsOnAllBut(b(), job);
        calls.goOn(5);
        job.end();
    }

    @Test
    void coresOfTwoJobsComeBackWithTheSecond() throws Exception {
        Job first = job("-w", a(), "-N", "1", "-p", "twice", "-n", "3");
        first.awaitStart();
        Job second = job("-w", a(), "-N", "1", "-p", "twice", "-n", "3");
        second.awaitStart();
        CpuSet cores = cores(a(), second);
        assertThat(cores.intersects(cores(a(), first))).as("cores for both").isTrue();
        awaitFunctionsOnAllBut(a(), first, second);
        first.end();
        await("the first job's end")
                .atMost(LONG)
                .until(() -> !cluster.commands().job(first.id()).state().holdsNodes());
        awaitFunctionsOnAllBut(a(), second);
        assertThat(leased(a()).intersects(cores)).isFalse();
        second.end();
        awaitFunctionsOnAllBut(a());
    }

    @Test
    void leasesThatNoLongerFitInMemoryEnd() throws Exception {
        Set<String> before = ids(a());
        Job job = job("-w", a(), "-n", "1", "--mem=2800");
        job.awaitStart();
        awaitLeased(a(), 2);
        assertThat(leased(a()).intersects(cores(a(), job))).isFalse();
        calls.goOn(5);
        assertThat(ids(a())).as("leases").hasSize(2).isSubsetOf(before);
        job.end();
    }

    @Test
    void aWholeNodeIsTheJobs() throws Exception {
        Job job = job("-w", a(), "-n", "1", "--exclusive", "--mem=100");
        job.awaitStart();
        assertThat(pids(a())).noneMatch(pid -> pid > 0 && CoreWatch.mayRun(ProcessRef.of(pid)));
        awaitFunctionsOnAllBut(a(), ALL);
        calls.goOn(10);
        awaitFunctionsOnAllBut(a(), ALL);
        job.end();
        awaitFunctionsOnAllBut(a());
    }

    @Test
    void onlyASharedJobLendsAndGetsItsCoresBackWhenItComputes() throws Exception {
        assumeTrue(cluster.usesCgroups(), "needs cgroups as root, to see what a job uses");
        startSharingNode();
        Job alone = job("-w", a(), "-n", "2", "--offcut=exclusive");
        alone.awaitStart();
        Job lends = job("-w", a(), "-n", "2", "--offcut=share");
        lends.awaitStart();
        awaitFunctionsBeside(lends);
        calls.goOn(5);

        // A daemon that did not hear the jobs start knows not who shares.
        site.daemon(a()).kill();
        startSharingNode();
        step(alone);
        step(lends, "--offcut=share");
        awaitFunctionsBeside(lends);

        long pid = pids(a()).iterator().next();
        Files.createFile(lends.compute());
        long begun = System.nanoTime();
        await("functions that stand still")
                .atMost(LONG)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> CoreWatch.frozen(pid) || !ProcessHandle.of(pid).isPresent());
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .as("time until then: two samples, and as much for a loaded machine")
                .isLessThan(Duration.ofMillis(4 * SAMPLE_MILLIS));
        await("no lease").atMost(LONG).until(() -> leases(a()).isEmpty());
        assertThat(offered(a())).isEqualTo(CpuSet.empty());
        Files.delete(lends.compute());
        alone.end();
        lends.end();
        site.daemon(a()).kill();
    }

    private static void step(Job job, String... options) {
        List<String> command = new ArrayList<>(List.of("srun", "--jobid=" + job.id(), "-n1"));
        command.addAll(List.of("--overlap", "-D", "/"));
        command.addAll(List.of(options));
        command.add("true");
        CommandResult result = cluster.run(command.toArray(String[]::new));
        assertThat(result.succeeded()).as(result.error()).isTrue();
    }

    /** One core stays with the job, as nobody sees which of the real ones it uses. */
    private static void awaitFunctionsBeside(Job lends) throws IOException {
        CpuSet cores = cores(a(), lends);
        await("an executor on a core that the job leaves idle")
                .atMost(LONG)
                .until(() -> leased(a()).size() == 1 && !pids(a()).contains(0L));
        assertThat(cores.containsAll(leased(a())) && cores.containsAll(offered(a()))).isTrue();
    }

    private static void startSharingNode() {
        if (site.daemon(a()).process().isAlive()) {
            site.daemon(a()).close();
        }
        Map<String, Object> config = config(a());
        config.put("share", "on");
        // Where others compute too, the job gets little.
        config.put("busyThreshold", 0.1);
        config.put("underusedAfterSamples", 3);
        config.put("samplePeriodMillis", SAMPLE_MILLIS);
        site.startNode(a(), config);
    }

    private static void startNode(String node) {
        site.startNode(node, config(node));
    }

    private static Map<String, Object> config(String node) {
        Map<String, Object> config = SlurmTest.nodeConfig(cluster, node);
        // Its probes would freeze functions in between.
        config.put("maxSlowdown", 1);
        config.put("orphanMillis", 60_000);
        return config;
    }

    private static Job job(String... options) throws IOException {
        Path base = root.resolve("job-" + ++jobs);
        String name = base.toString();
        Job prepared =
                new Job(
                        "",
                        Path.of(name + ".started"),
                        Path.of(name + ".go"),
                        Path.of(name + ".compute"));
        Path script =
                Files.writeString(
                        Path.of(name + ".sh"),
                        """
                        #!/bin/bash
                        touch %1$s
                        until [ -e %2$s ]; do
                          sleep 0.2
                          while [ -e %3$s ]; do :; done &
                          while [ -e %3$s ]; do :; done
                        done
                        """
                                .formatted(prepared.started(), prepared.go(), prepared.compute()));
        // Who may lend needs something to lend.
        boolean offcut = List.of(options).stream().anyMatch(each -> each.startsWith("--offcut"));
        List<String> arguments = new ArrayList<>(List.of("-o", "/dev/null"));
        if (List.of(options).stream().noneMatch(option -> option.startsWith("--mem"))) {
            arguments.add("--mem=" + (offcut ? 1_500 : 200));
        }
        arguments.addAll(List.of(options));
        arguments.add(script.toString());
        String id = cluster.submit(arguments.toArray(String[]::new));
        return new Job(id, prepared.started(), prepared.go(), prepared.compute());
    }

    private static void awaitFunctionsOnAllBut(String node, Job... holding) {
        CpuSet held = CpuSet.empty();
        for (Job job : holding) {
            held = held.plus(cores(node, job));
        }
        awaitFunctionsOnAllBut(node, held);
    }

    /**
     * Exactly the cores that are not held are offered and leased. That leases serve takes as long
     * as the machine needs to start them, and is seen in the calls.
     */
    private static void awaitFunctionsOnAllBut(String node, CpuSet held) {
        CpuSet free = ALL.minus(held);
        await("leases of cores " + free + " of " + node)
                .atMost(LONG)
                .untilAsserted(() -> {
                    assertThat(offered(node)).as("offered").isEqualTo(free);
                    assertThat(leased(node)).as("leased").isEqualTo(free);
                });
    }

    private static void awaitLeased(String node, int cores) {
        await("functions on " + cores + " cores of " + node)
                .atMost(LONG)
                .until(() -> leased(node).size() == cores);
    }

    private static void awaitFrozen(Set<Long> pids, int count) {
        await(count + " executors that stand still")
                .atMost(LONG)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> pids.stream().filter(CoreWatch::frozen).count() == count);
    }

    /** On all cores of the first node. */
    private static Set<Long> awaitExecutors() throws IOException {
        await("executors that serve").atMost(LONG).until(() -> running(a()).equals(ALL));
        return pids(a());
    }

    private static CpuSet cores(String node, Job job) {
        return cluster.commands()
                .job(job.id())
                .allocationOn(node)
                .map(NodeAllocation::cores)
                .orElseThrow(() -> new AssertionError("job " + job.id() + " is not on " + node));
    }

    private static CpuSet offered(String node) throws IOException {
        CpuSet cores = CpuSet.empty();
        for (JsonNode offer : Site.nodeStatus(site.daemon(node)).path("offers")) {
            cores = cores.plus(CpuSet.parse(offer.path("cores").asText()));
        }
        return cores;
    }

    /** Leases that have not ended. */
    private static List<Lease> leases(String node) throws IOException {
        List<Lease> leases = new ArrayList<>();
        for (JsonNode lease : Site.nodeStatus(site.daemon(node)).path("leases")) {
            if (!lease.path("state").asText().equals("ENDED")) {
                leases.add(
                        new Lease(
                                lease.path("leaseId").asText(),
                                lease.path("phase").asText(),
                                lease.path("pid").asLong(),
                                CpuSet.parse(lease.path("cores").asText())));
            }
        }
        return leases;
    }

    private static CpuSet leased(String node) throws IOException {
        return leases(node).stream().map(Lease::cores).reduce(CpuSet.empty(), CpuSet::plus);
    }

    private static CpuSet running(String node) throws IOException {
        return leases(node).stream()
                .filter(lease -> lease.phase().equals("RUNNING"))
                .map(Lease::cores)
                .reduce(CpuSet.empty(), CpuSet::plus);
    }

    private static Set<String> ids(String node) throws IOException {
        return leases(node).stream().map(Lease::id).collect(Collectors.toSet());
    }

    private static Set<Long> pids(String node) throws IOException {
        return leases(node).stream().map(Lease::pid).collect(Collectors.toSet());
    }

    /** Of jobs and of functions on a node. */
    private static Set<Long> processes(String node) throws IOException {
        Set<Long> found = new HashSet<>();
        for (Path group : groups("slurm_" + node, "offcut_" + node + "_*")) {
            found.addAll(processesIn(group));
        }
        return found;
    }

    private static List<Long> processesIn(Path group) throws IOException {
        return Files.readAllLines(group.resolve("cgroup.procs")).stream()
                .map(Long::valueOf)
                .toList();
    }

    /** What the executors on a node have now: groups and regions. */
    private static Set<Path> remains(String node) throws IOException {
        Set<Path> found = new HashSet<>();
        for (Path group : groups("offcut_" + node + "_*")) {
            // An empty one is no executor's: another site's daemon was killed.
            if (!processesIn(group).isEmpty()) {
                found.add(group);
            }
        }
        try (Stream<Path> regions = Files.list(Path.of("/dev/shm/offcut-" + node))) {
            // Beside them is the living daemon's lock.
            regions.filter(Files::isDirectory).forEach(found::add);
        }
        return found;
    }

    private static List<Path> groups(String... globs) throws IOException {
        List<Path> found = new ArrayList<>();
        for (String glob : globs) {
            try (DirectoryStream<Path> roots = Files.newDirectoryStream(FREEZER, glob)) {
                for (Path group : roots) {
                    try (Stream<Path> all = Files.walk(group)) {
                        all.filter(Files::isDirectory).forEach(found::add);
                    }
                }
            }
        }
        return found;
    }

    /** Of those that connect to a socket, served or waiting. */
    private static long connections(Path socket) throws IOException {
        // The name under which the daemon binds it, before it moves it to its place.
        Path bound = socket.resolveSibling("." + socket.getFileName());
        try (Stream<String> lines = Files.lines(Path.of("/proc/net/unix"))) {
            // Num RefCount Protocol Flags Type St Inode Path; 01 is the one that listens.
            return lines.filter(line -> line.contains(" " + bound))
                    .filter(line -> !line.split(" +", -1)[5].equals("01"))
                    .count();
        }
    }

    private static void signal(String name, long pid) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
    }

    /** While it is there, prologs take no end. */
    private static Path held() {
        return root.resolve("held");
    }

    private static String a() {
        return cluster.nodeNames().get(0);
    }

    private static String b() {
        return cluster.nodeNames().get(1);
    }
}
