package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.linux.CpuMap;
import io.offcut.linux.KeptFile;
import io.offcut.linux.KernelText;
import io.offcut.linux.MemInfo;
import io.offcut.linux.ProcStat;
import io.offcut.linux.ProcessCpu;
import io.offcut.linux.Psi;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Looks at the node: /proc, the control groups of jobs and executors, and the batch system's
 * record.
 *
 * <p>Each sample covers the time since the one before; the first covers the time since the sampler
 * was made. Reads small files, which it keeps open, and does not otherwise block. One thread at a
 * time.
 */
public final class NodeSampler implements AutoCloseable {
    private static final int MIN_TICKS = 4;

    private final Sources sources;
    private final CpuSet cores;
    private final CpuMap map;
    private final OwnLoad ownLoad;
    private final JobCgroups jobCgroups;
    private final KernelText text = new KernelText();
    private final KeptFile statFile;
    private final KeptFile memInfoFile;
    private final KeptFile pressureFile;
    private ProcStat before;

    /** What jobs had used when it was last long enough ago to tell. */
    private ProcStat jobsBefore;

    private Map<String, JobCgroups.Reading> readingsBefore;
    private long pressureBefore;

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
        this.ownLoad = new OwnLoad(sources.proc(), map, text);
        this.jobCgroups = new JobCgroups(sources.cgroupRoot(), sources.nodeName(), text);
        this.statFile = new KeptFile(sources.proc().resolve("stat"));
        this.memInfoFile = new KeptFile(sources.proc().resolve("meminfo"));
        this.pressureFile = new KeptFile(sources.proc().resolve("pressure/memory"));
        this.before = ProcStat.read(statFile, text);
        this.jobsBefore = before;
        this.readingsBefore = jobCgroups.read();
        this.pressureBefore = Psi.readSomeTotalMicros(pressureFile, text);
    }

    /** Looks once. */
    public NodeSample sample() {
        ProcStat now = ProcStat.read(statFile, text);
        List<OwnExecutor> executors = sources.executors().get();
        CpuSet present = present(now.cpus());
        CpuSet unjudged = unjudged(present);
        CoreLoads loads = foreignLoads(now, executors, present.minus(unjudged));
        Allocations allocations = withUse(sources.allocations().current(), now);
        before = now;
        CpuSet ownCores = CpuSet.empty();
        long ownMemoryBytes = 0;
        for (OwnExecutor executor : executors) {
            ownCores = ownCores.plus(executor.cores());
            ownMemoryBytes += ownLoad.memoryBytes(executor);
        }
        return new NodeSample(
                present,
                loads,
                unjudged,
                allocations,
                MemInfo.read(memInfoFile, text).availableBytes(),
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

    /** Those that share a real CPU. */
    private CpuSet unjudged(CpuSet present) {
        return map.isIdentity()
                ? CpuSet.empty()
                : CpuSet.of(present.stream().filter(core -> map.isShared(core, present)).toArray());
    }

    private CoreLoads foreignLoads(ProcStat now, List<OwnExecutor> executors, CpuSet judged) {
        int realCpuCount = 1 + now.cpus().stream().max().orElse(-1);
        OwnLoad.Use own = ownLoad.look(executors, realCpuCount);
        double[] busyMicros = new double[realCpuCount];
        for (int cpu = 0; cpu < realCpuCount; cpu++) {
            busyMicros[cpu] = ProcessCpu.ticksToMicros(now.busyTicksSince(before, cpu));
        }
        double[] foreign = own.foreignMicros(busyMicros);
        double[] loads = new double[1 + judged.stream().max().orElse(-1)];
        for (int core = 0; core < loads.length; core++) {
            int real = map.toReal(core);
            long ticks = judged.contains(core) ? now.wholeTicksSince(before, real) : 0;
            // A CPU that just came online, and a sample right after another, say nothing.
            loads[core] =
                    ticks >= MIN_TICKS && !own.unsettledCores().contains(core)
                            ? Math.min(1, foreign[real] / ProcessCpu.ticksToMicros(ticks))
                            : Double.NaN;
        }
        return CoreLoads.ofArray(loads);
    }

    /** The record, with what the jobs' control groups add to it. */
    private Allocations withUse(Allocations allocations, ProcStat now) {
        if (!(allocations instanceof Allocations.Known known)) {
            readingsBefore = new HashMap<>();
            return allocations;
        }
        Map<String, JobCgroups.Reading> readings = jobCgroups.read();
        long pressure = Psi.readSomeTotalMicros(pressureFile, text);
        Interval interval = new Interval(ticksSince(jobsBefore, now), stallSince(pressure));
        List<JobShare> jobs = new ArrayList<>();
        for (JobShare job : known.jobs()) {
            JobCgroups.Reading reading = readings.get(job.jobId());
            jobs.add(reading == null ? job : joined(job, reading, interval, now.cpus()));
        }
        addUnrecorded(known, readings, now.cpus(), jobs);
        if (interval.tells()) {
            readingsBefore = readings;
            jobsBefore = now;
            pressureBefore = pressure;
        }
        return known.withJobs(jobs);
    }

    /** Jobs that are here before the record says so, or still are after it. They share nothing. */
    private void addUnrecorded(
            Allocations.Known known,
            Map<String, JobCgroups.Reading> readings,
            CpuSet online,
            List<JobShare> jobs) {
        Set<String> recorded = new HashSet<>();
        known.jobs().forEach(job -> recorded.add(job.jobId()));
        readings.forEach((jobId, reading) -> {
            CpuSet held = recorded.contains(jobId) ? CpuSet.empty() : confinement(reading, online);
            if (!held.isEmpty()) {
                long limit = reading.memoryLimitBytes();
                long memory = limit > 0 && limit <= known.memoryBytes() ? limit : 0;
                JobUse use = new JobUse(-1, reading.workingSetBytes(), reading.heldBytes(), -1);
                jobs.add(new JobShare(jobId, held, memory).with(held, use));
            }
        });
    }

    /**
     * The time that jobs' use is told of.
     *
     * @param nodeStallMicros how long some task of the whole node waited for memory; negative when
     *     not known
     */
    private record Interval(long ticks, long nodeStallMicros) {
        /** Whether it is long enough: right after a look nothing can be told. */
        boolean tells() {
            return ticks >= MIN_TICKS;
        }

        double micros() {
            return ProcessCpu.ticksToMicros(ticks);
        }
    }

    private static long ticksSince(ProcStat earlier, ProcStat now) {
        long most = 0;
        for (int cpu : now.cpus().toArray()) {
            most = Math.max(most, now.wholeTicksSince(earlier, cpu));
        }
        return most;
    }

    private long stallSince(long pressure) {
        return pressure < 0 || pressureBefore < 0 ? -1 : Math.max(0, pressure - pressureBefore);
    }

    private JobShare joined(
            JobShare job, JobCgroups.Reading reading, Interval interval, CpuSet online) {
        CpuSet confined = confinement(reading, online);
        // The record counts CPUs in the batch system's order; the kernel's word is the better one.
        CpuSet held = confined.size() >= job.cores().size() ? confined : job.cores().plus(confined);
        return job.with(
                confined.isEmpty() ? job.cores() : held,
                new JobUse(
                        busyCores(job.jobId(), reading, interval),
                        reading.workingSetBytes(),
                        reading.heldBytes(),
                        memoryStall(job.jobId(), reading, interval)));
    }

    /** The CPUs a job is held on; empty when it is not held, or on numbers that are not ours. */
    private CpuSet confinement(JobCgroups.Reading reading, CpuSet online) {
        boolean says = map.isIdentity() && !reading.cpus().containsAll(online);
        return says ? reading.cpus() : CpuSet.empty();
    }

    private double busyCores(String jobId, JobCgroups.Reading reading, Interval interval) {
        if (reading.cpuMicros() < 0) {
            return -1;
        }
        JobCgroups.Reading earlier = readingsBefore.get(jobId);
        long before = earlier == null ? -1 : earlier.cpuMicros();
        return interval.tells() && before >= 0 && reading.cpuMicros() >= before
                ? (reading.cpuMicros() - before) / interval.micros()
                : Double.NaN;
    }

    /** Version 1 tells pressure of the whole node only. */
    private double memoryStall(String jobId, JobCgroups.Reading reading, Interval interval) {
        JobCgroups.Reading earlier = readingsBefore.get(jobId);
        boolean own = reading.memoryStallMicros() >= 0;
        long before = own && earlier != null ? earlier.memoryStallMicros() : -1;
        long stalled =
                own
                        ? before < 0 ? -1 : reading.memoryStallMicros() - before
                        : interval.nodeStallMicros();
        return stalled < 0 || !interval.tells() ? -1 : Math.min(1, stalled / interval.micros());
    }

    /** Looks no more. */
    @Override
    public void close() {
        ownLoad.close();
        jobCgroups.close();
        statFile.close();
        memInfoFile.close();
        pressureFile.close();
    }
}
