package io.offcut.slurm.internal.cluster;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;

/**
 * What another process must know to look after a cluster; kept in {@code cluster.properties}.
 *
 * @param nodeNames its nodes, in order
 * @param cgroups whether cgroups of these names are the cluster's
 * @param temporary whether the directory is removed when the cluster is closed
 * @param daemons by name, in the order they are started
 */
public record ClusterState(
        List<String> nodeNames, boolean cgroups, boolean temporary, Map<String, DaemonId> daemons) {
    /** A process for good: its pid and when it started, in clock ticks since boot. */
    public record DaemonId(long pid, long startTicks) {
        /** Whether that very process runs. */
        public boolean alive() {
            return Processes.startTicks(pid).filter(ticks -> ticks == startTicks).isPresent();
        }
    }

    public ClusterState {
        nodeNames = List.copyOf(nodeNames);
        daemons = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(daemons));
    }

    ClusterState with(String daemon, DaemonId id) {
        Map<String, DaemonId> more = new LinkedHashMap<>(daemons);
        more.put(daemon, id);
        return new ClusterState(nodeNames, cgroups, temporary, more);
    }

    ClusterState withoutDaemons() {
        return new ClusterState(nodeNames, cgroups, temporary, Map.of());
    }

    /** Nothing runs, and the names of its cgroups may be another cluster's by now. */
    ClusterState stopped() {
        return new ClusterState(nodeNames, false, temporary, Map.of());
    }

    /** Writes the file as a whole or not at all. */
    void store(ClusterLayout layout) {
        Properties properties = new Properties();
        properties.setProperty("nodes", String.join(",", nodeNames));
        properties.setProperty("cgroups", Boolean.toString(cgroups));
        properties.setProperty("temporary", Boolean.toString(temporary));
        properties.setProperty("daemons", String.join(",", daemons.keySet()));
        daemons.forEach((name, id) -> {
            properties.setProperty("pid." + name, Long.toString(id.pid()));
            properties.setProperty("start." + name, Long.toString(id.startTicks()));
        });
        Path next = layout.directory().resolve(".cluster.properties.new");
        try {
            try (Writer writer = Files.newBufferedWriter(next)) {
                properties.store(writer, null);
            }
            Files.move(next, layout.stateFile(), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED, "cannot write " + layout.stateFile() + ": " + e, e);
        }
    }

    /** Reads the file of a cluster; NOT_FOUND if there is none, INVALID_INPUT if it is damaged. */
    static ClusterState load(ClusterLayout layout) {
        Properties properties = new Properties();
        if (!Files.isRegularFile(layout.stateFile())) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "there is no test cluster in "
                            + layout.directory()
                            + ": give the directory it was started in");
        }
        try (Reader reader = Files.newBufferedReader(layout.stateFile())) {
            properties.load(reader);
            Map<String, DaemonId> daemons = new LinkedHashMap<>();
            for (String name : list(properties, "daemons")) {
                long pid = Long.parseLong(properties.getProperty("pid." + name));
                long start = Long.parseLong(properties.getProperty("start." + name));
                daemons.put(name, new DaemonId(pid, start));
            }
            List<String> nodes = list(properties, "nodes");
            if (nodes.isEmpty() || !nodes.stream().allMatch(n -> n.matches("[a-z]+[0-9]+"))) {
                throw new IllegalArgumentException("nodes=" + new TreeSet<>(nodes));
            }
            return new ClusterState(
                    nodes,
                    Boolean.parseBoolean(properties.getProperty("cgroups")),
                    Boolean.parseBoolean(properties.getProperty("temporary")),
                    daemons);
        } catch (IOException | IllegalArgumentException e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    layout.stateFile()
                            + " is damaged ("
                            + e.getMessage()
                            + "): end the cluster's daemons by hand and remove the directory",
                    e);
        }
    }

    private static List<String> list(Properties properties, String key) {
        String text = properties.getProperty(key, "");
        return text.isBlank() ? List.of() : List.of(text.split(",", -1));
    }
}
