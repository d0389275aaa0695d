package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.client.ClientConfig;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.WorkerPool;
import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.FunctionConfig.Policy.Place;
import io.offcut.simulator.Interference;
import io.offcut.simulator.Simulation;
import io.offcut.simulator.SimulationConfig;
import io.offcut.simulator.SimulationResult;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.traces.JobTable;
import io.offcut.traces.SwfReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same small workload through a real Slurm with node daemons and through the simulator: what
 * jobs wait, and what share of the idle core time functions have. The differences and their causes
 * are in docs/reference/simulator.md.
 */
@Timeout(400)
final class SimulatorValidationTest {
    private static final long SEED = 20_261_127;
    private static final int JOBS = 30;
    private static final int NODES = 3;
    private static final int CORES = NODES * SlurmTest.CORES_PER_NODE;
    private static final Pattern COMPLETED =
            Pattern.compile(
                    "JobId=(\\d+) .*JobState=COMPLETED .*StartTime=(\\S+) EndTime=(\\S+) .*"
                            + "ProcCnt=(\\d+) .*SubmitTime=(\\S+) .*");

    @TempDir Path dir;

    /**
     * What Slurm wrote down, in seconds since the epoch, and how long the job itself ran: Slurm's
     * times are whole seconds, and it says start before, and end after, the cores were the job's.
     */
    private record Done(long id, long submit, long start, long end, int cores, long ownMillis) {
        double coreSeconds() {
            return cores * ownMillis / 1e3;
        }

        long waitSeconds() {
            return start - submit;
        }
    }

    /** The share of idle core time that is leased, and the mean wait. */
    private record Gain(double leasedShareOfIdle, double meanWaitSeconds) {}

    @Test
    void whatSlurmAndTheDaemonsDoIsWhatTheSimulatorSays() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        List<Done> jobs = new ArrayList<>();
        Gain real = real(jobs);
        Gain replayed = simulated(jobs, Scheduler.RECORDED);
        Gain scheduled = simulated(jobs, Scheduler.EASY);
        String seen = "real " + real + ", recorded " + replayed + ", EASY " + scheduled;

        assertThat(real.leasedShareOfIdle)
                .as(seen)
                .isCloseTo(replayed.leasedShareOfIdle, within(0.1));
        assertThat(scheduled.meanWaitSeconds)
                .as(seen)
                .isCloseTo(real.meanWaitSeconds, within(2 + 0.25 * real.meanWaitSeconds));
        assertThat(scheduled.leasedShareOfIdle)
                .as(seen)
                .isCloseTo(real.leasedShareOfIdle, within(0.1));
    }

    private Gain real(List<Done> jobs) throws Exception {
        try (SlurmCluster cluster =
                        SlurmCluster.start(
                                SlurmClusterConfig.fakeNodes(NODES, SlurmTest.CORES_PER_NODE, 8_000)
                                        .withOffcutPlugin(Duration.ofSeconds(5)));
                Site site = new Site(dir, "site")) {
            site.startScheduler();
            cluster.nodeNames()
                    .forEach(node -> site.startNode(node, SlurmTest.nodeConfig(cluster, node)));
            Path bundle = TestBundle.write(dir.resolve("bundle"));
            assertThat(site.offcut("function", "push", bundle.toString()).exitCode()).isZero();
            ClientConfig config =
                    ClientConfig.defaults()
                            .withSchedulerUrl(site.daemon("scheduler").uri().toString())
                            .withUser("ada");
            try (OffcutClient client = OffcutClient.connect(config)) {
                List<WorkerPool> pools =
                        IntStream.range(0, CORES)
                                .mapToObj(core ->
                                        client.lease(
                                                LeaseOptions.of("text/slow-upper")
                                                        .memoryBytesPerWorker(128L << 20)
                                                        .queue(Duration.ofMinutes(10))))
                                .toList();
                SteadyCalls calls = new SteadyCalls("slow-upper", 1, pools);
                try {
                    calls.goOn(CORES);
                    jobs.addAll(run(cluster));
                } finally {
                    calls.stop();
                }
                calls.checkAll();
                pools.forEach(WorkerPool::close);
            }
            long from = jobs.stream().mapToLong(Done::submit).min().orElseThrow();
            long until = jobs.stream().mapToLong(Done::end).max().orElseThrow();
            double idle =
                    (double) CORES * (until - from)
                            - jobs.stream().mapToDouble(Done::coreSeconds).sum();
            double leased =
                    leasedCoreSeconds(
                            site.dir().resolve("scheduler/accounting.jsonl"), from, until);
            double wait = jobs.stream().mapToLong(Done::waitSeconds).average().orElseThrow();
            return new Gain(leased / idle, wait);
        }
    }

    /** Submits them at their times, and waits until Slurm has written all of them down. */
    private List<Done> run(SlurmCluster cluster) throws Exception {
        Random random = new Random(SEED);
        for (int i = 0; i < JOBS; i++) {
            int cores = 1 << random.nextInt(3);
            int seconds = 3 + random.nextInt(8);
            cluster.submit(
                    "-n" + cores,
                    "--mem-per-cpu=100",
                    "-t1",
                    "-o" + dir.resolve("%j.times"),
                    "--wrap",
                    "date +%s%3N; sleep " + seconds + "; date +%s%3N");
            long next = System.nanoTime() + random.nextInt(5_000) * 1_000_000L;
            await("the time of the next job")
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> System.nanoTime() - next >= 0);
        }
        Path record = cluster.directory().resolve("log/jobcomp.log");
        await("the end of all jobs")
                .atMost(Duration.ofMinutes(4))
                .until(() -> Files.exists(record) && Files.readAllLines(record).size() >= JOBS);
        List<Done> jobs = new ArrayList<>();
        for (String line : Files.readAllLines(record)) {
            jobs.add(done(line));
        }
        jobs.sort(Comparator.comparingLong(Done::id));
        assertThat(jobs).hasSize(JOBS);
        return jobs;
    }

    private Done done(String line) throws IOException {
        Matcher found = COMPLETED.matcher(line);
        assertThat(found.matches()).as(line).isTrue();
        List<String> times = Files.readAllLines(dir.resolve(found.group(1) + ".times"));
        return new Done(
                Long.parseLong(found.group(1)),
                seconds(found.group(5)),
                seconds(found.group(2)),
                seconds(found.group(3)),
                Integer.parseInt(found.group(4)),
                Long.parseLong(times.get(1)) - Long.parseLong(times.get(0)));
    }

    private static long seconds(String local) {
        return LocalDateTime.parse(local).atZone(ZoneId.systemDefault()).toEpochSecond();
    }

    private static double leasedCoreSeconds(Path accounting, long from, long until)
            throws IOException {
        // The last leases are written down when they have ended.
        await("all leases in the accounting")
                .atMost(Duration.ofMinutes(1))
                .until(() -> Files.readAllLines(accounting).size() >= CORES);
        double sum = 0;
        for (String line : Files.readAllLines(accounting)) {
            JsonNode lease = new ObjectMapper().readTree(line);
            long begun = Math.max(from * 1_000, lease.get("grantedAtMillis").asLong());
            long ended = Math.min(until * 1_000, lease.get("endedAtMillis").asLong());
            sum += lease.get("cores").asInt() * Math.max(0, ended - begun) / 1e3;
        }
        return sum;
    }

    private static Gain simulated(List<Done> jobs, Scheduler scheduler) throws IOException {
        long from = jobs.getFirst().submit();
        StringBuilder swf = new StringBuilder("; MaxProcs: " + CORES + "\n; MaxNodes: 3\n");
        for (Done job : jobs) {
            swf.append(
                    "%d %d %d %d %d -1 -1 %d 60 -1 1 1 1 1 1 1 -1 -1%n"
                            .formatted(
                                    job.id(),
                                    job.submit() - from,
                                    job.waitSeconds(),
                                    job.end() - job.start(),
                                    job.cores(),
                                    job.cores()));
        }
        Path file = Files.createTempFile("offcut-validation", ".swf");
        JobTable table;
        try {
            table = SwfReader.read(Files.writeString(file, swf)).jobs();
        } finally {
            Files.delete(file);
        }
        SimulationResult result =
                Simulation.run(
                        new SimulationConfig(table, ClusterSpec.of(CORES, SlurmTest.CORES_PER_NODE))
                                .with(
                                        new BatchConfig(
                                                scheduler,
                                                BatchConfig.Estimates.USER,
                                                BatchConfig.Allocation.CORES))
                                .with(functions()));
        return new Gain(
                result.cores().leased() / result.cores().idle(), result.batch().meanWaitSeconds());
    }

    /** As the daemons are set: three samples of 200 ms before a core is offered. */
    private static FunctionConfig functions() {
        return FunctionConfig.DEFAULT
                .with(
                        new FunctionConfig.Policy.Leases(
                                Place.DEFAULT,
                                600,
                                false,
                                0,
                                FunctionConfig.Policy.Reclaim.MEASURED))
                .with(Interference.NONE, "compute");
    }
}
