package io.offcut.slurm;

import io.offcut.core.IdleEnd;
import java.util.List;
import java.util.Map;

/**
 * One reading of the whole cluster.
 *
 * @param nodes in Slurm's order
 * @param ends by node, when Slurm expects to use it again: at most the earliest planned start of a
 *     job and the earliest reservation; nodes without either are missing
 */
public record ClusterView(List<SlurmNode> nodes, Map<String, List<IdleEnd>> ends) {
    public ClusterView {
        nodes = List.copyOf(nodes);
        ends = Map.copyOf(ends);
    }
}
