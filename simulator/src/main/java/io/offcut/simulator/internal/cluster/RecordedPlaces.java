package io.offcut.simulator.internal.cluster;

import io.offcut.simulator.ClusterSpec;
import io.offcut.traces.Placements;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where the log says that jobs ran, on the nodes of a cluster that are called so. Immutable. */
public final class RecordedPlaces {
    private static final int NOT_THERE = -1;

    private final Placements placements;

    /** By the log's number of a node: that of the cluster. */
    private final int[] numbers;

    public RecordedPlaces(Placements placements, ClusterSpec cluster) {
        this.placements = placements;
        Map<String, Integer> byName = new HashMap<>();
        for (int node = 0; node < cluster.nodeNames().size(); node++) {
            byName.put(cluster.nodeNames().get(node), node);
        }
        List<String> names = placements.nodes();
        this.numbers = new int[names.size()];
        for (int node = 0; node < numbers.length; node++) {
            numbers[node] = byName.getOrDefault(names.get(node), NOT_THERE);
        }
    }

    /**
     * Where a job of so many cores ran; null if the log does not say, or names a node that the
     * cluster has not.
     */
    public @Nullable Assignment of(int row, int cores) {
        Map<Integer, Integer> coresByNode = new LinkedHashMap<>();
        placements.forEach(
                row,
                (first, nodes, firstCpu, cpus) -> {
                    for (int node = first; node < first + nodes; node++) {
                        coresByNode.merge(numbers[node], cpus, Integer::sum);
                    }
                });
        if (coresByNode.isEmpty() || coresByNode.containsKey(NOT_THERE)) {
            return null;
        }
        Assignment.Builder where = new Assignment.Builder();
        int missing = cores;
        for (Map.Entry<Integer, Integer> entry : coresByNode.entrySet()) {
            // A log that names nodes alone has the cores in equal parts, rounded up.
            int here = Math.min(missing, entry.getValue());
            if (here > 0) {
                where.add(entry.getKey(), here);
                missing -= here;
            }
        }
        return where.build();
    }
}
