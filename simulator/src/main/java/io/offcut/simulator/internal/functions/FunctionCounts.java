package io.offcut.simulator.internal.functions;

import io.offcut.core.lease.EndReason;
import io.offcut.simulator.internal.measure.MemoryTime;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** What happened to requests, leases, invocations and offloading jobs. For one thread. */
public final class FunctionCounts {
    /** Latencies are told apart to a hundredth. */
    private static final int DIGITS = 2;

    public long requests;
    public long leases;
    public long leaseMillis;
    public long coldStarts;
    public long prewarmedStarts;
    public long keptStarts;
    public final MemoryTime leaseMemory = new MemoryTime();

    public long memoryLeases;
    public long memoryReclaims;
    public final MemoryTime memoryOnly = new MemoryTime();

    public long invocations;
    public long done;
    public long dropped;
    public long failed;
    public long waiting;
    public long evictions;
    public long retries;
    public long lostMillis;

    /** Of what was harvested, what functions would not have needed alone on their nodes. */
    public long slowedCoreMillis;

    private long slowedCoreMicros;

    /** Arrival to result of every invocation that is done, in microseconds. */
    public final Histogram latencyMicros = new Histogram(DIGITS);

    /** Jobs that began later than they started, because leases had to leave their cores. */
    public long delayedJobs;

    public long delayMillis;

    public long offloadingJobs;
    public long offloadingRunMillis;
    public long offloadingTookMillis;

    /** How often a node offered other cores or memory than before. */
    public long offerChanges;

    private final Map<EndReason, Long> leaseEnds = new EnumMap<>(EndReason.class);
    private final Map<EndReason, Long> requestEnds = new EnumMap<>(EndReason.class);

    void slowed(long coreMicros) {
        slowedCoreMicros += coreMicros;
        slowedCoreMillis += slowedCoreMicros / 1000;
        slowedCoreMicros %= 1000;
    }

    void jobDelayed(long millis) {
        delayedJobs++;
        delayMillis += millis;
    }

    /** As {@link io.offcut.simulator.SimulationResult#events} has them. */
    public long events() {
        return offerChanges
                + requests
                + sum(requestEnds)
                + leases
                + sum(leaseEnds)
                + memoryLeases
                + memoryReclaims
                + invocations
                + done
                + dropped
                + failed
                + evictions;
    }

    private static long sum(Map<EndReason, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

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

    static String name(EndReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }
}
