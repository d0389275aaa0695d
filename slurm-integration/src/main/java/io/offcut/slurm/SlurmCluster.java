package io.offcut.slurm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.internal.cluster.ClusterHandle;
import io.offcut.slurm.internal.cluster.ClusterLayout;
import io.offcut.slurm.internal.cluster.Daemons;
import io.offcut.slurm.internal.cluster.Packages;
import io.offcut.slurm.internal.exec.BoundedCommand;
import io.offcut.slurm.internal.exec.Tools;
import io.offcut.slurm.internal.parse.SlurmText;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A private Slurm cluster on one machine, for tests and demonstrations: its own munged, slurmctld
 * and slurmds, on loopback, in one directory, on ports nobody else uses. Several can run at once.
 *
 * <p>Nodes may claim more CPUs and memory than the machine has. As root with cgroup v1, jobs are
 * tracked in cgroups ({@code /sys/fs/cgroup/<controller>/slurm_<node>}); elsewhere by process
 * group. All of it is gone after {@link #stop} or {@link #close}, whatever state it was in.
 *
 * <p>Needs a Slurm built with multiple-slurmd, as Debian's and Ubuntu's is. Any thread may call;
 * starting and stopping block for seconds, bounded.
 */
public final class SlurmCluster implements AutoCloseable {
    private static final Duration STATUS_TIMEOUT = Duration.ofSeconds(3);

    private final ClusterHandle handle;
    private final @Nullable Thread exitHook;

    private SlurmCluster(ClusterHandle handle, boolean stopOnExit) {
        this.handle = handle;
        this.exitHook = stopOnExit ? new Thread(handle::stopAndClean, "slurm-cluster-exit") : null;
        if (exitHook != null) {
            Runtime.getRuntime().addShutdownHook(exitHook);
        }
    }

    /** Names of the programs that are not installed; empty if a cluster can be started here. */
    public static List<String> missingPrograms() {
        return Packages.missing();
    }

    /** The Debian and Ubuntu packages a cluster needs. */
    public static List<String> aptPackages() {
        return Packages.APT_PACKAGES;
    }

    /**
     * Starts a cluster and returns when every node is idle.
     *
     * @throws OffcutException NOT_FOUND if Slurm is not installed, naming the packages; CONFLICT or
     *     USAGE if the directory cannot be used; UNREACHABLE if the daemons do not come up in time.
     *     Nothing is left running then.
     */
    public static SlurmCluster start(SlurmClusterConfig config) {
        return new SlurmCluster(ClusterHandle.start(config), config.stopOnExit());
    }

    /**
     * The cluster that another process, or an earlier call, started in this directory. It is not
     * stopped when this JVM ends.
     *
     * @throws OffcutException NOT_FOUND if there is none
     */
    public static SlurmCluster attach(Path directory) {
        return new SlurmCluster(ClusterHandle.load(directory), false);
    }

    /** Where everything of it lives. */
    public Path directory() {
        return layout().directory();
    }

    /** Its configuration: what SLURM_CONF must be for its commands. */
    public Path slurmConf() {
        return layout().slurmConf();
    }

    /** Where commands run if not told otherwise; writable for every user. */
    public Path workDirectory() {
        return layout().work();
    }

    /** Its nodes, in the order they were configured. */
    public List<String> nodeNames() {
        return handle.state().nodeNames();
    }

    /** Whether jobs are tracked and pinned by cgroup v1. */
    public boolean usesCgroups() {
        return handle.state().cgroups();
    }

    /** Where Offcut's plugin looks for the daemon of the node. */
    public Path jobEventSocket(String node) {
        return layout().jobEventSocket(node);
    }

    /** The log of a daemon, for example {@code slurmctld} or {@code slurmd-n1}. */
    public Path log(String daemon) {
        return layout().log(daemon);
    }

    /** Asks this cluster, with five seconds for an answer. */
    public SlurmCommands commands() {
        return SlurmCommands.ofConfiguration(slurmConf(), Duration.ofSeconds(5));
    }

    /** Runs a command as this process's user, with 30 seconds to end. */
    public CommandResult run(String... command) {
        return run(SlurmRun.of(command));
    }

    /** Runs a command and waits for its end; a failing command is a result, not an exception. */
    public CommandResult run(SlurmRun run) {
        List<String> command = new ArrayList<>();
        String user = run.user();
        if (user != null) {
            Collections.addAll(command, Packages.path("runuser"), "-u", user, "--");
        }
        String program = run.command().getFirst();
        command.add(program.contains("/") ? program : Packages.path(program));
        command.addAll(run.command().subList(1, run.command().size()));
        Map<String, String> environment = new HashMap<>(Tools.environment(slurmConf()));
        environment.putAll(run.environment());
        Path directory = run.directory() == null ? workDirectory() : run.directory();
        return BoundedCommand.run(command, environment, directory, run.timeout());
    }

    /**
     * Submits a batch job: {@code sbatch --parsable} and the arguments.
     *
     * @return its id
     * @throws OffcutException INVALID_INPUT if sbatch refuses
     */
    public String submit(String... arguments) {
        List<String> command = new ArrayList<>(List.of("sbatch", "--parsable"));
        Collections.addAll(command, arguments);
        CommandResult result = run(command.toArray(String[]::new));
        String id = result.output().strip();
        if (!result.succeeded() || !SlurmText.isJobId(id)) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "sbatch refused: " + SlurmText.free(result.error().strip()));
        }
        return id;
    }

    /** The name of a node's slurmd, for {@link #killDaemon} and {@link #log}. */
    public static String slurmd(String node) {
        return Daemons.slurmd(node);
    }

    /**
     * Kills a daemon with SIGKILL: {@code munged}, {@code slurmctld} or {@link #slurmd}. Its jobs
     * are left alone.
     *
     * @throws OffcutException NOT_FOUND if the cluster has no such daemon
     */
    public void killDaemon(String daemon) {
        handle.kill(daemon);
    }

    /**
     * Starts a daemon that was killed; does nothing if it runs. Returns before it is ready.
     *
     * @throws OffcutException NOT_FOUND if the cluster has no such daemon
     */
    public void startDaemon(String daemon) {
        handle.restart(daemon);
    }

    /** What runs and what the nodes are. Blocks for at most four seconds. */
    public SlurmClusterStatus status() {
        List<SlurmClusterStatus.Daemon> daemons = new ArrayList<>();
        handle.state()
                .daemons()
                .forEach((name, id) ->
                        daemons.add(new SlurmClusterStatus.Daemon(name, id.pid(), id.alive())));
        return new SlurmClusterStatus(directory(), slurmConf(), daemons, nodesOrNone());
    }

    private List<SlurmNode> nodesOrNone() {
        try {
            return commands().withTimeout(STATUS_TIMEOUT).nodes();
        } catch (OffcutException e) {
            return List.of();
        }
    }

    /** Ends all jobs and daemons and removes the cgroups; the files stay, for a look at logs. */
    public void stop() {
        handle.stop();
        forgetExitHook();
    }

    /** Like {@link #stop}, and removes the directory if it was made for this cluster. */
    @Override
    public void close() {
        handle.stopAndClean();
        forgetExitHook();
    }

    private void forgetExitHook() {
        if (exitHook != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(exitHook);
            } catch (IllegalStateException e) {
                // The JVM is going down already; the hook finds a stopped cluster.
                return;
            }
        }
    }

    private ClusterLayout layout() {
        return handle.layout();
    }
}
