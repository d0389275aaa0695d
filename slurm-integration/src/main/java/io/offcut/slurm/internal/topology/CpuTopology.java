package io.offcut.slurm.internal.topology;

import io.offcut.core.CpuSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The cores of a machine in the order Slurm counts them: through sockets, then dies, shared caches,
 * cores and threads, each by its lowest CPU number. That is the logical order of hwloc, by which
 * slurmd makes its numbers (block_map in slurmd's get_cpuinfo). Read from {@code
 * /sys/devices/system/cpu} (Linux, Documentation/admin-guide/cputopology.rst).
 */
public final class CpuTopology {
    private static final int MAX_FILE_BYTES = 64 << 10;

    private record Cpu(int number, List<CpuSet> groups) {}

    private CpuTopology() {}

    /** The threads of each core, cores in Slurm's order; empty if the kernel does not say. */
    public static List<CpuSet> cores(Path sysCpu) {
        List<Cpu> cpus = new ArrayList<>();
        try {
            for (int number : CpuSet.parse(read(sysCpu.resolve("online"))).toArray()) {
                cpus.add(cpu(sysCpu.resolve("cpu" + number), number));
            }
        } catch (IOException | IllegalArgumentException e) {
            return List.of();
        }
        Comparator<Cpu> order = Comparator.comparingInt(cpu -> lowest(cpu.groups().getFirst()));
        for (int level : IntStream.range(1, 4).toArray()) {
            order = order.thenComparingInt(cpu -> lowest(cpu.groups().get(level)));
        }
        return cpus.stream()
                .sorted(order.thenComparingInt(Cpu::number))
                .map(cpu -> cpu.groups().getLast())
                .distinct()
                .toList();
    }

    private static Cpu cpu(Path directory, int number) throws IOException {
        CpuSet core = list(directory, "topology/core_cpus_list", "topology/thread_siblings_list");
        CpuSet socket =
                list(directory, "topology/package_cpus_list", "topology/core_siblings_list");
        CpuSet die = listOr(directory.resolve("topology/die_cpus_list"), socket);
        CpuSet cache = listOr(directory.resolve("cache/index3/shared_cpu_list"), die);
        return new Cpu(number, List.of(socket, die, cache, core));
    }

    /** The file of the first name, or on older kernels the second. */
    private static CpuSet list(Path directory, String name, String older) throws IOException {
        Path file = directory.resolve(name);
        return CpuSet.parse(read(Files.exists(file) ? file : directory.resolve(older)));
    }

    private static CpuSet listOr(Path file, CpuSet otherwise) throws IOException {
        CpuSet set = Files.exists(file) ? CpuSet.parse(read(file)) : otherwise;
        return set.isEmpty() ? otherwise : set;
    }

    private static int lowest(CpuSet set) {
        return set.stream().findFirst().orElse(Integer.MAX_VALUE);
    }

    private static String read(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return new String(
                            in.readNBytes(MAX_FILE_BYTES), java.nio.charset.StandardCharsets.UTF_8)
                    .strip();
        }
    }
}
