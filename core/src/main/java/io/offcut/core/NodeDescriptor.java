package io.offcut.core;

import java.util.List;
import java.util.Map;

/**
 * What a node is, as its daemon tells the scheduler when it connects.
 *
 * @param name the cluster's name of the node
 * @param url where clients reach the node daemon, for example {@code http://10.0.0.7:7071}
 * @param hostId the same text for all daemons and clients that share one kernel and its /dev/shm
 * @param cpus logical CPUs the daemon may ever offer
 * @param memoryBytes memory of the node
 * @param transports what its executors can speak: {@code shm}, {@code tcp}, …
 * @param features what its sandbox can do, for example {@code cgroup-v1}, {@code sched-idle}
 * @param labels free text by the site, for example {@code partition=batch}
 */
public record NodeDescriptor(
        String name,
        String url,
        String hostId,
        CpuSet cpus,
        long memoryBytes,
        List<String> transports,
        List<String> features,
        Map<String, String> labels) {
    public NodeDescriptor {
        if (name.isBlank()) {
            throw new IllegalArgumentException("node without a name");
        }
        transports = List.copyOf(transports);
        features = List.copyOf(features);
        labels = Map.copyOf(labels);
    }
}
