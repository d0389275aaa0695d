package io.offcut.cli.simulate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.ClusterSpec;
import io.offcut.traces.SwfLog;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The machine, where the log's header does not tell or is not believed. */
final class MachineOptions {
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
                        positive("--procs", procs),
                        positive("--cores-per-node", coresPerNode));
        ClusterSpec machine =
                nodeMemoryMib == null
                        ? spec
                        : new ClusterSpec(
                                spec.cores(),
                                spec.coresPerNode(),
                                Math.multiplyExact(nodeMemoryMib, 1L << 20));
        return named(machine, log.jobs().placements().nodes());
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

    private static int positive(String name, @Nullable Integer value) {
        if (value != null && value < 1) {
            throw new OffcutException(ErrorCode.USAGE, name + " must be at least 1");
        }
        return value == null ? 0 : value;
    }
}
