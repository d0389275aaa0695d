package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.linux.CgroupMeter;
import io.offcut.linux.KernelFile;
import io.offcut.linux.KernelText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What Slurm's control groups say of the jobs on this node. The files of a job stay open while it
 * is here.
 *
 * <p>Version 1: {@code <controller>/slurm[_<node>]/uid_<n>/job_<id>}; version 2: {@code
 * system.slice/[<node>_]slurmstepd.scope/job_<id>} (Slurm's cgroup documentation). The node is
 * named where several slurmd share a machine.
 */
final class JobCgroups {
    private static final int MAX_JOBS = 4096;
    private static final List<String> CONTROLLERS = List.of("cpuset", "memory", "cpuacct");

    private final Path root;
    private final boolean version2;
    private final List<String> tops;
    private final KernelText text;
    private final Map<String, Job> jobs = new HashMap<>();
    private int looks;

    /**
     * @param text where what was read is held meanwhile
     */
    JobCgroups(Path root, String nodeName, KernelText text) {
        this.root = root;
        this.version2 = Files.exists(root.resolve("cgroup.controllers"));
        this.tops =
                version2
                        ? List.of(nodeName + "_slurmstepd.scope", "slurmstepd.scope")
                        : List.of("slurm_" + nodeName, "slurm");
        this.text = text;
    }

    /** A job and the look at which it was last seen. */
    private static final class Job {
        private final CgroupMeter meter;
        private int seenAt;

        private Job(CgroupMeter meter) {
            this.meter = meter;
        }
    }

    /**
     * One job; a figure that is not there is −1, CPUs that are not there are the empty set.
     *
     * @param memoryLimitBytes what its processes may fill together
     * @param memoryStallMicros time in which a task of it waited for memory
     */
    record Reading(
            CpuSet cpus,
            long cpuMicros,
            long workingSetBytes,
            long heldBytes,
            long memoryLimitBytes,
            long memoryStallMicros) {}

    /** The jobs that have control groups now, by their id. */
    Map<String, Reading> read() {
        looks++;
        if (version2) {
            findJobs(root.resolve("system.slice"));
        } else {
            CONTROLLERS.forEach(controller -> findJobs(root.resolve(controller)));
        }
        jobs.values()
                .removeIf(job -> {
                    boolean gone = job.seenAt != looks;
                    if (gone) {
                        job.meter.close();
                    }
                    return gone;
                });
        Map<String, Reading> readings = new HashMap<>();
        jobs.forEach((id, job) -> readings.put(id, read(job.meter)));
        return readings;
    }

    private static Reading read(CgroupMeter meter) {
        meter.lookAtMemory();
        return new Reading(
                meter.cpus(),
                meter.cpuMicros(),
                meter.workingSetBytes(),
                meter.heldBytes(),
                meter.memoryLimitBytes(),
                meter.memoryStallMicros());
    }

    private void findJobs(Path parent) {
        for (String top : tops) {
            Path directory = parent.resolve(top);
            if (Files.isDirectory(directory)) {
                if (version2) {
                    see(directory, "");
                } else {
                    for (String user : KernelFile.names(directory)) {
                        if (isNumbered(user, "uid_")) {
                            see(directory.resolve(user), top + "/" + user + "/");
                        }
                    }
                }
                return;
            }
        }
    }

    private void see(Path directory, String below) {
        for (String name : KernelFile.names(directory)) {
            if (isNumbered(name, "job_")) {
                String id = name.substring("job_".length());
                Job job = jobs.get(id);
                if (job == null && jobs.size() < MAX_JOBS) {
                    job = new Job(meter(directory.resolve(name), below + name));
                    jobs.put(id, job);
                }
                if (job != null) {
                    job.seenAt = looks;
                }
            }
        }
    }

    private CgroupMeter meter(Path directory, String below) {
        return version2
                ? CgroupMeter.version2(directory, text)
                : CgroupMeter.version1(
                        root.resolve("cpuacct").resolve(below),
                        root.resolve("cpuset").resolve(below),
                        root.resolve("memory").resolve(below),
                        text);
    }

    private static boolean isNumbered(String name, String prefix) {
        int digits = name.length() - prefix.length();
        if (!name.startsWith(prefix) || digits < 1 || digits > 18) {
            return false;
        }
        for (int i = prefix.length(); i < name.length(); i++) {
            if (name.charAt(i) < '0' || name.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    void close() {
        jobs.values().forEach(job -> job.meter.close());
        jobs.clear();
    }
}
