package io.offcut.linux;

import io.offcut.core.CpuSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How the CPUs of a machine belong together, from {@code /sys/devices/system} (Linux,
 * Documentation/admin-guide/cputopology.rst and ABI/stable/sysfs-devices-node). Immutable.
 *
 * <p>Cores are in the order Slurm counts them: through sockets, then dies, shared caches, cores and
 * threads, each by its lowest CPU number. That is the logical order of hwloc, by which slurmd makes
 * its numbers (block_map in slurmd's get_cpuinfo).
 */
public final class CpuTopology {
    /** This machine's {@code cpu} directory. */
    public static final Path SYS_CPU = Path.of("/sys/devices/system/cpu");

    private static final CpuTopology UNKNOWN = new CpuTopology(List.of(), List.of());

    private final List<CpuSet> cores;
    private final List<CpuSet> numaNodes;
    private final List<CpuSet> byNumaNode;
    private final CpuSet[] siblings;

    private record Cpu(int number, List<CpuSet> groups) {}

    private CpuTopology(List<CpuSet> cores, List<CpuSet> numaNodes) {
        this.cores = List.copyOf(cores);
        this.numaNodes = List.copyOf(numaNodes);
        this.byNumaNode = cores.stream().sorted(Comparator.comparingInt(this::numaNode)).toList();
        int highest = cores.stream().flatMapToInt(CpuSet::stream).max().orElse(-1);
        this.siblings = new CpuSet[highest + 1];
        cores.forEach(core -> core.stream().forEach(cpu -> siblings[cpu] = core));
    }

    private int numaNode(CpuSet core) {
        int node = 0;
        while (node < numaNodes.size() && !numaNodes.get(node).intersects(core)) {
            node++;
        }
        return node;
    }

    /** Of a machine of which nothing is known: each CPU is a core of its own. */
    public static CpuTopology unknown() {
        return UNKNOWN;
    }

    /**
     * Reads a directory of the shape of {@link #SYS_CPU}, and the NUMA nodes beside it; {@link
     * #unknown} where the kernel does not say.
     */
    public static CpuTopology read(Path sysCpu) {
        List<Cpu> cpus = new ArrayList<>();
        try {
            for (int number : CpuSet.parse(text(sysCpu.resolve("online"))).toArray()) {
                cpus.add(cpu(sysCpu.resolve("cpu" + number), number));
            }
        } catch (IOException | IllegalArgumentException e) {
            return UNKNOWN;
        }
        Comparator<Cpu> order = Comparator.comparingInt(cpu -> lowest(cpu.groups().getFirst()));
        for (int level : IntStream.range(1, 4).toArray()) {
            order = order.thenComparingInt(cpu -> lowest(cpu.groups().get(level)));
        }
        List<CpuSet> cores =
                cpus.stream()
                        .sorted(order.thenComparingInt(Cpu::number))
                        .map(cpu -> cpu.groups().getLast())
                        .distinct()
                        .toList();
        return new CpuTopology(cores, numaNodes(sysCpu.resolveSibling("node")));
    }

    private static Cpu cpu(Path directory, int number) throws IOException {
        CpuSet core = list(directory, "topology/core_cpus_list", "topology/thread_siblings_list");
        CpuSet socket =
                list(directory, "topology/package_cpus_list", "topology/core_siblings_list");
        CpuSet die = listOr(directory.resolve("topology/die_cpus_list"), socket);
        CpuSet cache = listOr(directory.resolve("cache/index3/shared_cpu_list"), die);
        return new Cpu(number, List.of(socket, die, cache, core));
    }

    private static List<CpuSet> numaNodes(Path sysNode) {
        return KernelFile.list(sysNode).stream()
                .filter(node -> node.getFileName().toString().matches("node[0-9]{1,6}"))
                .map(node -> KernelFile.readCpuList(node.resolve("cpulist")))
                // A node of memory alone has no CPUs.
                .filter(cpus -> !cpus.isEmpty())
                .sorted(Comparator.comparingInt(CpuTopology::lowest))
                .toList();
    }

    /** The file of the first name, or on older kernels the second. */
    private static CpuSet list(Path directory, String name, String older) throws IOException {
        Path file = directory.resolve(name);
        return CpuSet.parse(text(Files.exists(file) ? file : directory.resolve(older)));
    }

    private static CpuSet listOr(Path file, CpuSet otherwise) throws IOException {
        CpuSet set = Files.exists(file) ? CpuSet.parse(text(file)) : otherwise;
        return set.isEmpty() ? otherwise : set;
    }

    private static int lowest(CpuSet set) {
        return set.stream().findFirst().orElse(Integer.MAX_VALUE);
    }

    private static String text(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException("not readable: " + file);
        }
        return KernelFile.readOrEmpty(file).strip();
    }

    /**
     * CPUs that the administrator took out of the kernel's hands (isolcpus= of the kernel's command
     * line), below a directory of the shape of {@link #SYS_CPU}.
     */
    public static CpuSet isolated(Path sysCpu) {
        return KernelFile.readCpuList(sysCpu.resolve("isolated"));
    }

    /** The threads of each core, cores in Slurm's order; empty if the kernel does not say. */
    public List<CpuSet> cores() {
        return cores;
    }

    /** The CPUs of each NUMA node that has any; empty if the kernel does not say. */
    public List<CpuSet> numaNodes() {
        return numaNodes;
    }

    /** The threads of this CPU's core, itself among them. */
    public CpuSet siblings(int cpu) {
        return cpu < siblings.length && siblings[cpu] != null ? siblings[cpu] : CpuSet.of(cpu);
    }

    /** Whether any core has two threads. */
    public boolean hasSiblings() {
        return cores.stream().anyMatch(core -> core.size() > 1);
    }

    /**
     * The members in the groups of threads of one core, cores of one NUMA node and then of one
     * socket beside each other.
     */
    public List<CpuSet> byCore(CpuSet members) {
        List<CpuSet> groups = new ArrayList<>();
        CpuSet left = members;
        for (CpuSet core : byNumaNode) {
            if (core.intersects(left)) {
                groups.add(core.intersect(left));
                left = left.minus(core);
            }
        }
        left.stream().forEach(cpu -> groups.add(CpuSet.of(cpu)));
        return groups;
    }
}
