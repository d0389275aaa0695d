package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.bundle.BundleArchive;
import io.offcut.bundle.BundleLimits;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.client.ClientConfig;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.WorkerPool;
import io.offcut.core.CpuSet;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ProcessRef;
import io.offcut.monitor.Allocations;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.NodeSampler;
import io.offcut.scheduler.SchedulerConfig;
import io.offcut.scheduler.SchedulerServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs and a node daemon on a machine that has control groups of version 2 alone. {@link GuestTest}
 * runs it there. Everything takes ten times as long, so nothing here is timed.
 */
final class VersionTwoInGuest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Path ROOT = Path.of("/sys/fs/cgroup");
    private static final long MIB = 1 << 20;

    @TempDir Path dir;

    @BeforeEach
    void letTheExecutorsUserPass() throws Exception {
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Makes a group, with those above it, whose groups have the controllers too. */
    private static Path group(String path) throws IOException {
        Path group = ROOT;
        for (Path name : Path.of(path)) {
            group = group.resolve(name);
            Files.createDirectories(group);
            Files.writeString(
                    group.resolve("cgroup.subtree_control"), "+cpu +cpuset +memory +pids");
        }
        return group;
    }

    /** A program in that group, which begins as its member. */
    private Program inGroup(Path group, Map<String, String> environment, List<String> command)
            throws IOException {
        List<String> joining =
                Stream.concat(
                                Stream.of(
                                        "bash",
                                        "-c",
                                        "echo $$ >" + group + "/cgroup.procs && exec \"$@\"",
                                        "join"),
                                command.stream())
                        .toList();
        return Program.start(dir, environment, joining);
    }

    /** As Slurm's plugin cgroup/v2 names the groups of a job. */
    private static Path job(String id) throws IOException {
        return group("system.slice/slurmstepd.scope/job_" + id);
    }

    @Test
    void theSamplerSeesWhatSlurmsJobsHoldAndUse() throws Exception {
        Path seven = job("7");
        Files.writeString(seven.resolve("cpuset.cpus"), "1");
        Files.writeString(seven.resolve("memory.max"), Long.toString(256 * MIB));
        Path user = group(ROOT.relativize(seven) + "/step_0/user");
        Path task = Files.createDirectories(user.resolve("task_0"));
        // Nobody has recorded this one yet.
        Files.writeString(job("8").resolve("cpuset.cpus"), "0");
        Path held = Path.of("/dev/shm/held-by-job-7");
        String work = "head -c 32M /dev/zero >" + held + "; while :; do :; done";
        JobShare recorded = new JobShare("7", CpuSet.of(0), 256 * MIB);
        Allocations record = new Allocations.Known(1024 * MIB, List.of(recorded));
        try (Program program = inGroup(task, Map.of(), List.of("sh", "-c", work));
                NodeSampler sampler =
                        new NodeSampler(NodeSampler.Sources.live("n1", List::of, () -> record))) {
            await("job 7 at work")
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(500))
                    .untilAsserted(() -> {
                        List<JobShare> jobs =
                                ((Allocations.Known) sampler.sample().allocations()).jobs();
                        assertThat(jobs).extracting(JobShare::jobId).containsExactly("7", "8");
                        JobShare job = jobs.getFirst();
                        // The kernel's word, not the record's.
                        assertThat(job.cores()).isEqualTo(CpuSet.of(1));
                        assertThat(job.use().busyCores()).isBetween(0.3, 1.1);
                        assertThat(job.use().workingSetBytes()).isBetween(32 * MIB, 64 * MIB);
                        assertThat(job.use().memoryStall()).isBetween(0.0, 1.0);
                        assertThat(jobs.get(1).cores()).isEqualTo(CpuSet.of(0));
                    });
            assertThat(program.process().isAlive()).isTrue();
        } finally {
            Files.deleteIfExists(held);
        }
    }

    /** In a subtree that is delegated to it, as systemd does with {@code Delegate=yes}. */
    @Test
    void aNodeHoldsKeepsAndReclaimsItsExecutors() throws Exception {
        Path service = Files.createDirectories(group("system.slice").resolve("offcut.service"));
        SchedulerConfig config = SchedulerConfig.defaults().withAddress("127.0.0.1", 0);
        try (SchedulerServer scheduler =
                SchedulerServer.start(config.withStateDir(dir.resolve("scheduler")))) {
            String url = scheduler.uri().toString();
            try (Program node = startNode(service, url);
                    OffcutClient client =
                            OffcutClient.connect(
                                    new ClientConfig(url, "", "", "", "", 30_000, 100_000, 20))) {
                client.push(bundle());
                await("an offer")
                        .atMost(LIMIT)
                        .until(() ->
                                !node.process().isAlive()
                                        || client.nodes().stream()
                                                .anyMatch(view -> !view.offers().isEmpty()));
                assertThat(node.process().isAlive()).as(node.said()).isTrue();
                // Before it starts anything that would be in the way of executors' groups.
                assertThat(groupOf(node.process().pid())).isEqualTo(service.resolve("daemon"));

                ProcessRef kept = keptExecutor(client);
                usesItAgainAndReclaims(client, kept);
            }
            await("the daemon's groups are gone")
                    .atMost(LIMIT)
                    .untilAsserted(() -> assertThat(groupsOfExecutors(service)).isEmpty());
        }
    }

    private Program startNode(Path service, String schedulerUrl) throws IOException {
        // A Slurm without jobs: what the test says on the socket is all that the daemon hears.
        Program.script(dir.resolve("bin/squeue"), "exit 0");
        Program.script(dir.resolve("bin/scontrol"), "exit 1");
        Map<String, Object> config = new HashMap<>();
        config.put("name", "g1");
        config.put("schedulerUrl", schedulerUrl);
        config.put("port", 0);
        config.put("stateDir", dir.resolve("node").toString());
        config.put("memoryBytes", 1024 * MIB);
        config.put("reserveMemoryBytes", 0);
        config.put("busyThreshold", 1.0);
        config.put("samplePeriodMillis", 1_000);
        config.put("offerAfterSamples", 1);
        config.put("startTimeoutMillis", 120_000);
        config.put("prewarmedExecutors", 0);
        config.put("slurm", "on");
        config.put("jobSocket", dir.resolve("jobs.sock").toString());
        config.put("jobWaitMillis", 60_000);
        Path file =
                Files.writeString(
                        dir.resolve("node.yaml"), new ObjectMapper().writeValueAsString(config));
        return inGroup(
                service,
                Map.of("PATH", dir.resolve("bin") + ":" + System.getenv("PATH")),
                LocalDaemon.offcut("node", "--config", file.toString()));
    }

    private Path bundle() throws IOException {
        Path folder = Files.createDirectories(dir.resolve("bundle"));
        Files.writeString(
                folder.resolve("offcut.yaml"),
                """
                name: text
                functions:
                  - {name: upper, kind: command, command: [tr, a-z, A-Z], idempotent: true}
                  - {name: where, kind: command, command: [cat, /proc/self/cgroup]}
                """);
        return BundleArchive.pack(folder, dir.resolve("bundle.zip"), BundleLimits.DEFAULT).file();
    }

    private static WorkerPool lease(OffcutClient client) {
        return client.lease(
                LeaseOptions.of("text/upper")
                        .memoryBytesPerWorker(64 * MIB)
                        .ttl(Duration.ofMinutes(5))
                        .queue(LIMIT));
    }

    private static String call(WorkerPool pool, String function, String input) {
        byte[] bytes = input.getBytes(StandardCharsets.UTF_8);
        return new String(pool.invoke(function, bytes).orThrow(), StandardCharsets.UTF_8);
    }

    /**
     * Gives leases back until an executor was kept: one that does not come to rest at once is not,
     * and here nothing is done at once.
     */
    private static ProcessRef keptExecutor(OffcutClient client) throws Exception {
        for (int round = 0; round < 10; round++) {
            Path group;
            ProcessRef executor;
            try (WorkerPool pool = lease(client)) {
                assertThat(call(pool, "upper", "offcut")).isEqualTo("OFFCUT");
                group = groupIn(call(pool, "where", ""));
                executor = ProcessRef.of(onlyProcess(group));
                assertHeld(group, executor);
            }
            await("the end of the lease")
                    .atMost(LIMIT)
                    .until(() -> !executor.isAlive() || isFrozen(group));
            if (executor.isAlive()) {
                return executor;
            }
        }
        throw new AssertionError("no executor was kept");
    }

    private static void assertHeld(Path group, ProcessRef executor) throws IOException {
        CpuSet cpus = CpuSet.parse(read(group, "cpuset.cpus.effective"));
        assertThat(cpus.size()).isEqualTo(1);
        assertThat(CpuAffinity.ofProcess(executor.pid())).isEqualTo(cpus);
        assertThat(Long.parseLong(read(group, "memory.max"))).isBetween(64 * MIB, 512 * MIB);
        assertThat(Integer.parseInt(read(group, "pids.max"))).isPositive();
        assertThat(isFrozen(group)).isFalse();
    }

    private void usesItAgainAndReclaims(OffcutClient client, ProcessRef kept) throws Exception {
        try (WorkerPool pool = lease(client)) {
            assertThat(call(pool, "upper", "again")).isEqualTo("AGAIN");
            Path group = groupIn(call(pool, "where", ""));
            assertThat(onlyProcess(group)).isEqualTo(kept.pid());
            assertHeld(group, kept);

            String cpu = read(group, "cpuset.cpus.effective");
            String answer = say("ALLOC 9 step=batch cores=0-1 mem_mib=100 uid=0");

            assertThat(answer).startsWith("OK");
            // Its cores are free when the job is told so; the rest may take a moment.
            assertThat(isFrozen(group) || !kept.isAlive()).as("CPU %s is free", cpu).isTrue();
            await("the end of the executor").atMost(LIMIT).until(() -> !kept.isAlive());
            await("the end of its group").atMost(LIMIT).until(() -> !Files.exists(group));
        }
    }

    private String say(String line) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(dir.resolve("jobs.sock")));
            channel.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.US_ASCII)));
            ByteBuffer answer = ByteBuffer.allocate(4096);
            while (channel.read(answer) > 0) {
                assertThat(answer.hasRemaining()).isTrue();
            }
            return new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII);
        }
    }

    private static Path groupOf(long pid) throws IOException {
        return groupIn(Files.readString(Path.of("/proc/" + pid + "/cgroup")));
    }

    /** The group that /proc/…/cgroup tells of: of version 2 and no other. */
    private static Path groupIn(String text) {
        assertThat(text).startsWith("0::/").hasLineCount(1);
        return Path.of(ROOT + text.strip().substring("0::".length()));
    }

    private static long onlyProcess(Path group) throws IOException {
        return Long.parseLong(read(group, "cgroup.procs"));
    }

    /** What the kernel says, not what was asked for; false too when the group is gone. */
    private static boolean isFrozen(Path group) throws IOException {
        Path events = group.resolve("cgroup.events");
        return Files.exists(events) && Files.readString(events).contains("frozen 1");
    }

    private static String read(Path group, String file) throws IOException {
        return Files.readString(group.resolve(file)).strip();
    }

    private static List<Path> groupsOfExecutors(Path service) throws IOException {
        try (Stream<Path> groups = Files.list(service)) {
            return groups.filter(path -> path.getFileName().toString().startsWith("offcut_"))
                    .toList();
        }
    }
}
