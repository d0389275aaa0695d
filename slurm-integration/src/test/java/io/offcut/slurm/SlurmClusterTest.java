package io.offcut.slurm;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.CpuSet;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmNode.Availability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Against a real Slurm: four nodes on this machine. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class SlurmClusterTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    private final List<SlurmCluster> started = new ArrayList<>();

    @BeforeAll
    void startFourNodes() {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () ->
                        "needs Slurm: no "
                                + SlurmCluster.missingPrograms()
                                + "; apt-get install "
                                + String.join(" ", SlurmCluster.aptPackages()));
        assumeTrue(
                SpankPlugin.available(),
                "needs the SPANK plugin: no C compiler or slurm/spank.h at build time");
        started.add(
                SlurmCluster.start(
                        SlurmClusterConfig.fakeNodes(4, 8, 16_000).withOffcutPlugin(LONG)));
    }

    @AfterAll
    void stop() {
        started.forEach(SlurmCluster::close);
    }

    @AfterEach
    void cancelJobs() {
        for (SlurmJob job : cluster().commands().jobs()) {
            cluster().run("scancel", job.jobId());
        }
        for (String node : cluster().nodeNames()) {
            await().atMost(LONG).until(() -> cluster().commands().jobIdsOn(node).isEmpty());
        }
    }

    private SlurmCluster cluster() {
        return started.getFirst();
    }

    private String node(int number) {
        return cluster().nodeNames().get(number - 1);
    }

    private SlurmJob awaitState(String jobId, JobState state) {
        return await().atMost(LONG)
                .until(() -> cluster().commands().job(jobId), job -> job.state() == state);
    }

    @Test
    void runsATaskOnEveryNode() {
        CommandResult result =
                cluster().run("srun", "-N4", "--mem=100", "sh", "-c", "echo $SLURMD_NODENAME");

        assertThat(result.error()).isEmpty();
        assertThat(result.output().lines())
                .containsExactlyInAnyOrderElementsOf(cluster().nodeNames());
        assertThat(cluster().status().healthy()).isTrue();
        assertThat(cluster().commands().node(node(2)).cpus()).isEqualTo(8);
        assertThatThrownBy(() -> cluster().commands().node("n99"))
                .isInstanceOf(OffcutException.class)
                .hasMessageStartingWith("Slurm does not know node n99");
    }

    @Test
    void readsBackWhichCoresJobsHold() {
        String first = cluster().submit("-w", node(1), "-n3", "--wrap", "sleep 300");
        String name = "x Nodes=" + node(1) + " CPU_IDs=0 JobState=COMPLETED";
        awaitState(first, JobState.RUNNING);
        String second = cluster().submit("-w", node(1), "-n4", "--mem=700", "--wrap", "sleep 300");
        SlurmJob job = awaitState(second, JobState.RUNNING);

        assertThat(job.certain()).isTrue();
        assertThat(job.nodes()).containsExactly(node(1));
        assertThat(job.allocationOn(node(1)))
                .contains(new NodeAllocation(CpuSet.range(3, 6), 700L << 20));
        assertThat(cluster().commands().jobIdsOn(node(1))).containsExactlyInAnyOrder(first, second);
        assertThat(cluster().commands().jobIdsOn(node(2))).isEmpty();

        String forged = cluster().submit("-w", node(2), "-n1", "-J", name, "--wrap", "sleep 300");
        awaitRunning(forged);
        assertThat(cluster().commands().job(forged).allocationOn(node(2))).isEmpty();
        assertAllocations(first, second);
    }

    private void awaitRunning(String jobId) {
        await().atMost(LONG)
                .until(() ->
                        cluster()
                                .run("squeue", "-h", "-j", jobId, "-o", "%T")
                                .output()
                                .contains("RUNNING"));
    }

    private void assertAllocations(String first, String second) {
        NodeAllocations allocations =
                new NodeAllocations(
                        node(1),
                        CpuSet.range(0, 7),
                        16_000L << 20,
                        cluster().commands(),
                        CpuIdMap.identity());
        assertThat(allocations.reconcile()).isTrue();
        assertThat(allocations.snapshot().heldCores()).isEqualTo(CpuSet.range(0, 6));
        assertThat(allocations.snapshot().heldMemoryBytes()).isEqualTo((1500L + 700) << 20);
        assertThat(allocations.snapshot().jobs()).containsOnlyKeys(first, second);

        NodeAllocations other =
                new NodeAllocations(
                        node(2),
                        CpuSet.range(0, 7),
                        16_000L << 20,
                        cluster().commands(),
                        CpuIdMap.identity());
        assertThat(other.reconcile()).isTrue();
        assertThat(other.snapshot().heldCores()).isEqualTo(CpuSet.range(0, 7));
    }

    @Test
    void readsTheElementsOfAnArray() {
        String array = cluster().submit("--array=1-2", "-n1", "-w", node(3), "--wrap", "sleep 300");

        await().atMost(LONG)
                .until(() -> cluster().commands().jobIdsOn(node(3)), ids -> ids.size() == 2);
        assertThat(cluster().commands().jobIdsOn(node(3)))
                .allSatisfy(id -> {
                    SlurmJob job = cluster().commands().job(id);
                    assertThat(job.certain()).isTrue();
                    assertThat(job.arrayJobId()).isEqualTo(array);
                    assertThat(job.arrayTaskId()).isIn("1", "2");
                    assertThat(job.allocationOn(node(3))).isPresent();
                });
    }

    @Test
    void tellsOfDrainAndResume() throws InterruptedException {
        BlockingQueue<NodeChange> changes = new LinkedBlockingQueue<>();
        try (SlurmClusterReader _ =
                SlurmClusterReader.start(
                        cluster().commands(), Duration.ofMillis(200), listener(changes))) {
            update("state=drain", "reason=bad fan");
            NodeChange drained = changes.poll(60, SECONDS);
            update("state=resume");
            // Between the two Slurm may take the node as silent for a moment.
            NodeChange resumed =
                    await().atMost(LONG)
                            .until(
                                    changes::take,
                                    change -> change.availability() != Availability.SILENT);

            assertThat(drained)
                    .isNotNull()
                    .satisfies(change -> {
                        assertThat(change.node()).isEqualTo(node(4));
                        assertThat(change.availability()).isEqualTo(Availability.DRAINED);
                        assertThat(change.reason()).startsWith("bad fan");
                    });
            assertThat(resumed).isEqualTo(new NodeChange(node(4), Availability.AVAILABLE, ""));
        }
    }

    private static SlurmClusterReader.Listener listener(BlockingQueue<NodeChange> changes) {
        return new SlurmClusterReader.Listener() {
            @Override
            public void changed(NodeChange change) {
                changes.add(change);
            }

            @Override
            public void read(ClusterView view) {}

            @Override
            public void silent() {}
        };
    }

    @Test
    void tellsWhatSlurmMeansToDo() {
        String blocking =
                cluster().submit("-w", node(3), "--exclusive", "-t5", "--wrap", "sleep 300");
        awaitState(blocking, JobState.RUNNING);
        String waiting = cluster().submit("-w", node(3), "-t5", "--wrap", "true");
        String dependent =
                cluster().submit("--dependency=afterok:" + waiting, "-t5", "--wrap", "true");
        String held = cluster().submit("--hold", "-t5", "--wrap", "true");
        String later = cluster().submit("--begin=now+1hour", "-t5", "--wrap", "true");
        reserve("plain", "now+2hours", "");
        reserve("floating", "now+1hour", "Flags=TIME_FLOAT");

        PlannedStart planned =
                await().atMost(LONG)
                        .until(
                                () -> cluster().commands().plannedStarts(),
                                starts -> !starts.isEmpty())
                        .getFirst();
        assertThat(cluster().commands().plannedStarts())
                .extracting(PlannedStart::jobId)
                .containsExactly(waiting)
                .doesNotContain(dependent, held, later);
        assertThat(planned.nodes()).containsExactly(node(3));
        assertThat(planned.startsAt())
                .isBetween(Instant.now().plusSeconds(240), Instant.now().plusSeconds(301));
        assertThat(cluster().commands().reservations())
                .filteredOn(reservation -> !reservation.floats())
                .singleElement()
                .satisfies(reservation -> {
                    assertThat(reservation.name()).isEqualTo("plain");
                    assertThat(reservation.nodes()).containsExactly(node(4));
                    assertThat(Duration.between(reservation.startsAt(), reservation.endsAt()))
                            .isEqualTo(Duration.ofMinutes(30));
                });
        cluster().run("scontrol", "delete", "reservationname=plain");
        cluster().run("scontrol", "delete", "reservationname=floating");
        assertThat(cluster().commands().reservations()).isEmpty();
    }

    private void reserve(String name, String start, String more) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "scontrol",
                                "create",
                                "reservation",
                                "ReservationName=" + name,
                                "StartTime=" + start,
                                "Duration=30",
                                "Nodes=" + node(4),
                                "Users=" + System.getProperty("user.name")));
        if (!more.isEmpty()) {
            command.add(more);
        }
        assertThat(cluster().run(command.toArray(String[]::new)).error()).isEmpty();
    }

    private void update(String... settings) {
        List<String> command = new ArrayList<>(List.of("scontrol", "update"));
        command.add("nodename=" + node(4));
        command.addAll(List.of(settings));
        assertThat(cluster().run(command.toArray(String[]::new)).error()).isEmpty();
    }

    /** Hears events; a job's start is held until the test lets it go. */
    private static final class Holding implements JobEvents {
        final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        final CountDownLatch letGo = new CountDownLatch(1);

        @Override
        public boolean jobStarting(JobStart start) throws InterruptedException {
            events.add("start " + start.jobId());
            letGo.await();
            return true;
        }

        @Override
        public Allocated jobAllocated(JobAllocation allocation) {
            return new Allocated(true, List.of());
        }

        @Override
        public void stepEnded(String jobId, String step) {}

        @Override
        public void jobEnded(String jobId) {
            events.add("end " + jobId);
        }

        @Override
        public void eventLost() {
            events.add("lost");
        }
    }

    @Test
    void hearsOfAJobBeforeItsFirstTaskAndAfterItsLast() throws Exception {
        Holding holding = new Holding();
        Path mark = cluster().workDirectory().resolve("mark");
        JobEventServerConfig config =
                JobEventServerConfig.at(cluster().jobEventSocket(node(2))).withAnswerTimeout(LONG);
        try (JobEventServer _ = JobEventServer.start(config, holding)) {
            String job = cluster().submit("-w", node(2), "-n2", "--wrap", "touch " + mark);

            assertThat(holding.events.poll(60, SECONDS)).isEqualTo("start " + job);
            assertThat(cluster().commands().job(job).allocationOn(node(2)))
                    .map(NodeAllocation::cores)
                    .contains(CpuSet.range(0, 1));
            assertThat(mark).doesNotExist();

            holding.letGo.countDown();
            assertThat(holding.events.poll(60, SECONDS)).isEqualTo("end " + job);
            assertThat(mark).exists();
        }
    }

    @Test
    void keepsJobsWhenASlurmdIsKilledAndStartedAgain() {
        Path end = cluster().workDirectory().resolve("end");
        Path mayEnd = cluster().workDirectory().resolve("may-end");
        Path begun = cluster().workDirectory().resolve("begun");
        String wait = "while [ ! -e " + mayEnd + " ]; do sleep 0.1; done";
        String script = "touch " + begun + "; " + wait + "; touch " + end;
        String job = cluster().submit("-w", node(4), "-n1", "--wrap", script);
        // Slurm calls a job running before its slurmd has launched it.
        await().atMost(LONG).until(() -> Files.exists(begun));

        SlurmCluster other = SlurmCluster.attach(cluster().directory());
        other.killDaemon(SlurmCluster.slurmd(node(4)));
        assertThat(other.status().healthy()).isFalse();
        assertThat(other.status().daemons().stream().filter(d -> !d.alive()))
                .extracting(SlurmClusterStatus.Daemon::name)
                .containsExactly(SlurmCluster.slurmd(node(4)));
        cluster().startDaemon(SlurmCluster.slurmd(node(4)));

        assertThat(cluster().run("touch", mayEnd.toString()).succeeded()).isTrue();
        awaitState(job, JobState.COMPLETED);
        assertThat(end).exists();
        await().atMost(LONG).until(() -> other.status().healthy());
    }

    @Test
    void runsCommandsAsAnotherUser() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: changes user");

        CommandResult result =
                cluster().run(SlurmRun.of("srun", "-n1", "id", "-un").as("nobody").within(LONG));

        assertThat(result.output()).isEqualTo("nobody\n");
    }

    @Test
    void refusesADirectoryThatIsInUseOrNotEmpty() {
        SlurmClusterConfig same =
                SlurmClusterConfig.fakeNodes(1, 1, 1000).in(cluster().directory());
        SlurmClusterConfig foreign =
                SlurmClusterConfig.fakeNodes(1, 1, 1000).in(cluster().directory().resolve("log"));
        assertThatThrownBy(() -> SlurmCluster.start(same))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("stop it first");
        assertThatThrownBy(() -> SlurmCluster.start(foreign))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("is not empty");
        assertThatThrownBy(() -> SlurmCluster.attach(cluster().workDirectory()))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("no test cluster");
        assertThatThrownBy(() -> cluster().killDaemon("slurmd-n99"))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("no daemon 'slurmd-n99'");
    }

    @Test
    void pinsTasksOnRealNodesBesideAnotherCluster() {
        assumeTrue(cluster().usesCgroups(), "needs root and cgroup v1: pins tasks");
        SlurmCluster real = SlurmCluster.start(SlurmClusterConfig.realNodes(1, 4000));
        try (real) {
            assertThat(real.nodeNames()).doesNotContainAnyElementsOf(cluster().nodeNames());
            CommandResult result =
                    real.run(
                            "srun",
                            "-n1",
                            "--mem=100",
                            "grep",
                            "Cpus_allowed_list",
                            "/proc/self/status");

            CpuSet allowed = CpuSet.parse(result.output().replaceAll("[^0-9,-]", ""));
            assertThat(allowed.size()).as(result.toString()).isEqualTo(1);
        }
        assertNothingLeft(real);
        assertThat(cluster().status().healthy()).isTrue();
    }

    @Test
    void leavesNothingBehindWhenItsDaemonsWereKilledUnderARunningJob() {
        SlurmCluster doomed = SlurmCluster.start(SlurmClusterConfig.fakeNodes(2, 4, 4000));
        try (doomed) {
            Path mark = doomed.workDirectory().resolve("runs");
            doomed.submit(
                    "-N2", "--wrap", "trap '' TERM; touch " + mark + "; sleep 300; sleep 300");
            await().atMost(LONG).until(() -> Files.exists(mark));
            doomed.killDaemon("slurmctld");
            doomed.killDaemon(SlurmCluster.slurmd(doomed.nodeNames().getFirst()));
        }
        assertNothingLeft(doomed);
    }

    @Test
    void isStoppedFromAnotherHandleAndStartedAgainInItsDirectory() throws IOException {
        Path directory = Files.createTempDirectory("offcut-slurm-kept-");
        try {
            SlurmClusterConfig config =
                    SlurmClusterConfig.fakeNodes(1, 2, 2000).in(directory).keptOnExit();
            SlurmCluster first = SlurmCluster.start(config);
            SlurmCluster.attach(directory).stop();
            assertThat(first.log("slurmctld")).exists();
            assertProcessesGone(first);

            try (SlurmCluster again = SlurmCluster.start(config)) {
                assertThat(again.status().healthy()).isTrue();
            }
        } finally {
            SlurmCluster.attach(directory).stop();
            io.offcut.slurm.internal.cluster.ClusterFilesAccess.delete(directory);
        }
    }

    private static void assertNothingLeft(SlurmCluster cluster) {
        assertProcessesGone(cluster);
        assertThat(cluster.directory()).doesNotExist();
    }

    /** Looks at /proc and the cgroup mounts by itself rather than asking the code under test. */
    private static void assertProcessesGone(SlurmCluster cluster) {
        String mark = "SLURM_CONF=" + cluster.slurmConf();
        List<Long> left =
                ProcessHandle.allProcesses()
                        .map(ProcessHandle::pid)
                        .filter(pid -> environment(pid).contains(mark))
                        .toList();
        assertThat(left).isEmpty();
        for (String node : cluster.nodeNames()) {
            assertThat(Path.of("/sys/fs/cgroup/freezer/slurm_" + node)).doesNotExist();
            assertThat(Path.of("/sys/fs/cgroup/memory/slurm_" + node)).doesNotExist();
            assertThat(Path.of("/sys/fs/cgroup/cpuset/slurm_" + node)).doesNotExist();
        }
    }

    private static String environment(long pid) {
        try {
            return Files.readString(
                    Path.of("/proc/" + pid + "/environ"),
                    java.nio.charset.StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }
}
