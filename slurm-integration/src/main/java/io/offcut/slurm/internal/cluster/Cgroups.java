package io.offcut.slurm.internal.cluster;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The cgroup v1 directories {@code <controller>/slurm_<node>} that slurmd makes when several run on
 * one machine. They are the one thing that two clusters would share, so their names are claimed.
 */
final class Cgroups {
    private final Path mount;

    Cgroups(Path mount) {
        this.mount = mount;
    }

    static Cgroups ofMachine() {
        return new Cgroups(Path.of("/sys/fs/cgroup"));
    }

    /** Whether Slurm's cgroup v1 plugins can work: the controllers are there and writable. */
    boolean usable() {
        for (String controller : List.of("freezer", "memory", "cpuset", "cpuacct")) {
            Path directory = mount.resolve(controller);
            if (!Files.isRegularFile(directory.resolve("cgroup.procs"))
                    || !Files.isWritable(directory)) {
                return false;
            }
        }
        return true;
    }

    /** Claims a node's name by making its freezer directory; false if it is there already. */
    boolean claim(String node) {
        try {
            Files.createDirectory(mount.resolve("freezer").resolve(name(node)));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** The processes in any cgroup of the node. */
    Set<Long> processes(String node) {
        Set<Long> pids = new HashSet<>();
        for (Path root : roots(node)) {
            visit(root, directory -> readProcesses(directory, pids));
        }
        return pids;
    }

    /** Removes the node's cgroups, the innermost first; true if none is left. */
    boolean remove(String node) {
        for (Path root : roots(node)) {
            List<Path> directories = new ArrayList<>();
            visit(root, directories::add);
            for (Path directory : directories.reversed()) {
                try {
                    Files.delete(directory);
                } catch (IOException e) {
                    // Busy until its last process is gone: the caller tries again.
                    break;
                }
            }
        }
        return roots(node).isEmpty();
    }

    private List<Path> roots(String node) {
        List<Path> roots = new ArrayList<>();
        try (var controllers = Files.newDirectoryStream(mount)) {
            for (Path controller : controllers) {
                Path root = controller.resolve(name(node));
                // cpu and cpuacct are often links to one directory: take it once.
                if (!Files.isSymbolicLink(controller)
                        && Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS)) {
                    roots.add(root);
                }
            }
        } catch (IOException e) {
            return List.of();
        }
        return roots;
    }

    private static String name(String node) {
        return "slurm_" + node;
    }

    private static void readProcesses(Path directory, Set<Long> pids) {
        try {
            for (String line : Files.readAllLines(directory.resolve("cgroup.procs"))) {
                pids.add(Long.parseLong(line.strip()));
            }
        } catch (IOException | NumberFormatException e) {
            // The cgroup went away while it was read.
            return;
        }
    }

    private static void visit(Path root, java.util.function.Consumer<Path> action) {
        try {
            Files.walkFileTree(
                    root,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(
                                Path directory, BasicFileAttributes attributes) {
                            action.accept(directory);
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) {
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult postVisitDirectory(
                                Path directory, @Nullable IOException e) {
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            // It went away: nothing to do there.
            return;
        }
    }
}
