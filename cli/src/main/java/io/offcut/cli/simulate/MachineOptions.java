package io.offcut.cli.simulate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.ClusterSpec;
import io.offcut.traces.SwfHeader;
import io.offcut.traces.SwfLog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The machine, where the log's header does not tell or is not believed. */
final class MachineOptions {
    private static final long MOST_MEMORY_MIB = 1L << 40;

    @Option(names = "--procs", paramLabel = "N", description = "Cores of the machine.")
    @Nullable Integer procs;

    @Option(names = "--cores-per-node", paramLabel = "N", description = "Cores of a node.")
    @Nullable Integer coresPerNode;

    @Option(
            names = "--node-memory-mib",
            paramLabel = "MIB",
            description = "Memory of a node; 4096 for each core when not given.")
    @Nullable Long nodeMemoryMib;

    @Option(
            names = "--nodes-file",
            paramLabel = "FILE",
            description =
                    "The nodes and their outages, in YAML or JSON, or a slurm.conf; instead of the"
                            + " three above.")
    @Nullable Path nodesFile;

    /** Whether somebody said how large it is, so that the log need not. */
    boolean isSaid(ObjectNode described) {
        return procs != null || isInFile(described);
    }

    /**
     * @param described nodes and outages of a scenario; empty for none
     */
    ClusterSpec cluster(SwfLog log, ObjectNode described) {
        if (!described.isEmpty()) {
            return NodesFile.of(described);
        }
        if (nodesFile != null) {
            if (procs != null || coresPerNode != null || nodeMemoryMib != null) {
                throw new OffcutException(
                        ErrorCode.USAGE,
                        "--nodes-file says what --procs, --cores-per-node and --node-memory-mib"
                                + " do: leave those out");
            }
            return NodesFile.read(nodesFile);
        }
        ClusterSpec spec =
                ClusterSpec.fromHeader(
                        log.header(),
                        (int) between("--procs", procs, Integer.MAX_VALUE),
                        (int) between("--cores-per-node", coresPerNode, CpuSet.MAX_CPU + 1));
        ClusterSpec machine =
                nodeMemoryMib == null
                        ? spec
                        : new ClusterSpec(
                                spec.cores(),
                                spec.coresPerNode(),
                                between("--node-memory-mib", nodeMemoryMib, MOST_MEMORY_MIB) << 20);
        return named(machine, log.jobs().placements().nodes());
    }

    /**
     * From what the machine was made that nobody told, and what changes it, for people; empty where
     * options or a file told all.
     */
    List<String> madeFrom(SwfHeader header, ObjectNode described) {
        List<String> made = new ArrayList<>();
        if (isInFile(described)) {
            return made;
        }
        if (coresPerNode == null || procs == null) {
            made.add("machine by " + fromHeader(header) + " changes it");
        }
        if (nodeMemoryMib == null) {
            made.add("memory of 4 GiB for each core is assumed; --node-memory-mib changes it");
        }
        return made;
    }

    private String fromHeader(SwfHeader header) {
        List<String> parts = new ArrayList<>();
        if (procs != null) {
            parts.add("--procs " + procs);
        } else if (header.maxProcs().isPresent()) {
            parts.add("MaxProcs " + header.maxProcs().getAsLong());
        }
        if (coresPerNode == null && header.maxNodes().isPresent()) {
            parts.add("MaxNodes " + header.maxNodes().getAsLong());
        }
        String said = String.join(" / ", parts);
        if (coresPerNode != null) {
            return said + " of the log; --procs";
        }
        if (parts.size() < 2) {
            return said + " alone: nodes of one core; --cores-per-node";
        }
        return header.isOfMachineSeen()
                ? said + ", what jobs ran on; --nodes-file"
                : said + " of the log; --cores-per-node";
    }

    private boolean isInFile(ObjectNode described) {
        return nodesFile != null || !described.isEmpty();
    }

    /** That the machine has other nodes than the log says, where its numbers do not divide. */
    Optional<String> otherNodes(SwfHeader header, ClusterSpec machine, ObjectNode described) {
        long said = header.maxNodes().orElse(machine.nodes());
        if (isInFile(described) || coresPerNode != null || said == machine.nodes()) {
            return Optional.empty();
        }
        return Optional.of(
                ("the log says %d nodes, the machine made of it has %d: %d cores do not divide, and"
                                + " nodes get %d: --cores-per-node or --nodes-file tells the true"
                                + " ones")
                        .formatted(said, machine.nodes(), machine.cores(), machine.coresPerNode()));
    }

    /** Equal nodes are called as the log calls them; those that it does not know have numbers. */
    private static ClusterSpec named(ClusterSpec machine, List<String> inLog) {
        if (inLog.isEmpty() || inLog.size() > machine.nodes() || !machine.isEven()) {
            return machine;
        }
        Set<String> names = new LinkedHashSet<>(inLog);
        for (int node = names.size(); node < machine.nodes(); node++) {
            String name = "n" + node;
            while (!names.add(name)) {
                name = "_" + name;
            }
        }
        return machine.named(List.copyOf(names));
    }

    private static long between(String name, @Nullable Number value, long most) {
        if (value != null && (value.longValue() < 1 || value.longValue() > most)) {
            throw new OffcutException(
                    ErrorCode.USAGE, name + " is from 1 to " + most + "; not " + value);
        }
        return value == null ? 0 : value.longValue();
    }
}
