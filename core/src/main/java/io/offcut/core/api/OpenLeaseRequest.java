package io.offcut.core.api;

import java.util.List;

/**
 * What a client sends to a node daemon to use its lease. Sending it again is allowed: it answers
 * with the same channels, or with new ones when the executor had died.
 *
 * @param token the signed lease
 * @param hostId the client's own host, to decide whether shared memory is possible
 * @param transports what the client can speak, the best first
 */
public record OpenLeaseRequest(String token, String hostId, List<String> transports) {
    public OpenLeaseRequest {
        transports = List.copyOf(transports);
    }
}
