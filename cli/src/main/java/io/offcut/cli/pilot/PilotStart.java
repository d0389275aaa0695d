package io.offcut.cli.pilot;

import io.offcut.cli.ThisProgram;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.node.NodeConfig;
import io.offcut.node.NodeDaemon;
import io.offcut.scheduler.SchedulerConfig;
import io.offcut.slurm.SlurmCommands;
import io.offcut.slurm.SlurmPartition;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Looks whether pilots can do any good, prepares what they start from, and keeps them queued.
 *
 * @param config the daemons' configuration
 * @param most how many wait and run at most
 * @param times their limits
 * @param cores of each; 0 for whole nodes
 * @param memoryBytes with {@code cores}
 * @param grace how long before its limit each leaves
 * @param sbatch more options of sbatch
 * @param say what is told to people
 */
public record PilotStart(
        SlurmCommands slurm,
        NodeConfig config,
        String partition,
        int most,
        List<Duration> times,
        int cores,
        long memoryBytes,
        Duration grace,
        int mostPerMinute,
        Duration interval,
        List<String> sbatch,
        Consumer<String> say) {
    /** Of the daemon's Java, and of what makes its archive. */
    static final List<String> JAVA_OPTIONS =
            List.of(
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx128m",
                    // No archive is no fault.
                    "-Xlog:disable",
                    "-Xlog:all=error:stderr");

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Set<PosixFilePermission> OTHERS =
            Set.of(
                    PosixFilePermission.GROUP_READ,
                    PosixFilePermission.GROUP_WRITE,
                    PosixFilePermission.OTHERS_READ,
                    PosixFilePermission.OTHERS_WRITE);

    /**
     * Keeps pilots queued until the pause says that it is enough.
     *
     * @param arguments those of the daemons' command
     * @throws OffcutException in one line, when it cannot begin or goes wrong
     */
    public void run(List<String> arguments, PilotSupervisor.Pause pause)
            throws InterruptedException {
        checkSecret();
        checkScheduler();
        List<Duration> lengths = lengths(slurm.partition(partition));
        if (!Files.isDirectory(PilotFolders.cache())) {
            say.accept("making what pilots start from, which takes some seconds the first time");
        }
        PilotSpec spec =
                new PilotSpec(
                        partition,
                        cores,
                        memoryBytes,
                        grace,
                        PilotFolders.makeLogs(),
                        sbatch,
                        daemon(PilotFolders.cache(), arguments));
        say.accept("keeping " + most + " pilots in partition " + partition + " until interrupted");
        new PilotSupervisor(spec.queue(slurm), most, lengths, mostPerMinute, interval, say)
                .run(pause);
    }

    private void checkSecret() {
        if (config.nodeSecretFile().isEmpty()) {
            return;
        }
        Path file = Path.of(config.nodeSecretFile());
        try {
            if (Files.getPosixFilePermissions(file).stream().anyMatch(OTHERS::contains)) {
                throw new OffcutException(
                        ErrorCode.USAGE,
                        "nodeSecretFile: others may read " + file + ": chmod 600 it");
            }
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.USAGE, "nodeSecretFile: cannot read " + file + ": make it", e);
        }
    }

    private void checkScheduler() throws InterruptedException {
        URI uri = URI.create(config.schedulerUrl());
        try (HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
            HttpResponse<Void> answer =
                    http.send(
                            HttpRequest.newBuilder(uri.resolve("/healthz"))
                                    .timeout(PATIENCE)
                                    .build(),
                            HttpResponse.BodyHandlers.discarding());
            if (answer.statusCode() != 200) {
                throw new IOException("HTTP " + answer.statusCode());
            }
            if (InetAddress.getByName(uri.getHost()).isLoopbackAddress()) {
                say.accept(
                        "the scheduler is at "
                                + uri
                                + ", which only this machine can reach: give"
                                + " its address in the cluster (offcut scheduler --host)");
            }
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.UNREACHABLE,
                    "no scheduler answers at "
                            + uri
                            + ": start one (offcut scheduler), or give its address (--scheduler)",
                    e);
        }
    }

    private List<Duration> lengths(SlurmPartition found) {
        if (!found.preemptible()) {
            say.accept(
                    "jobs of partition "
                            + partition
                            + " are not preemptible: pilots hold their nodes until their limit");
        }
        List<Duration> lengths = new ArrayList<>();
        for (Duration time : times) {
            Duration longest = found.maxTime();
            Duration length = longest != null && time.compareTo(longest) > 0 ? longest : time;
            if (length.compareTo(grace.plusMinutes(1)) < 0) {
                throw new OffcutException(
                        ErrorCode.USAGE,
                        "pilot start: --times: "
                                + length.toSeconds()
                                + " s is too short: a pilot leaves --grace before its limit");
            }
            lengths.add(length.truncatedTo(java.time.temporal.ChronoUnit.MINUTES));
        }
        return lengths;
    }

    /**
     * The command line of a pilot's daemon: this very program and Java, which nodes find under the
     * same path. Makes what it starts from quicker, which takes some seconds the first time.
     *
     * @param archives folder of archives of classes, which nodes find under the same path
     * @param arguments further ones
     */
    public static List<String> daemon(Path archives, List<String> arguments) {
        List<String> java = new ArrayList<>(JAVA_OPTIONS);
        Path archive = PilotArchive.require(archives);
        if (archive != null) {
            java.add("-XX:AOTCache=" + archive);
        }
        List<String> words = new ArrayList<>(List.of("pilot", "run"));
        if (NodeDaemon.makeArchive(archives)) {
            words.addAll(List.of("--set", "archiveDir=" + archives));
        }
        words.addAll(arguments);
        return ThisProgram.command(java, words);
    }

    /**
     * What the making of the archive runs: the start of a daemon, and its end.
     *
     * @param dir for what it keeps
     * @param scheduler makes a scheduler's configuration of some keys
     * @param node makes a daemon's
     */
    public static void rehearse(
            Path dir,
            Function<Map<String, Object>, SchedulerConfig> scheduler,
            Function<Map<String, Object>, NodeConfig> node)
            throws InterruptedException {
        PilotArchive.rehearse(dir, scheduler, node);
    }
}
