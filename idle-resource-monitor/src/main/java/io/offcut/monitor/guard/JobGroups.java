package io.offcut.monitor.guard;

import io.offcut.linux.KernelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The processes of Slurm's jobs on this node: version 1 {@code
 * <controller>/slurm[_<node>]/uid_<n>/job_<id>}, version 2 {@code
 * system.slice/[<node>_]slurmstepd.scope/job_<id>} (Slurm's cgroup documentation).
 */
final class JobGroups {
    private static final List<String> CONTROLLERS =
            List.of("freezer", "memory", "cpuacct", "cpuset");
    private static final Pattern USER = Pattern.compile("uid_([0-9]{1,9})");
    private static final int MAX_DEPTH = 5;
    private static final int MAX_PIDS = 64;

    private final Path proc;
    private final Path root;
    private final String nodeName;

    JobGroups(Path proc, Path root, String nodeName) {
        this.proc = proc;
        this.root = root;
        this.nodeName = nodeName;
    }

    /** The control group of a job; null when it has none. */
    @Nullable Path of(String jobId) {
        String name = "job_" + jobId;
        for (String scope : List.of(nodeName + "_slurmstepd.scope", "slurmstepd.scope")) {
            Path group = root.resolve("system.slice").resolve(scope).resolve(name);
            if (Files.isDirectory(group)) {
                return group;
            }
        }
        for (String controller : CONTROLLERS) {
            for (String top : List.of("slurm_" + nodeName, "slurm")) {
                for (Path user : KernelFile.list(root.resolve(controller).resolve(top))) {
                    Path group = user.resolve(name);
                    if (USER.matcher(user.getFileName().toString()).matches()
                            && Files.isDirectory(group)) {
                        return group;
                    }
                }
            }
        }
        return null;
    }

    /** The user whose job it is; −1 while it has no process by which to tell. */
    int owner(Path group) {
        Matcher user = USER.matcher(group.getName(group.getNameCount() - 2).toString());
        if (user.matches()) {
            return Integer.parseInt(user.group(1));
        }
        for (String pid : pids(group)) {
            try {
                Object uid = Files.getAttribute(proc.resolve(pid), "unix:uid");
                if (uid instanceof Integer known) {
                    return known;
                }
            } catch (IOException e) {
                // It has just ended.
            }
        }
        return -1;
    }

    /** Its threads' folders in /proc, at most so many; of more a random choice. */
    List<Path> threads(Path group, int most) {
        List<Path> threads = new ArrayList<>();
        for (String pid : pids(group)) {
            threads.addAll(KernelFile.list(proc.resolve(pid).resolve("task")));
        }
        if (threads.size() > most) {
            Collections.shuffle(threads);
        }
        return List.copyOf(threads.subList(0, Math.min(most, threads.size())));
    }

    private static List<String> pids(Path group) {
        List<String> pids = new ArrayList<>();
        collect(group, 0, pids);
        return pids;
    }

    private static void collect(Path group, int depth, List<String> pids) {
        // What Slurm runs itself: version 2 keeps slurmstepd here, and a sleeper holds the job.
        String name = group.getFileName().toString();
        if (depth > MAX_DEPTH || name.equals("slurm") || name.equals("step_extern")) {
            return;
        }
        KernelFile.readOrEmpty(group.resolve("cgroup.procs"))
                .lines()
                .filter(line -> line.matches("[0-9]{1,10}"))
                .limit(MAX_PIDS - pids.size())
                .forEach(pids::add);
        for (Path child : KernelFile.list(group)) {
            if (pids.size() < MAX_PIDS && Files.isDirectory(child)) {
                collect(child, depth + 1, pids);
            }
        }
    }
}
