package io.offcut.linux;

import io.offcut.core.CpuSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A group under version 1: one directory for each controller, mounted apart (kernel documents
 * admin-guide/cgroup-v1).
 */
final class CgroupV1 implements Cgroup {
    private static final long FREEZE_BEFORE_KILL_MILLIS = 200;
    private static final long DYING_MILLIS = 100;

    private final String name;
    private final Map<String, Path> directories;

    private CgroupV1(String name, Map<String, Path> directories) {
        this.name = name;
        this.directories = directories;
    }

    /** Where groups are made, for each controller that is there and may be written. */
    static final class Hierarchy implements Cgroups.Hierarchy {
        private final Map<String, Path> bases;

        private Hierarchy(Map<String, Path> bases) {
            this.bases = bases;
        }

        static @Nullable Hierarchy detect(Path root, String ownCgroups) {
            Map<String, Path> bases = new LinkedHashMap<>();
            for (String controller : Cgroups.PARTS) {
                Path mount = mount(root, controller);
                Path own = mount == null ? null : own(mount, controller, ownCgroups);
                if (mount != null && Files.isWritable(mount)) {
                    bases.put(controller, mount);
                } else if (own != null && Files.isWritable(own)) {
                    bases.put(controller, own);
                }
            }
            return bases.isEmpty() ? null : new Hierarchy(bases);
        }

        private static Path own(Path mount, String controller, String ownCgroups) {
            return Cgroups.below(mount, Cgroups.ownPath(ownCgroups, controller));
        }

        /** Controllers may be mounted together, as {@code cpu,cpuacct}, with or without links. */
        private static @Nullable Path mount(Path root, String controller) {
            for (Path candidate : KernelFile.list(root)) {
                List<String> names = List.of(candidate.getFileName().toString().split(",", -1));
                if (names.contains(controller)
                        && Files.exists(candidate.resolve(CgroupFiles.PROCS))) {
                    return candidate;
                }
            }
            return null;
        }

        @Override
        public Cgroups.Version version() {
            return Cgroups.Version.V1;
        }

        @Override
        public Set<String> missing() {
            return without(bases.keySet());
        }

        @Override
        public List<Path> parentDirectories(String parent) {
            return bases.values().stream().map(base -> base.resolve(parent)).toList();
        }

        @Override
        public CgroupV1 at(String parent, String name) {
            Map<String, Path> directories = new LinkedHashMap<>();
            bases.forEach((controller, base) ->
                    directories.put(controller, base.resolve(parent).resolve(name)));
            return new CgroupV1(name, directories);
        }

        @Override
        public void stepAside() {
            // Here a group may have both processes and groups.
        }

        @Override
        public Cgroup create(String parent, String name, Limits limits) throws IOException {
            CgroupV1 group = at(parent, name);
            for (Map.Entry<String, Path> entry : group.directories.entrySet()) {
                Path directory = entry.getValue();
                Files.createDirectories(directory);
                Path base = bases.get(entry.getKey());
                if (base != null && entry.getKey().equals("cpuset")) {
                    inherit(base, base.resolve(parent));
                    inherit(base.resolve(parent), directory);
                }
            }
            group.write(limits);
            return group;
        }

        /** A new cpuset has no CPUs and no memory nodes, and no process may join it. */
        private static void inherit(Path from, Path to) throws IOException {
            for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
                if (KernelFile.readOrEmpty(to.resolve(file)).isBlank()) {
                    String inherited = KernelFile.readOrEmpty(from.resolve(file)).strip();
                    KernelFile.write(to.resolve(file), inherited);
                }
            }
        }
    }

    @Override
    public void limit(Limits limits) {
        try {
            write(limits);
        } catch (IOException e) {
            throw CgroupFiles.refused(name, e);
        }
    }

    private void write(Limits limits) throws IOException {
        Path cpuset = directories.get("cpuset");
        if (cpuset != null && !limits.cpus().isEmpty()) {
            KernelFile.write(cpuset.resolve("cpuset.cpus"), limits.cpus().toString());
        }
        Path memory = directories.get("memory");
        if (memory != null && limits.memoryBytes() > 0) {
            String bytes = Long.toString(limits.memoryBytes());
            KernelFile.write(memory.resolve("memory.limit_in_bytes"), bytes);
            Path withSwap = memory.resolve("memory.memsw.limit_in_bytes");
            if (Files.exists(withSwap)) {
                KernelFile.write(withSwap, bytes);
            }
        }
        Path pids = directories.get("pids");
        if (pids != null && limits.pids() > 0) {
            KernelFile.write(pids.resolve("pids.max"), Integer.toString(limits.pids()));
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<Path> procsFiles() {
        return present().stream().map(path -> path.resolve(CgroupFiles.PROCS)).toList();
    }

    @Override
    public boolean freeze(long timeoutMillis) {
        Path state = freezerState();
        if (state == null) {
            return CgroupFiles.stopAll(directories.values(), timeoutMillis);
        }
        // Writing again makes the kernel try again with tasks it could not freeze at first.
        return CgroupFiles.waitFor(() -> freezeOnce(state), timeoutMillis);
    }

    private static boolean freezeOnce(Path state) {
        try {
            KernelFile.write(state, "FROZEN");
        } catch (IOException e) {
            return false;
        }
        return KernelFile.readOrEmpty(state).strip().equals("FROZEN");
    }

    @Override
    public void thaw() {
        Path state = freezerState();
        if (state == null) {
            CgroupFiles.signalAll(directories.values(), Signals.SIGCONT);
            return;
        }
        try {
            KernelFile.write(state, "THAWED");
        } catch (IOException e) {
            // The group is gone, and with it what was frozen.
        }
    }

    @Override
    public boolean kill(long timeoutMillis) {
        Set<Long> killed = new HashSet<>();
        return CgroupFiles.waitFor(
                () -> {
                    List<Long> left = pids();
                    if (!killed.containsAll(left)) {
                        killOnce(timeoutMillis);
                        killed.addAll(left);
                    }
                    thaw();
                    return CgroupFiles.waitFor(() -> pids().isEmpty(), DYING_MILLIS);
                },
                timeoutMillis);
    }

    /** Frozen, nobody forks away from the signals; they are acted on when thawed. */
    private void killOnce(long timeoutMillis) {
        if (freezerState() != null && !freeze(0)) {
            pids().forEach(SchedIdle::leave);
            freeze(Math.min(timeoutMillis, FREEZE_BEFORE_KILL_MILLIS));
        }
        CgroupFiles.signalAll(directories.values(), Signals.SIGKILL);
        CgroupFiles.seeOff(this::pids, timeoutMillis);
    }

    private @Nullable Path freezerState() {
        Path freezer = directories.get("freezer");
        Path state = freezer == null ? null : freezer.resolve("freezer.state");
        return state != null && Files.exists(state) ? state : null;
    }

    @Override
    public List<Long> pids() {
        return CgroupFiles.pids(directories.values());
    }

    @Override
    public CpuSet cpus() {
        Path cpuset = directories.get("cpuset");
        return cpuset == null
                ? CpuSet.empty()
                : KernelFile.readCpuList(cpuset.resolve("cpuset.cpus"));
    }

    @Override
    public long cpuMicros() {
        long nanos = KernelFile.parseLong(read("cpuacct", "cpuacct.usage"), -1);
        return nanos < 0 ? -1 : nanos / 1_000;
    }

    @Override
    public CgroupMeter meter(KernelText text) {
        return CgroupMeter.version1(
                directories.get("cpuacct"),
                directories.get("cpuset"),
                directories.get("memory"),
                text);
    }

    @Override
    public long oomKills() {
        return KernelFile.field(read("memory", "memory.oom_control"), "oom_kill", -1);
    }

    @Override
    public boolean remove() {
        return CgroupFiles.removeAll(directories.values());
    }

    @Override
    public Set<String> missing() {
        Set<String> there = new LinkedHashSet<>();
        directories.forEach((controller, directory) -> {
            if (Files.isDirectory(directory)) {
                there.add(controller);
            }
        });
        return without(there);
    }

    private List<Path> present() {
        // Two controllers mounted together are one directory through two names.
        return directories.values().stream().filter(Files::isDirectory).distinct().toList();
    }

    private String read(String controller, String file) {
        Path directory = directories.get(controller);
        return directory == null ? "" : KernelFile.readOrEmpty(directory.resolve(file));
    }

    private static Set<String> without(Collection<String> there) {
        Set<String> missing = new LinkedHashSet<>(Cgroups.PARTS);
        missing.removeAll(there);
        return missing;
    }
}
