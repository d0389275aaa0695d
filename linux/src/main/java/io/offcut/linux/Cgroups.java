package io.offcut.linux;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where this process may make control groups (cgroups(7)), found once.
 *
 * <p>Groups are two deep: a parent for all of one node daemon ({@code offcut_n1}) and one group per
 * executor in it. What is in a group after its daemon died is found again with {@link #children}.
 */
public final class Cgroups {
    /** Which interface the groups are made through. */
    public enum Version {
        /** None that this process may write: go without. */
        NONE,
        V1,
        V2
    }

    /** The parts that limits and figures come from; version 2 has the last two built in. */
    static final List<String> PARTS = List.of("cpuset", "memory", "pids", "freezer", "cpuacct");

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}");

    /** One of the two kernel interfaces. */
    sealed interface Hierarchy permits CgroupV1.Hierarchy, CgroupV2.Hierarchy {
        Version version();

        Set<String> missing();

        /** Makes room for groups where this process is. */
        void stepAside() throws IOException;

        Cgroup create(String parent, String name, Cgroup.Limits limits) throws IOException;

        Cgroup at(String parent, String name);

        /** Directories that may hold children of the parent. */
        List<Path> parentDirectories(String parent);
    }

    private final @Nullable Hierarchy hierarchy;

    private Cgroups(@Nullable Hierarchy hierarchy) {
        this.hierarchy = hierarchy;
    }

    /** Looks at this machine. */
    public static Cgroups detect() {
        return detect(Path.of("/sys/fs/cgroup"), Path.of("/proc"));
    }

    /**
     * Looks at the control groups mounted or recorded under {@code root}. Version 2 wins where
     * {@code root} itself is its mount and may be written; on machines with both, {@code root}
     * holds the mounts of version 1, which has the controllers then. Changes nothing.
     */
    public static Cgroups detect(Path root, Path proc) {
        String own = KernelFile.readOrEmpty(proc.resolve("self/cgroup"));
        Hierarchy v2 = CgroupV2.Hierarchy.detect(root, own);
        return new Cgroups(v2 != null ? v2 : CgroupV1.Hierarchy.detect(root, own));
    }

    public Version version() {
        return hierarchy == null ? Version.NONE : hierarchy.version();
    }

    /** Parts that groups do without: of {@code cpuset, memory, pids, freezer, cpuacct}. */
    public Set<String> missing() {
        return hierarchy == null ? Set.copyOf(PARTS) : hierarchy.missing();
    }

    /**
     * Moves this process into a group of its own where that is needed before groups can be made: in
     * a delegated subtree of version 2. {@link #create} does so too, but cannot when this process
     * has started others meanwhile; those that it starts afterwards are in its own group.
     *
     * @throws OffcutException {@code EXHAUSTED} when the kernel refuses
     */
    public void stepAside() {
        try {
            if (hierarchy != null) {
                hierarchy.stepAside();
            }
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot move into a control group of its own: " + e.getMessage(),
                    e);
        }
    }

    /**
     * Makes a group with these limits; the parent is made when it is not there. A limit whose
     * controller is missing is left out, see {@link #missing}.
     *
     * @throws OffcutException {@code CONFLICT} when there is such a group, {@code EXHAUSTED} when
     *     the kernel refuses; nothing is left behind
     * @throws IllegalStateException without control groups
     */
    public Cgroup create(String parent, String name, Cgroup.Limits limits) {
        checkName(parent);
        checkName(name);
        Hierarchy usable = hierarchy();
        if (children(parent).stream().anyMatch(child -> child.name().equals(name))) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "cgroup " + parent + "/" + name + " exists already: remove it first");
        }
        try {
            return usable.create(parent, name, limits);
        } catch (IOException e) {
            usable.at(parent, name).remove();
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot make cgroup "
                            + parent
                            + "/"
                            + name
                            + " for CPUs '"
                            + limits.cpus()
                            + "': "
                            + e.getMessage(),
                    e);
        }
    }

    /** The groups under this parent, in ascending order of their names; none without a parent. */
    public List<Cgroup> children(String parent) {
        checkName(parent);
        Hierarchy usable = hierarchy;
        if (usable == null) {
            return List.of();
        }
        return usable.parentDirectories(parent).stream()
                .flatMap(directory -> KernelFile.list(directory).stream())
                .filter(Files::isDirectory)
                .map(directory -> directory.getFileName().toString())
                .filter(name -> NAME.matcher(name).matches())
                .distinct()
                .sorted()
                .map(name -> usable.at(parent, name))
                .toList();
    }

    /** Removes the parent when no group is left in it; false when it is still there. */
    public boolean removeParent(String parent) {
        if (!children(parent).isEmpty()) {
            return false;
        }
        return hierarchy == null || CgroupFiles.removeAll(hierarchy.parentDirectories(parent));
    }

    private Hierarchy hierarchy() {
        if (hierarchy == null) {
            throw new IllegalStateException("no control groups: version() says NONE");
        }
        return hierarchy;
    }

    private static void checkName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not a cgroup name: '" + name + "'");
        }
    }

    /** The path of this process in /proc/self/cgroup for a controller, or for version 2: "". */
    static String ownPath(String ownCgroups, String controller) {
        for (String line : ownCgroups.split("\n", 64)) {
            String[] parts = line.strip().split(":", 3);
            if (parts.length == 3 && List.of(parts[1].split(",", -1)).contains(controller)) {
                return parts[2];
            }
        }
        return "/";
    }

    /** A directory below {@code mount}; {@code mount} itself when the path leads elsewhere. */
    static Path below(Path mount, String path) {
        List<String> parts = new ArrayList<>(List.of(path.split("/", -1)));
        parts.removeIf(String::isEmpty);
        return parts.contains("..") ? mount : mount.resolve(String.join("/", parts));
    }
}
