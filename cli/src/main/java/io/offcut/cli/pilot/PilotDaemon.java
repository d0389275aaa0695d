package io.offcut.cli.pilot;

import io.offcut.node.NodeConfig;
import io.offcut.node.NodeDaemon;
import io.offcut.slurm.SlurmCommands;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;

/**
 * The node daemon of a pilot, in its job: offers the job's cores and memory until shortly before
 * the job's end. Without root, and without a trace when it is closed.
 */
public final class PilotDaemon implements AutoCloseable {
    private static final Duration SLURM_PATIENCE = Duration.ofSeconds(20);
    private static final Duration MOST_ALONE = Duration.ofMinutes(2);
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Path state;
    private final NodeDaemon daemon;
    private final long untilEpochMillis;
    private long heardNanos = System.nanoTime();

    private PilotDaemon(Path state, NodeDaemon daemon, long untilEpochMillis) {
        this.state = state;
        this.daemon = daemon;
        this.untilEpochMillis = untilEpochMillis;
    }

    /**
     * Starts it. Asks Slurm's controller once.
     *
     * @param site what the site or the user says of its daemons
     * @param grace how long before the job's end it leaves
     * @param load makes the configuration with these keys over that of the site
     */
    public static PilotDaemon start(
            Map<String, String> environment,
            NodeConfig site,
            Duration grace,
            Function<Map<String, Object>, NodeConfig> load) {
        PilotJob job =
                PilotJob.current(
                        environment,
                        SlurmCommands.ofSite(SLURM_PATIENCE),
                        !site.cpuMapping().isIdentity());
        Map<String, Object> keys = job.configuration(grace);
        String address = PilotJob.addressTowards(site.schedulerUrl());
        keys.put("host", address);
        keys.put("tcpHost", address);
        keys.put("shmDir", "/dev/shm/offcut-" + keys.get("name"));
        Path state = PilotFolders.makeState(environment);
        keys.put("stateDir", state.toString());
        keys.put("jobSocket", state.resolve("jobs.sock").toString());
        try {
            NodeConfig config = load.apply(keys);
            return new PilotDaemon(state, NodeDaemon.start(config), config.untilEpochMillis());
        } catch (RuntimeException e) {
            PilotFolders.delete(state);
            throw e;
        }
    }

    /** Where it listens. */
    public URI uri() {
        return daemon.uri();
    }

    /** How a pilot's time was over. */
    public enum End {
        /** It was told to leave, or its job is about to end. */
        TIME_IS_OVER,
        /** It heard no scheduler for so long that it is of no use. */
        NO_SCHEDULER
    }

    /** Waits until it is time to leave. */
    public End await(PilotSupervisor.Pause pause) throws InterruptedException {
        while (pause.await(LOOK) && System.currentTimeMillis() < untilEpochMillis) {
            if (daemon.connected()) {
                heardNanos = System.nanoTime();
            } else if (System.nanoTime() - heardNanos > MOST_ALONE.toNanos()) {
                return End.NO_SCHEDULER;
            }
        }
        return End.TIME_IS_OVER;
    }

    /** Ends what runs on it and leaves nothing behind. Blocks for a bounded time. */
    @Override
    public void close() {
        daemon.close();
        PilotFolders.delete(state);
    }
}
