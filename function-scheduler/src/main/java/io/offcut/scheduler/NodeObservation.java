package io.offcut.scheduler;

import io.offcut.core.IdleEnd;
import java.util.List;

/**
 * What the cluster's own scheduler says of one node.
 *
 * @param partitions it belongs to: nodes of one partition are idle for about as long
 * @param cores of the node
 * @param takenCores those of them that jobs hold
 * @param inService whether jobs may go there
 * @param ends when it is to be used again, as far as that is planned
 */
public record NodeObservation(
        String node,
        List<String> partitions,
        int cores,
        int takenCores,
        boolean inService,
        List<IdleEnd> ends) {
    public NodeObservation {
        partitions = List.copyOf(partitions);
        ends = List.copyOf(ends);
    }
}
