package io.offcut.simulator.internal.functions;

import io.offcut.core.lease.EndReason;
import java.util.EnumMap;
import java.util.Map;

/** What happened to requests and leases. For one thread. */
public final class FunctionCounts {
    public long requests;
    public long leases;
    public long leaseMillis;
    private final Map<EndReason, Long> leaseEnds = new EnumMap<>(EndReason.class);
    private final Map<EndReason, Long> requestEnds = new EnumMap<>(EndReason.class);

    void leaseEnded(EndReason reason) {
        leaseEnds.merge(reason, 1L, Long::sum);
    }

    void requestEnded(EndReason reason) {
        requestEnds.merge(reason, 1L, Long::sum);
    }

    /** Leases that ended so; those open at the end of the simulation are in none. */
    public long leasesEnded(EndReason reason) {
        return leaseEnds.getOrDefault(reason, 0L);
    }

    public long requestsEnded(EndReason reason) {
        return requestEnds.getOrDefault(reason, 0L);
    }
}
