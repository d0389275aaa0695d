package io.offcut.client;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.LeaseView;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One lease as this client uses it. Guarded by its {@link LeaseBook}.
 *
 * <pre>
 *   OPENING ──channels──▶ OPEN ──all channels ended, lease still alive──▶ OPENING
 *      └─────────────────────┴──revoked, expired, released──▶ OVER
 * </pre>
 */
final class LeaseSession {
    enum State {
        OPENING,
        OPEN,
        OVER
    }

    final String leaseId;
    LeaseView view;
    State state = State.OPENING;

    /** Loops that run, by the number of their worker on the node. */
    final Map<Integer, WorkerLoop> loops = new HashMap<>();

    /** How to reach the workers, as the scheduler has said; used once. */
    List<ChannelDescriptor> offered = List.of();

    /** Openings in a row that gave no channel that lived. */
    int failures;

    /** Transports that were given and could not be used; the others come first then. */
    final Set<String> failedTransports = new HashSet<>();

    LeaseSession(LeaseView view) {
        this.leaseId = view.leaseId();
        this.view = view;
    }
}
