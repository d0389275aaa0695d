package io.offcut.node.internal.executor;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.linux.Cgroup;
import io.offcut.linux.Cgroups;
import io.offcut.node.NodeConfig;
import io.offcut.node.internal.lease.HeldLease.Phase;
import io.offcut.node.internal.store.Folders;
import io.offcut.node.internal.store.LeaseStore;
import io.offcut.node.internal.store.LeaseStore.ExecutorRecord;
import io.offcut.node.internal.store.LeaseStore.Found;
import io.offcut.node.internal.store.OwnFolder;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a daemon that was killed left behind: found, and taken over or removed. Blocks. */
final class LeftOvers {
    private static final Logger log = LoggerFactory.getLogger(LeftOvers.class);
    private static final long KILL_MILLIS = 2_000;

    private final NodeConfig config;
    private final LeaseStore store;
    private final @Nullable Cgroups cgroups;
    private final String parent;

    LeftOvers(NodeConfig config, Sandbox sandbox, LeaseStore store) {
        this.config = config;
        this.store = store;
        this.cgroups = sandbox.cgroups();
        this.parent = ExecutorLauncher.cgroupParent(config);
    }

    /** The executor of a lease if it still lives, whole and as it was started; else null. */
    @Nullable ExecutorProcess living(Found found) {
        ExecutorRecord record = found.executor();
        if (record == null
                || record.generation() != found.lease().generation()
                || found.lease().phase() == Phase.DOWN) {
            return null;
        }
        Cgroup cgroup = cgroup(record);
        if (!record.cgroup().isEmpty() && cgroup == null) {
            return null;
        }
        ExecutorProcess process = new ExecutorProcess(record, null, cgroup);
        return process.alive() ? process : null;
    }

    private @Nullable Cgroup cgroup(ExecutorRecord record) {
        return cgroups == null || record.cgroup().isEmpty()
                ? null
                : cgroups.children(parent).stream()
                        .filter(group -> group.name().equals(record.cgroup()))
                        .findFirst()
                        .orElse(null);
    }

    /** Removes everything that belongs to none of the executors that are kept. */
    void remove(Collection<Found> found, Collection<ExecutorProcess> kept) {
        Set<String> keptRegions =
                kept.stream().map(p -> p.record().regionDir()).collect(Collectors.toSet());
        Set<String> keptGroups =
                kept.stream().map(p -> p.record().cgroup()).collect(Collectors.toSet());
        for (Found lease : found) {
            ExecutorRecord record = lease.executor();
            if (record != null && !keptRegions.contains(record.regionDir())) {
                ExecutorProcess rest = new ExecutorProcess(record, null, cgroup(record));
                rest.endRegions(InvocationStatus.CRASHED);
                rest.kill(KILL_MILLIS);
            }
        }
        if (cgroups != null) {
            for (Cgroup group : cgroups.children(parent)) {
                if (!keptGroups.contains(group.name())) {
                    log.info("removing what an earlier daemon left in {}", group.name());
                    group.kill(KILL_MILLIS);
                    group.remove();
                }
            }
        }
        deleteOthers(config.shmPath(), keptRegions);
        deleteOthers(
                store.scratches(),
                kept.stream().map(p -> p.record().scratchDir()).collect(Collectors.toSet()));
    }

    private static void deleteOthers(Path folder, Set<String> kept) {
        for (Path entry : Folders.list(folder)) {
            boolean lock = entry.endsWith(OwnFolder.LOCK);
            if (!lock && !kept.contains(entry.toString())) {
                Folders.delete(entry);
            }
        }
    }

    /** Removes what is the daemon's own when no executor is left. */
    void close(boolean empty) {
        if (!empty || cgroups == null) {
            return;
        }
        // Of executors that took longer to die than anybody waited; what holds a process stays.
        cgroups.children(parent).forEach(Cgroup::remove);
        if (!cgroups.removeParent(parent)) {
            log.warn("control group {} stays: see the cgroup.procs of the groups in it", parent);
        }
    }
}
