package io.offcut.slurm;

import io.offcut.core.CpuSet;
import java.util.ArrayList;
import java.util.List;

/**
 * From Slurm's abstract CPU numbers to those of the operating system.
 *
 * <p>{@code CPU_IDs} in a job record count through sockets, cores and threads in that order. The
 * kernel often numbers otherwise: on a machine with two threads per core, Slurm's 0 and 1 may be
 * the kernel's 0 and 32. Implementations are pure and safe for any thread.
 */
@FunctionalInterface
public interface CpuIdMap {
    /** The operating-system CPUs that these abstract ones stand for. */
    CpuSet toOperatingSystem(CpuSet abstractCpus);

    /**
     * The operating-system CPUs of these abstract cores, which a job's own steps are told of
     * instead of CPUs: with all threads of each (xcpuinfo_abs_to_mac of slurmd). The same where a
     * CPU is a core.
     */
    default CpuSet coresToOperatingSystem(CpuSet abstractCores) {
        return toOperatingSystem(abstractCores);
    }

    /** Both count alike: one thread per core, sockets in order; and nodes with made-up CPUs. */
    static CpuIdMap identity() {
        return cpus -> cpus;
    }

    /**
     * Abstract number {@code i} stands for {@code osCpus.get(i)}. A number beyond the table stands
     * for every CPU of the table, since it cannot be known which it is.
     */
    static CpuIdMap of(List<CpuSet> osCpus) {
        List<CpuSet> table = List.copyOf(osCpus);
        CpuSet all = table.stream().reduce(CpuSet.empty(), CpuSet::plus);
        return cpus ->
                cpus.stream()
                        .mapToObj(i -> i < table.size() ? table.get(i) : all)
                        .reduce(CpuSet.empty(), CpuSet::plus);
    }

    /**
     * By a machine's own topology. With any other number of CPUs than its threads or its cores, as
     * on a made-up node, both count alike.
     *
     * @param cores the threads of each core, cores in Slurm's order: through sockets, dies, shared
     *     caches and cores
     * @param slurmCpus how many CPUs Slurm counts on the node ({@link SlurmNode#cpus()}): as many
     *     as the machine has threads, or as it has cores, when one of Slurm's CPUs is a whole core
     */
    static CpuIdMap ofCores(List<CpuSet> cores, int slurmCpus) {
        List<CpuSet> threads = new ArrayList<>();
        cores.forEach(core -> core.stream().forEach(cpu -> threads.add(CpuSet.of(cpu))));
        if (threads.size() == slurmCpus) {
            CpuIdMap ofThreads = of(threads);
            CpuIdMap ofCores = of(cores);
            return new CpuIdMap() {
                @Override
                public CpuSet toOperatingSystem(CpuSet abstractCpus) {
                    return ofThreads.toOperatingSystem(abstractCpus);
                }

                @Override
                public CpuSet coresToOperatingSystem(CpuSet abstractCores) {
                    return ofCores.toOperatingSystem(abstractCores);
                }
            };
        }
        return cores.size() == slurmCpus ? of(cores) : identity();
    }
}
