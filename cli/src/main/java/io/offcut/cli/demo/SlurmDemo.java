package io.offcut.cli.demo;

import io.offcut.bundle.BundleArchive;
import io.offcut.bundle.BundleLimits;
import io.offcut.client.ClientConfig;
import io.offcut.client.OffcutClient;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.LeaseState;
import io.offcut.slurm.JobState;
import io.offcut.slurm.NodeAllocation;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.slurm.SlurmJob;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The same path next to a real Slurm: a private cluster of four nodes with four cores each, mapped
 * onto the CPUs of this machine. Job A holds two cores, job B is a batch script whose one line is
 * {@code offcut map}, job C comes and takes a node. For one thread.
 */
final class SlurmDemo implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration LONGEST = Duration.ofMinutes(2);
    private static final Duration FRAME = Duration.ofSeconds(1);
    private static final int NODES = 4;
    private static final int CORES_PER_NODE = 4;
    private static final int WORKERS = 10;
    private static final int COPIES = 20;

    private final Path dir;
    private final CpuSet cpus;
    private final List<byte[]> contents;
    private final PrintStream out;
    private final List<AutoCloseable> running = new ArrayList<>();
    private String schedulerUrl = "";

    SlurmDemo(Path dir, CpuSet cpus, Path filesRoot, PrintStream out) throws IOException {
        this.dir = dir;
        this.cpus = cpus;
        this.contents = Workload.files(filesRoot);
        this.out = out;
    }

    /**
     * Runs it all and prints what happens. Throws if anything is not as it should be.
     *
     * @return where the scheduler listens
     */
    URI run() throws IOException, InterruptedException {
        SlurmCluster cluster =
                opened(
                        SlurmCluster.start(
                                SlurmClusterConfig.fakeNodes(NODES, CORES_PER_NODE, 4_000)
                                        .withOffcutPlugin(Duration.ofSeconds(5))));
        OffcutClient client = startParts(cluster);
        Path bundle = Workload.bundle(dir.resolve("bundle"));
        client.push(
                BundleArchive.pack(bundle, dir.resolve("bundle.zip"), BundleLimits.DEFAULT).file());
        List<Path> inputs = writeInputs();
        List<String> nodes = cluster.nodeNames();
        cluster.submit(
                "-J", "A", "-w", nodes.get(0), "-n", "2", "--mem=200", "--wrap", "sleep 300");
        String jobB =
                cluster.submit(
                        "-J",
                        "B",
                        "-w",
                        nodes.get(1),
                        "-n",
                        "1",
                        "--mem=1000",
                        "-o",
                        dir.resolve("job-b.log").toString(),
                        script(inputs).toString());
        String jobC = "";
        long begun = System.nanoTime();
        while (!over(cluster, jobB)) {
            if (System.nanoTime() - begun > LONGEST.toNanos()) {
                throw new OffcutException(
                        ErrorCode.INTERNAL,
                        "demo: job B did not end in " + LONGEST.toMinutes() + " minutes");
            }
            if (jobC.isEmpty() && done() > inputs.size() / 10) {
                jobC =
                        cluster.submit(
                                "-J",
                                "C",
                                "-w",
                                nodes.get(2),
                                "-n",
                                "4",
                                "--mem=200",
                                "--wrap",
                                "sleep 5");
            }
            show((System.nanoTime() - begun) / 1e9, cluster, client.requests(), inputs.size());
            Thread.sleep(FRAME);
        }
        verify(cluster, jobB, inputs);
        return URI.create(schedulerUrl);
    }

    private OffcutClient startParts(SlurmCluster cluster) {
        String slurmConf = cluster.slurmConf().toString();
        Map<String, Object> config = new HashMap<>();
        config.put("port", 0);
        config.put("stateDir", dir.resolve("scheduler").toString());
        LocalDaemon scheduler =
                opened(
                        LocalDaemon.start(
                                "scheduler",
                                "scheduler",
                                config,
                                dir,
                                START_TIMEOUT,
                                "--slurm-conf",
                                slurmConf,
                                "--slurm-interval",
                                "1s"));
        for (String node : cluster.nodeNames()) {
            config = new HashMap<>();
            config.put("name", node);
            config.put("schedulerUrl", scheduler.uri().toString());
            config.put("port", 0);
            config.put("stateDir", dir.resolve(node).toString());
            config.put("cpus", "0-" + (CORES_PER_NODE - 1));
            config.put("cpuMap", realCpus());
            config.put("memoryBytes", 4L << 30);
            config.put("startTimeoutMillis", (int) START_TIMEOUT.toMillis());
            config.put("slurm", "on");
            config.put("slurmConf", slurmConf);
            config.put("jobSocket", cluster.jobEventSocket(node).toString());
            running.add(LocalDaemon.start("node", node, config, dir, START_TIMEOUT));
        }
        schedulerUrl = scheduler.uri().toString();
        return opened(OffcutClient.connect(ClientConfig.defaults().withSchedulerUrl(schedulerUrl)));
    }

    /** Logical cores in turn onto the CPUs that there are. */
    private String realCpus() {
        int[] real = cpus.toArray();
        StringBuilder map = new StringBuilder();
        for (int core = 0; core < CORES_PER_NODE; core++) {
            map.append(core == 0 ? "" : ";")
                    .append(core)
                    .append('=')
                    .append(real[core % real.length]);
        }
        return map.toString();
    }

    private List<Path> writeInputs() throws IOException {
        Path in = Files.createDirectories(dir.resolve("in"));
        List<Path> inputs = new ArrayList<>();
        for (int copy = 0; copy < COPIES; copy++) {
            for (byte[] content : contents) {
                inputs.add(Files.write(in.resolve("file-" + inputs.size()), content));
            }
        }
        return inputs;
    }

    private Path script(List<Path> inputs) throws IOException {
        Path list =
                Files.write(dir.resolve("inputs"), inputs.stream().map(Path::toString).toList());
        List<String> map =
                LocalDaemon.offcut(
                        "map",
                        "--function",
                        "demo/gzip",
                        "--workers",
                        String.valueOf(WORKERS),
                        "--files-from",
                        list.toString(),
                        "--out",
                        results().toString());
        String line =
                String.join(
                        " ",
                        map.stream().map(word -> "'" + word.replace("'", "'\\''") + "'").toList());
        return Files.writeString(
                dir.resolve("job-b.sh"),
                "#!/bin/sh\nexport OFFCUT_SCHEDULER_URL=" + schedulerUrl + "\n" + line + "\n");
    }

    private Path results() {
        return dir.resolve("out");
    }

    private long done() throws IOException {
        if (!Files.isDirectory(results())) {
            return 0;
        }
        try (var files = Files.list(results())) {
            return files.filter(file -> file.getFileName().toString().startsWith("file-")).count();
        }
    }

    private static boolean over(SlurmCluster cluster, String job) {
        JobState state = cluster.commands().job(job).state();
        return !state.holdsNodes() && state != JobState.PENDING;
    }

    /** One line: the jobs that hold cores of each node, and F for each core that a lease holds. */
    private void show(double seconds, SlurmCluster cluster, List<RequestView> requests, int inputs)
            throws IOException {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%5.1f s ", seconds));
        List<SlurmJob> jobs = cluster.commands().jobs();
        for (String node : cluster.nodeNames()) {
            char[] cores = "....".toCharArray();
            for (RequestView request : requests) {
                request.leases().stream()
                        .filter(lease ->
                                lease.nodeName().equals(node) && lease.state() != LeaseState.ENDED)
                        .forEach(
                                lease -> lease.cores().stream().forEach(core -> cores[core] = 'F'));
            }
            for (SlurmJob job : jobs) {
                if (job.state().holdsNodes()) {
                    job.allocationOn(node)
                            .map(NodeAllocation::cores)
                            .ifPresent(held ->
                                    held.stream()
                                            .forEach(core -> cores[core] = job.name().charAt(0)));
                }
            }
            line.append(' ').append(node).append('[').append(cores).append(']');
        }
        out.println(line.append(String.format(Locale.ROOT, "  %,d of %,d files", done(), inputs)));
    }

    private void verify(SlurmCluster cluster, String jobB, List<Path> inputs) throws IOException {
        JobState state = cluster.commands().job(jobB).state();
        if (state != JobState.COMPLETED) {
            throw new OffcutException(
                    ErrorCode.INTERNAL,
                    "demo: job B ended as "
                            + state
                            + ": "
                            + Files.readString(dir.resolve("job-b.log")).strip());
        }
        for (int i = 0; i < inputs.size(); i++) {
            byte[] compressed = Files.readAllBytes(results().resolve("file-" + i));
            if (!Workload.decompressesTo(compressed, contents.get(i % contents.size()))) {
                throw new OffcutException(
                        ErrorCode.INTERNAL, "demo: the result of file-" + i + " is wrong");
            }
        }
        out.printf(
                Locale.ROOT,
                "%nJob B completed on one core of its own; %,d results, all verified by decompressing.%n",
                inputs.size());
    }

    private <T extends AutoCloseable> T opened(T part) {
        running.add(part);
        return part;
    }

    @Override
    public void close() {
        Demo.closeAll(running);
    }
}
