package io.offcut.slurm.internal.cluster;

import io.offcut.core.OffcutException;
import io.offcut.slurm.internal.cluster.ClusterState.DaemonId;
import io.offcut.slurm.internal.exec.BoundedCommand;
import io.offcut.slurm.internal.exec.Tools;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a cluster down: its jobs, its daemons (SIGTERM, after a while SIGKILL), what they left, its
 * cgroups. Every step is bounded; a cluster half started or half dead is taken down as well.
 */
public final class ClusterStop {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterStop.class);
    private static final long JOBS_END_MILLIS = 6_000;
    private static final long DAEMONS_END_MILLIS = 5_000;
    private static final long CGROUPS_GO_MILLIS = 5_000;

    private ClusterStop() {}

    /** Stops everything, and removes the directory if it was made for this cluster alone. */
    public static ClusterState stopAndClean(ClusterLayout layout, ClusterState state) {
        ClusterState stopped = stop(layout, state);
        if (!state.temporary()) {
            return stopped;
        }
        try {
            ClusterFiles.delete(layout.directory());
        } catch (IOException e) {
            LOG.warn("could not remove {} ({}): remove it by hand", layout.directory(), e + "");
        }
        return stopped;
    }

    /** Stops everything; the files stay. Does nothing to a cluster that is down. */
    public static ClusterState stop(ClusterLayout layout, ClusterState state) {
        DaemonId controller = state.daemons().get(Daemons.SLURMCTLD);
        if (controller != null && controller.alive()) {
            cancelJobs(layout);
        }
        endDaemons(layout, state);
        if (state.cgroups()) {
            removeCgroups(state);
        }
        ClusterState stopped = state.stopped();
        stopped.store(layout);
        return stopped;
    }

    private static void cancelJobs(ClusterLayout layout) {
        List<String> jobs = jobs(layout);
        if (jobs.isEmpty()) {
            return;
        }
        List<String> command = new ArrayList<>(List.of(Packages.path("scancel")));
        command.addAll(jobs);
        try {
            run(layout, command);
            if (!Pause.until(JOBS_END_MILLIS, () -> jobs(layout).isEmpty())) {
                LOG.info("jobs of the test cluster did not end in time and are killed");
            }
        } catch (OffcutException e) {
            LOG.info("jobs of the test cluster are killed: {}", e.getMessage());
        }
    }

    private static List<String> jobs(ClusterLayout layout) {
        return run(layout, List.of(Packages.path("squeue"), "-h", "-o", "%A"))
                .lines()
                .map(String::strip)
                .filter(line -> line.matches("[0-9]{1,10}"))
                .toList();
    }

    private static String run(ClusterLayout layout, List<String> command) {
        return BoundedCommand.run(
                        command, Tools.environment(layout.slurmConf()), null, Duration.ofSeconds(3))
                .output();
    }

    /** Ends the daemons, munged last, and everything that belongs to the cluster besides. */
    static void endDaemons(ClusterLayout layout, ClusterState state) {
        Map<String, DaemonId> daemons = state.daemons();
        List<DaemonId> first =
                daemons.entrySet().stream()
                        .filter(entry -> !entry.getKey().equals(Daemons.MUNGED))
                        .map(Map.Entry::getValue)
                        .toList();
        end(first);
        if (!Pause.until(DAEMONS_END_MILLIS, () -> killRest(layout, state))) {
            LOG.warn("processes {} of the test cluster are left: end them", rest(layout, state));
        }
        DaemonId munged = daemons.get(Daemons.MUNGED);
        end(munged == null ? List.of() : List.of(munged));
    }

    private static void end(List<DaemonId> daemons) {
        daemons.stream().filter(DaemonId::alive).forEach(id -> Processes.terminate(id.pid()));
        Pause.until(DAEMONS_END_MILLIS, () -> daemons.stream().noneMatch(DaemonId::alive));
        daemons.stream().filter(DaemonId::alive).forEach(id -> Processes.kill(id.pid()));
        Pause.until(DAEMONS_END_MILLIS, () -> daemons.stream().noneMatch(DaemonId::alive));
    }

    private static boolean killRest(ClusterLayout layout, ClusterState state) {
        Set<Long> rest = rest(layout, state);
        rest.forEach(Processes::kill);
        return rest.isEmpty();
    }

    /** Steps and job processes that outlived their slurmd. */
    private static Set<Long> rest(ClusterLayout layout, ClusterState state) {
        Set<Long> pids = new HashSet<>(Processes.ofCluster(layout.slurmConf()));
        if (state.cgroups()) {
            Cgroups cgroups = Cgroups.ofMachine();
            for (String node : state.nodeNames()) {
                cgroups.processes(node).stream().filter(Processes::alive).forEach(pids::add);
            }
        }
        pids.remove(ProcessHandle.current().pid());
        return pids;
    }

    private static void removeCgroups(ClusterState state) {
        Cgroups cgroups = Cgroups.ofMachine();
        for (String node : state.nodeNames()) {
            if (!Pause.until(CGROUPS_GO_MILLIS, () -> cgroups.remove(node))) {
                LOG.warn("cgroups slurm_{} are left: remove them by hand", node);
            }
        }
    }
}
