package io.offcut.linux;

import io.offcut.core.CpuSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A group under version 2: one directory for everything (kernel document
 * admin-guide/cgroup-v2.rst).
 */
final class CgroupV2 implements Cgroup {
    private static final List<String> CONTROLLERS = List.of("cpuset", "memory", "pids");
    private static final long DYING_MILLIS = 100;
    private static final String ENABLED = "cgroup.subtree_control";

    private final String name;
    private final Path directory;
    private final Set<String> withoutControllers;

    private CgroupV2(String name, Path directory, Set<String> withoutControllers) {
        this.name = name;
        this.directory = directory;
        this.withoutControllers = withoutControllers;
    }

    /**
     * Where groups are made: the subtree that was delegated to this process, or else the root.
     *
     * <p>Only groups without processes may pass controllers on, so in a delegated subtree this
     * process first moves itself into a group of its own, named {@value #DAEMON}. Processes that it
     * started before stay where they are, and are in the way.
     */
    static final class Hierarchy implements Cgroups.Hierarchy {
        private static final String DAEMON = "daemon";

        private final Path base;
        private final boolean delegated;
        private final Set<String> missing;

        private Hierarchy(Path base, boolean delegated) {
            this.base = base;
            this.delegated = delegated;
            Set<String> offered = words(base.resolve("cgroup.controllers"));
            this.missing = new LinkedHashSet<>(CONTROLLERS);
            missing.removeAll(offered);
        }

        static @Nullable Hierarchy detect(Path root, String ownCgroups) {
            if (!Files.exists(root.resolve("cgroup.controllers"))) {
                return null;
            }
            Path own = Cgroups.below(root, Cgroups.ownPath(ownCgroups, ""));
            if (own.endsWith(DAEMON)) {
                own = own.resolveSibling("");
            }
            if (!own.equals(root) && writable(own) && holdsOnlyThisProcess(own)) {
                return new Hierarchy(own, true);
            }
            return writable(root) ? new Hierarchy(root, false) : null;
        }

        private static boolean writable(Path group) {
            return Files.isWritable(group) && Files.isWritable(group.resolve(ENABLED));
        }

        private static boolean holdsOnlyThisProcess(Path group) {
            String self = Long.toString(ProcessHandle.current().pid());
            return KernelFile.readOrEmpty(group.resolve(CgroupFiles.PROCS))
                    .lines()
                    .allMatch(line -> line.isBlank() || line.strip().equals(self));
        }

        @Override
        public Cgroups.Version version() {
            return Cgroups.Version.V2;
        }

        @Override
        public Set<String> missing() {
            return missing;
        }

        @Override
        public List<Path> parentDirectories(String parent) {
            return List.of(base.resolve(parent));
        }

        @Override
        public CgroupV2 at(String parent, String name) {
            return new CgroupV2(name, base.resolve(parent).resolve(name), missing);
        }

        @Override
        public Cgroup create(String parent, String name, Limits limits) throws IOException {
            stepAside();
            Path parentDirectory = base.resolve(parent);
            Files.createDirectories(parentDirectory);
            enable(base);
            enable(parentDirectory);
            CgroupV2 group = at(parent, name);
            Files.createDirectories(group.directory);
            group.write(limits);
            return group;
        }

        @Override
        public void stepAside() throws IOException {
            if (!delegated) {
                return;
            }
            Path procs = base.resolve(CgroupFiles.PROCS);
            if (!KernelFile.readOrEmpty(procs).isBlank()) {
                Path aside = base.resolve(DAEMON);
                Files.createDirectories(aside);
                KernelFile.write(
                        aside.resolve(CgroupFiles.PROCS),
                        Long.toString(ProcessHandle.current().pid()));
            }
        }

        private void enable(Path group) throws IOException {
            Set<String> enabled = words(group.resolve(ENABLED));
            for (String controller : CONTROLLERS) {
                if (!missing.contains(controller) && !enabled.contains(controller)) {
                    KernelFile.write(group.resolve(ENABLED), "+" + controller);
                }
            }
        }

        private static Set<String> words(Path file) {
            return Set.copyOf(
                    new LinkedHashSet<>(
                            List.of(KernelFile.readOrEmpty(file).strip().split("\\s+", -1))));
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
        if (has("cpuset") && !limits.cpus().isEmpty()) {
            KernelFile.write(directory.resolve("cpuset.cpus"), limits.cpus().toString());
        }
        if (has("memory") && limits.memoryBytes() > 0) {
            KernelFile.write(directory.resolve("memory.max"), Long.toString(limits.memoryBytes()));
            Path swap = directory.resolve("memory.swap.max");
            if (Files.exists(swap)) {
                KernelFile.write(swap, "0");
            }
        }
        if (has("pids") && limits.pids() > 0) {
            KernelFile.write(directory.resolve("pids.max"), Integer.toString(limits.pids()));
        }
    }

    private boolean has(String controller) {
        return !withoutControllers.contains(controller);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<Path> procsFiles() {
        return List.of(directory.resolve(CgroupFiles.PROCS));
    }

    @Override
    public boolean freeze(long timeoutMillis) {
        try {
            KernelFile.write(directory.resolve("cgroup.freeze"), "1");
        } catch (IOException e) {
            // Kernels before 5.2 have no freezer here.
            return CgroupFiles.stopAll(List.of(directory), timeoutMillis);
        }
        return CgroupFiles.waitFor(
                () -> KernelFile.field(read("cgroup.events"), "frozen", 0) == 1, timeoutMillis);
    }

    @Override
    public void thaw() {
        try {
            KernelFile.write(directory.resolve("cgroup.freeze"), "0");
        } catch (IOException e) {
            CgroupFiles.signalAll(List.of(directory), Signals.SIGCONT);
        }
    }

    @Override
    public boolean kill(long timeoutMillis) {
        return CgroupFiles.waitFor(
                () -> {
                    if (pids().isEmpty()) {
                        return true;
                    }
                    killOnce();
                    CgroupFiles.seeOff(this::pids, timeoutMillis);
                    return CgroupFiles.waitFor(() -> pids().isEmpty(), DYING_MILLIS);
                },
                timeoutMillis);
    }

    /** A frozen group of version 2 dies without being thawed. */
    private void killOnce() {
        Path kill = directory.resolve("cgroup.kill");
        try {
            if (Files.exists(kill)) {
                KernelFile.write(kill, "1");
                return;
            }
        } catch (IOException e) {
            // Signals do the same, one by one.
        }
        CgroupFiles.signalAll(List.of(directory), Signals.SIGKILL);
    }

    @Override
    public List<Long> pids() {
        return CgroupFiles.pids(List.of(directory));
    }

    @Override
    public CpuSet cpus() {
        return KernelFile.readCpuList(directory.resolve("cpuset.cpus.effective"));
    }

    @Override
    public long cpuMicros() {
        return KernelFile.field(read("cpu.stat"), "usage_usec", -1);
    }

    @Override
    public CgroupMeter meter(KernelText text) {
        return CgroupMeter.version2(directory, text);
    }

    @Override
    public long oomKills() {
        return KernelFile.field(read("memory.events"), "oom_kill", -1);
    }

    @Override
    public boolean remove() {
        return CgroupFiles.removeAll(List.of(directory));
    }

    @Override
    public Set<String> missing() {
        Set<String> missing = new LinkedHashSet<>(CONTROLLERS);
        missing.removeAll(Hierarchy.words(directory.resolve("cgroup.controllers")));
        if (!Files.exists(directory.resolve("cgroup.freeze"))) {
            missing.add("freezer");
        }
        return missing;
    }

    private String read(String file) {
        return KernelFile.readOrEmpty(directory.resolve(file));
    }
}
