package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.linux.Cgroup;
import io.offcut.linux.CpuMap;
import io.offcut.linux.MemInfo;
import io.offcut.linux.ProcStat;
import io.offcut.linux.ProcessCpu;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Looks at the node: /proc, the control groups of jobs and executors, and the batch system's
 * record.
 *
 * <p>Each sample covers the time since the one before; the first covers the time since the sampler
 * was made. Reads small files and does not otherwise block. One thread at a time.
 */
public final class NodeSampler {
    private static final int MIN_TICKS = 4;

    private final Sources sources;
    private final CpuSet cores;
    private final CpuMap map;
    private final OwnLoad ownLoad;
    private final JobCgroups jobCgroups;
    private ProcStat before;
    private Map<String, Long> jobMicrosBefore = new HashMap<>();

    /**
     * Where the sampler looks.
     *
     * @param proc the /proc to read
     * @param cgroupRoot where control groups are mounted
     * @param nodeName the batch system's name of the node, which Slurm's control groups may carry
     * @param executors our executors that run now; called once for each sample
     * @param allocations the batch system's record
     */
    public record Sources(
            Path proc,
            Path cgroupRoot,
            String nodeName,
            Supplier<List<OwnExecutor>> executors,
            AllocationSource allocations) {
        /** This machine. */
        public static Sources live(
                String nodeName,
                Supplier<List<OwnExecutor>> executors,
                AllocationSource allocations) {
            return new Sources(
                    Path.of("/proc"), Path.of("/sys/fs/cgroup"), nodeName, executors, allocations);
        }
    }

    /**
     * A sampler of all CPUs that are online, each being itself.
     *
     * @param sources where it looks
     */
    public NodeSampler(Sources sources) {
        this(sources, CpuSet.empty(), CpuMap.identity());
    }

    /**
     * @param sources where it looks
     * @param cores logical CPUs of the node; empty for those online
     * @param map which real CPU stands for each; logical ones that share a real one are not judged
     *     by load
     */
    public NodeSampler(Sources sources, CpuSet cores, CpuMap map) {
        this.sources = sources;
        this.cores = cores;
        this.map = map;
        this.ownLoad = new OwnLoad(sources.proc(), map);
        this.jobCgroups = new JobCgroups(sources.cgroupRoot(), sources.nodeName());
        this.before = ProcStat.read(sources.proc());
    }

    /** Looks once. */
    public NodeSample sample() {
        ProcStat now = ProcStat.read(sources.proc());
        List<OwnExecutor> executors = sources.executors().get();
        CpuSet present = present(now.cpus());
        CoreLoads loads = foreignLoads(now, executors, present);
        Allocations allocations = withUse(sources.allocations().current(), now);
        before = now;
        CpuSet ownCores = CpuSet.empty();
        long ownMemoryBytes = 0;
        for (OwnExecutor executor : executors) {
            ownCores = ownCores.plus(executor.cores());
            ownMemoryBytes += memoryBytes(executor);
        }
        return new NodeSample(
                present,
                loads,
                allocations,
                MemInfo.read(sources.proc()).availableBytes(),
                ownCores,
                ownMemoryBytes);
    }

    /** Logical CPUs whose real one is online. */
    private CpuSet present(CpuSet online) {
        return cores.isEmpty()
                ? online
                : CpuSet.of(
                        cores.stream().filter(cpu -> online.contains(map.toReal(cpu))).toArray());
    }

    private CoreLoads foreignLoads(ProcStat now, List<OwnExecutor> executors, CpuSet present) {
        int realCpuCount = 1 + now.cpus().stream().max().orElse(-1);
        OwnLoad.Use own = ownLoad.look(executors, realCpuCount);
        double[] busyMicros = new double[realCpuCount];
        now.cpus().stream()
                .forEach(cpu ->
                        busyMicros[cpu] =
                                ProcessCpu.ticksToMicros(now.busyTicksSince(before, cpu)));
        double[] foreign = own.foreignMicros(busyMicros);
        Map<Integer, Double> loads = new HashMap<>();
        for (int core : present.toArray()) {
            int real = map.toReal(core);
            long ticks = now.wholeTicksSince(before, real);
            // A CPU that just came online, and a sample right after another, say nothing.
            if (ticks >= MIN_TICKS
                    && !own.unsettledCores().contains(core)
                    && !map.isShared(core, present)) {
                loads.put(core, Math.min(1, foreign[real] / ProcessCpu.ticksToMicros(ticks)));
            }
        }
        return CoreLoads.of(loads);
    }

    private long memoryBytes(OwnExecutor executor) {
        Cgroup cgroup = executor.cgroup();
        long bytes = cgroup == null ? -1 : cgroup.heldBytes();
        return bytes >= 0 ? bytes : ProcessCpu.treeAnonymousBytes(sources.proc(), executor.pid());
    }

    /** The record, with what the jobs' control groups add to it. */
    private Allocations withUse(Allocations allocations, ProcStat now) {
        if (!(allocations instanceof Allocations.Known known)) {
            jobMicrosBefore = new HashMap<>();
            return allocations;
        }
        Map<String, JobCgroups.Reading> readings = jobCgroups.read();
        Map<String, Long> jobMicros = new HashMap<>();
        readings.forEach((jobId, reading) -> jobMicros.put(jobId, reading.cpuMicros()));
        double elapsedMicros = elapsedMicros(now);
        List<JobShare> jobs = new ArrayList<>();
        for (JobShare job : known.jobs()) {
            JobCgroups.Reading reading = readings.remove(job.jobId());
            jobs.add(reading == null ? job : joined(job, reading, elapsedMicros, now.cpus()));
        }
        // Jobs that are here before the record says so, or still are after it.
        readings.forEach((jobId, reading) -> {
            CpuSet held = confinement(reading, now.cpus());
            if (!held.isEmpty()) {
                long limit = reading.memoryLimitBytes();
                long memory = limit > 0 && limit <= known.memoryBytes() ? limit : 0;
                JobUse use = use(jobId, reading, elapsedMicros);
                jobs.add(new JobShare(jobId, held, memory, use));
            }
        });
        jobMicrosBefore = jobMicros;
        return new Allocations.Known(
                known.drained(), known.memoryBytes(), known.idleUntilEpochMillis(), jobs);
    }

    private double elapsedMicros(ProcStat now) {
        return ProcessCpu.ticksToMicros(
                now.cpus().stream()
                        .mapToLong(cpu -> now.wholeTicksSince(before, cpu))
                        .max()
                        .orElse(0));
    }

    private JobShare joined(
            JobShare job, JobCgroups.Reading reading, double elapsedMicros, CpuSet online) {
        CpuSet confined = confinement(reading, online);
        // The record counts CPUs in the batch system's order; the kernel's word is the better one.
        CpuSet held = confined.size() >= job.cores().size() ? confined : job.cores().plus(confined);
        return new JobShare(
                job.jobId(),
                confined.isEmpty() ? job.cores() : held,
                job.memoryBytes(),
                use(job.jobId(), reading, elapsedMicros));
    }

    /** The CPUs a job is held on; empty when it is not held, or on numbers that are not ours. */
    private CpuSet confinement(JobCgroups.Reading reading, CpuSet online) {
        boolean says = map.isIdentity() && !reading.cpus().containsAll(online);
        return says ? reading.cpus() : CpuSet.empty();
    }

    private JobUse use(String jobId, JobCgroups.Reading reading, double elapsedMicros) {
        long earlier = jobMicrosBefore.getOrDefault(jobId, -1L);
        boolean known = earlier >= 0 && reading.cpuMicros() >= earlier && elapsedMicros > 0;
        return new JobUse(
                known ? (reading.cpuMicros() - earlier) / elapsedMicros : -1,
                reading.workingSetBytes());
    }
}
