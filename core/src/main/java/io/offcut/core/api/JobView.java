package io.offcut.core.api;

import java.util.List;

/**
 * A batch job and the workers that belong to it.
 *
 * @param nodes that said it runs there and have not said that it ended
 * @param requestIds what ends with it: the request placed at its start and those that its programs
 *     made, the newest of them
 */
public record JobView(String jobId, String user, List<String> nodes, List<String> requestIds) {
    public JobView {
        nodes = List.copyOf(nodes);
        requestIds = List.copyOf(requestIds);
    }
}
