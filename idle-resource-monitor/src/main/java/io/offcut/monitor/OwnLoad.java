package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.linux.Cgroup;
import io.offcut.linux.CgroupMeter;
import io.offcut.linux.CpuMap;
import io.offcut.linux.KernelText;
import io.offcut.linux.ProcessCpu;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.ProcessTree;
import io.offcut.linux.ThreadCpu;
import io.offcut.linux.ThreadMeter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * CPU time that our executors used on each real CPU since the look before.
 *
 * <p>Version 1 control groups count it for each CPU. Elsewhere threads are asked: workers stay on
 * one CPU each, so where a thread ran last is where it ran; time of processes that have ended
 * meanwhile is known only in sum and is taken from what else was busy on the executor's CPUs.
 */
final class OwnLoad {
    private final Path proc;
    private final CpuMap map;
    private final KernelText text;
    private final Map<String, Group> groups = new HashMap<>();
    private final Map<String, Map<Long, ThreadMeter>> threadMeters = new HashMap<>();
    private Map<String, Reading> before = new HashMap<>();

    /**
     * @param text where what was read is held meanwhile
     */
    OwnLoad(Path proc, CpuMap map, KernelText text) {
        this.proc = proc;
        this.map = map;
        this.text = text;
    }

    /** What one executor had used when it was looked at: per CPU, or in sum and per thread. */
    private static final class Reading {
        private final CpuSet cores;
        private final long @Nullable [] nanosPerCpu;
        private Map<Long, ThreadCpu> threads = Map.of();
        private boolean threadsAsked;
        private long totalMicros;

        /** What was used in all when the threads were asked. */
        private long threadsMicros;

        /** Of one that begins. */
        private static final Reading NOTHING = nothing();

        private static Reading nothing() {
            Reading nothing = new Reading(CpuSet.empty(), null);
            nothing.threadsAsked = true;
            return nothing;
        }

        private Reading(CpuSet cores, long @Nullable [] nanosPerCpu) {
            this.cores = cores;
            this.nanosPerCpu = nanosPerCpu;
        }
    }

    /**
     * The control group of one.
     *
     * @param isPinned whether the kernel keeps it on the cores that it holds
     */
    private record Group(CgroupMeter meter, boolean isPinned) {}

    /** Time used somewhere on these real CPUs, µs. */
    private record Scattered(CpuSet realCpus, double micros) {}

    /** What our executors used between two looks. */
    static final class Use {
        private final double[] microsByRealCpu;
        private final List<Scattered> scattered = new ArrayList<>();
        private CpuSet unsettledCores = CpuSet.empty();

        private Use(int realCpuCount) {
            this.microsByRealCpu = new double[realCpuCount];
        }

        /**
         * Logical CPUs of executors that came or went since the look before: what they used cannot
         * be told from what others did.
         */
        CpuSet unsettledCores() {
            return unsettledCores;
        }

        /** Where one that holds these may have run. */
        private CpuSet realCpus(CpuSet held) {
            return held.isEmpty() ? CpuSet.range(0, microsByRealCpu.length - 1) : held;
        }

        private void add(int realCpu, double micros) {
            if (realCpu >= 0 && realCpu < microsByRealCpu.length && micros > 0) {
                microsByRealCpu[realCpu] += micros;
            }
        }

        /**
         * What is left of each real CPU's busy time when ours is taken away, µs.
         *
         * @param busyMicros time each real CPU was busy
         */
        double[] foreignMicros(double[] busyMicros) {
            double[] foreign = Arrays.copyOf(busyMicros, microsByRealCpu.length);
            for (int cpu = 0; cpu < foreign.length; cpu++) {
                foreign[cpu] = Math.max(0, foreign[cpu] - microsByRealCpu[cpu]);
            }
            for (Scattered part : scattered) {
                int[] cpus = part.realCpus().stream().filter(c -> c < foreign.length).toArray();
                double busy = Arrays.stream(cpus).mapToDouble(cpu -> foreign[cpu]).sum();
                double left = busy <= part.micros() ? 0 : 1 - part.micros() / busy;
                for (int cpu : cpus) {
                    foreign[cpu] *= left;
                }
            }
            return foreign;
        }
    }

    /** Looks at these executors. */
    Use look(List<OwnExecutor> executors, int realCpuCount) {
        Map<String, Reading> now = new HashMap<>();
        Use use = new Use(realCpuCount);
        for (OwnExecutor executor : executors) {
            Reading earlier = before.get(executor.id());
            Reading reading = read(executor, earlier);
            now.put(executor.id(), reading);
            if (earlier == null && executor.cores().isEmpty()) {
                count(Reading.NOTHING, reading, use);
            } else if (earlier == null) {
                use.unsettledCores = use.unsettledCores.plus(executor.cores());
            } else {
                count(earlier, reading, use);
            }
        }
        before.forEach((id, earlier) -> {
            if (!now.containsKey(id)) {
                use.unsettledCores = use.unsettledCores.plus(earlier.cores);
                forget(id);
            }
        });
        before = now;
        return use;
    }

    private @Nullable Group group(OwnExecutor executor) {
        Cgroup cgroup = executor.cgroup();
        return cgroup == null
                ? null
                : groups.computeIfAbsent(
                        executor.id(),
                        id -> new Group(cgroup.meter(text), !cgroup.missing().contains("cpuset")));
    }

    /** Memory that comes free when this one ends. */
    long memoryBytes(OwnExecutor executor) {
        Group group = group(executor);
        long bytes = group == null ? -1 : group.meter().lookAtMemory().heldBytes();
        return bytes >= 0 ? bytes : ProcessCpu.treeAnonymousBytes(proc, executor.pid());
    }

    private Reading read(OwnExecutor executor, @Nullable Reading earlier) {
        Group group = group(executor);
        Reading reading =
                new Reading(
                        executor.cores(), group == null ? null : group.meter().cpuNanosPerCpu());
        if (reading.nanosPerCpu != null) {
            return reading;
        }
        long total = group == null ? -1 : group.meter().cpuMicros();
        reading.totalMicros = total < 0 ? ProcessCpu.treeMicros(proc, executor.pid()) : total;
        if (group != null && group.isPinned() && executor.cores().size() == 1) {
            // Then no thread need be asked where it ran.
            return reading;
        }
        if (earlier != null
                && reading.totalMicros - earlier.threadsMicros < ProcessCpu.ticksToMicros(1)
                && earlier.threadsAsked) {
            // Threads are counted in ticks: all of them have what they had.
            reading.threads = earlier.threads;
            reading.threadsAsked = true;
            reading.threadsMicros = earlier.threadsMicros;
            return reading;
        }
        reading.threads = new HashMap<>();
        reading.threadsAsked = true;
        reading.threadsMicros = reading.totalMicros;
        for (ThreadMeter meter : threadMeters(executor)) {
            for (ThreadCpu thread : meter.read()) {
                reading.threads.put(thread.tid(), thread);
            }
        }
        return reading;
    }

    /** One for each of its processes. */
    private Collection<ThreadMeter> threadMeters(OwnExecutor executor) {
        Map<Long, ThreadMeter> known =
                threadMeters.computeIfAbsent(executor.id(), id -> new HashMap<>());
        List<Long> pids = pids(executor);
        for (long pid : pids) {
            known.computeIfAbsent(pid, id -> new ThreadMeter(proc, id, text));
        }
        known.entrySet()
                .removeIf(process -> {
                    boolean gone = !pids.contains(process.getKey());
                    if (gone) {
                        process.getValue().close();
                    }
                    return gone;
                });
        return known.values();
    }

    private List<Long> pids(OwnExecutor executor) {
        Cgroup cgroup = executor.cgroup();
        if (cgroup != null) {
            return cgroup.pids();
        }
        List<Long> pids = new ArrayList<>(List.of(executor.pid()));
        for (ProcessRef child : ProcessTree.descendants(proc, executor.pid())) {
            pids.add(child.pid());
        }
        return pids;
    }

    private void count(Reading earlier, Reading now, Use use) {
        if (now.nanosPerCpu != null) {
            for (int cpu = 0; cpu < now.nanosPerCpu.length; cpu++) {
                use.add(cpu, (now.nanosPerCpu[cpu] - at(earlier.nanosPerCpu, cpu)) / 1e3);
            }
            return;
        }
        double placed = 0;
        // Of threads that were not asked before nobody knows what they have used since.
        boolean comparable = earlier.threadsAsked;
        for (ThreadCpu thread : comparable ? now.threads.values() : List.<ThreadCpu>of()) {
            ThreadCpu old = earlier.threads.get(thread.tid());
            long used = thread.cpuMicros() - (old == null ? 0 : old.cpuMicros());
            use.add(thread.processor(), (double) used);
            placed += thread.processor() >= 0 ? Math.max(0, used) : 0;
        }
        double rest = now.totalMicros - earlier.totalMicros - placed;
        if (rest > 0) {
            use.scattered.add(new Scattered(use.realCpus(map.toReal(now.cores)), rest));
        }
    }

    private static long at(long @Nullable [] values, int index) {
        return values != null && index < values.length ? values[index] : 0;
    }

    private void forget(String executorId) {
        Group group = groups.remove(executorId);
        if (group != null) {
            group.meter().close();
        }
        Map<Long, ThreadMeter> threads = threadMeters.remove(executorId);
        if (threads != null) {
            threads.values().forEach(ThreadMeter::close);
        }
    }

    void close() {
        before.keySet().forEach(this::forget);
    }
}
