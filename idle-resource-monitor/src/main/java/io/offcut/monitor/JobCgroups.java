package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.linux.KernelFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What Slurm's control groups say of the jobs on this node.
 *
 * <p>Version 1: {@code <controller>/slurm[_<node>]/uid_<n>/job_<id>}; version 2: {@code
 * system.slice/[<node>_]slurmstepd.scope/job_<id>} (Slurm's cgroup documentation). The node is
 * named where several slurmd share a machine.
 */
final class JobCgroups {
    private static final Pattern JOB = Pattern.compile("job_([0-9]{1,18})");
    private static final Pattern USER = Pattern.compile("uid_[0-9]{1,18}");
    private static final int MAX_JOBS = 4096;

    private final Path root;
    private final String nodeName;

    JobCgroups(Path root, String nodeName) {
        this.root = root;
        this.nodeName = nodeName;
    }

    /**
     * One job; a figure that is not there is −1, CPUs that are not there are the empty set.
     *
     * @param memoryLimitBytes what its processes may fill together
     */
    record Reading(CpuSet cpus, long cpuMicros, long workingSetBytes, long memoryLimitBytes) {
        private Reading plus(Reading other) {
            return new Reading(
                    cpus.plus(other.cpus),
                    Math.max(cpuMicros, other.cpuMicros),
                    Math.max(workingSetBytes, other.workingSetBytes),
                    Math.max(memoryLimitBytes, other.memoryLimitBytes));
        }
    }

    /** The jobs that have control groups now, by their id. */
    Map<String, Reading> read() {
        Map<String, Reading> jobs = new HashMap<>();
        if (Files.exists(root.resolve("cgroup.controllers"))) {
            Path slice = root.resolve("system.slice");
            for (String scope : List.of(nodeName + "_slurmstepd.scope", "slurmstepd.scope")) {
                if (addJobs(jobs, slice.resolve(scope), false)) {
                    break;
                }
            }
            return jobs;
        }
        for (String controller : List.of("memory", "cpuacct", "cpuset")) {
            for (String top : List.of("slurm_" + nodeName, "slurm")) {
                Path directory = root.resolve(controller).resolve(top);
                if (Files.isDirectory(directory)) {
                    for (Path user : KernelFile.list(directory)) {
                        if (USER.matcher(user.getFileName().toString()).matches()) {
                            addJobs(jobs, user, true);
                        }
                    }
                    break;
                }
            }
        }
        return jobs;
    }

    private static boolean addJobs(Map<String, Reading> jobs, Path parent, boolean version1) {
        for (Path directory : KernelFile.list(parent)) {
            Matcher name = JOB.matcher(directory.getFileName().toString());
            if (name.matches() && jobs.size() < MAX_JOBS) {
                Reading reading = version1 ? version1(directory) : version2(directory);
                jobs.merge(name.group(1), reading, Reading::plus);
            }
        }
        return Files.isDirectory(parent);
    }

    /** Reads whichever of the files this controller has. */
    private static Reading version1(Path job) {
        long usage = KernelFile.readLong(job.resolve("memory.usage_in_bytes"), -1);
        long nanos = KernelFile.readLong(job.resolve("cpuacct.usage"), -1);
        String stat = usage < 0 ? "" : KernelFile.readOrEmpty(job.resolve("memory.stat"));
        return new Reading(
                KernelFile.readCpuList(job.resolve("cpuset.cpus")),
                nanos < 0 ? -1 : nanos / 1000,
                workingSet(usage, KernelFile.field(stat, "total_inactive_file", 0)),
                KernelFile.readLong(job.resolve("memory.limit_in_bytes"), -1));
    }

    private static Reading version2(Path job) {
        long usage = KernelFile.readLong(job.resolve("memory.current"), -1);
        String stat = usage < 0 ? "" : KernelFile.readOrEmpty(job.resolve("memory.stat"));
        return new Reading(
                KernelFile.readCpuList(job.resolve("cpuset.cpus.effective")),
                KernelFile.field(KernelFile.readOrEmpty(job.resolve("cpu.stat")), "usage_usec", -1),
                workingSet(usage, KernelFile.field(stat, "inactive_file", 0)),
                KernelFile.readLong(job.resolve("memory.max"), -1));
    }

    private static long workingSet(long usage, long droppable) {
        return usage < 0 ? -1 : Math.max(0, usage - droppable);
    }
}
