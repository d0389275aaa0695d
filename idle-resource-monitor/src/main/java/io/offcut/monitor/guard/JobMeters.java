package io.offcut.monitor.guard;

import io.offcut.core.CpuSet;
import io.offcut.core.OffcutException;
import io.offcut.linux.KernelFile;
import io.offcut.linux.ProgressFile;
import io.offcut.monitor.Allocations.JobShare;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads how the jobs of this node fare: their own progress counters, how long their threads stand
 * in line for a CPU, and, where the kernel keeps it for control groups, pressure stall information.
 *
 * <p>Costs little: but for their counters at most {@value #ATTENDED} jobs are read at a time, in
 * turns, and of each at most {@value #THREADS_OF_A_JOB} threads. Reads small files and does not
 * otherwise block. For one thread.
 */
public final class JobMeters implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(JobMeters.class);
    private static final int MEETINGS = 2;
    private static final int ATTENDED = 8;
    private static final int THREADS_OF_A_JOB = 16;

    private final JobGroups groups;
    private final @Nullable Path progressFolder;
    private final Map<String, JobMeter> meters = new LinkedHashMap<>();
    private boolean refused;

    /** How all jobs stood at one moment. */
    public static final class Readings {
        private final Map<String, JobMeter.Reading> byJob;

        private Readings(Map<String, JobMeter.Reading> byJob) {
            this.byJob = byJob;
        }

        /** How each job fared since the earlier readings. */
        public Map<String, Pace> since(Readings before) {
            Map<String, Pace> paces = new HashMap<>();
            byJob.forEach((id, reading) -> {
                JobMeter.Reading earlier = before.byJob.get(id);
                if (earlier != null) {
                    paces.put(id, reading.since(earlier));
                }
            });
            return paces;
        }
    }

    /**
     * @param proc the /proc to read
     * @param cgroupRoot where control groups are mounted
     * @param nodeName the batch system's name of the node
     * @param progressFolder where jobs find their counters, which nobody else may write; what is in
     *     it is deleted with the jobs. Null: jobs have none
     */
    public JobMeters(Path proc, Path cgroupRoot, String nodeName, @Nullable Path progressFolder) {
        this.groups = new JobGroups(proc, cgroupRoot, nodeName);
        this.progressFolder = progressFolder;
    }

    /**
     * Follows these jobs. Not between readings that are to be compared.
     *
     * @param functionCores cores on which functions run
     */
    public void follow(Collection<JobShare> jobs, CpuSet functionCores) {
        Map<String, CpuSet> cores =
                jobs.stream()
                        .collect(Collectors.toMap(JobShare::jobId, JobShare::cores, CpuSet::plus));
        forgetOthers(cores.keySet());
        List<String> strangers = new ArrayList<>(cores.keySet());
        strangers.removeAll(meters.keySet());
        Collections.shuffle(strangers);
        strangers.stream().limit(MEETINGS).forEach(this::meet);
        meters.forEach((jobId, meter) -> meter.inside(isInside(cores.get(jobId), functionCores)));
        if (!functionCores.isEmpty() && !meters.isEmpty()) {
            attendNext();
        }
    }

    /** A job whose cores are not known may be anywhere. */
    private static boolean isInside(@Nullable CpuSet job, CpuSet functionCores) {
        return (job == null || job.isEmpty())
                ? !functionCores.isEmpty()
                : job.intersects(functionCores);
    }

    /** The one that was not looked at for longest goes to the end of the line. */
    private void attendNext() {
        Map.Entry<String, JobMeter> next = meters.entrySet().iterator().next();
        JobMeter meter = next.getValue();
        meters.remove(next.getKey());
        meters.put(next.getKey(), meter);
        meter.attend(groups, THREADS_OF_A_JOB);
        int unattended = meters.size() - ATTENDED;
        for (JobMeter other : meters.values()) {
            if (unattended-- <= 0) {
                break;
            }
            other.leave();
        }
    }

    private void forgetOthers(Set<String> here) {
        meters.entrySet()
                .removeIf(entry -> {
                    boolean gone = !here.contains(entry.getKey());
                    if (gone) {
                        entry.getValue().end();
                    }
                    return gone;
                });
    }

    private void meet(String jobId) {
        Path group = groups.of(jobId);
        int uid = group == null ? -1 : groups.owner(group);
        if (group != null && uid >= 0) {
            meters.put(jobId, new JobMeter(group, progress(jobId, uid)));
        }
    }

    private @Nullable ProgressFile progress(String jobId, int uid) {
        if (progressFolder == null || !jobId.matches("[0-9]{1,18}")) {
            return null;
        }
        try {
            return ProgressFile.make(progressFolder.resolve(jobId), uid);
        } catch (OffcutException e) {
            if (!refused) {
                refused = true;
                log.warn("{}; the guard goes by what the kernel says alone", e.getMessage());
            }
            return null;
        }
    }

    /**
     * Whether any job can be seen to be slowed at all; else no function need stand still for it.
     */
    public boolean isTelling() {
        return meters.values().stream().anyMatch(JobMeter::isTelling);
    }

    /** Looks once. */
    public Readings read() {
        Map<String, JobMeter.Reading> readings = new HashMap<>();
        meters.forEach((id, meter) -> readings.put(id, meter.read()));
        return new Readings(readings);
    }

    /** Deletes the counters of jobs that an earlier daemon knew and that are gone. */
    public void sweep(Set<String> jobIds) {
        if (progressFolder == null) {
            return;
        }
        for (Path file : KernelFile.list(progressFolder)) {
            if (!jobIds.contains(file.getFileName().toString())) {
                delete(file);
            }
        }
    }

    /** Leaves the counters of jobs that are here to the next daemon. */
    @Override
    public void close() {
        meters.values().forEach(JobMeter::close);
        meters.clear();
        if (progressFolder != null && KernelFile.list(progressFolder).isEmpty()) {
            delete(progressFolder);
        }
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            log.warn("cannot delete {} ({})", path, e.toString());
        }
    }
}
