package io.offcut.simulator.internal.functions;

import io.offcut.core.lease.LeaseTerms;
import io.offcut.simulator.FunctionConfig.Executors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Executors of one node that wait for a lease, as docs/decisions/0010 has them: some for anybody,
 * and one for each kind of lease that was given back lately. They hold no core, and stay only while
 * there is free memory for them. For one thread.
 */
final class ExecutorPool {
    private static final long NEVER = Long.MAX_VALUE;

    private record Kind(String user, String bundle, long memoryBytes) {
        static Kind of(LeaseTerms terms) {
            return new Kind(terms.user(), terms.bundle(), terms.memoryBytes());
        }
    }

    private final Executors executors;
    private final FunctionCounts counts;

    /** When each is ready; {@link #NEVER} without memory for it. */
    private final long[] prewarmedAtMillis;

    /** Until when each is kept, oldest first. */
    private final Map<Kind, Long> kept = new LinkedHashMap<>();

    ExecutorPool(Executors executors, FunctionCounts counts) {
        this.executors = executors;
        this.counts = counts;
        this.prewarmedAtMillis = new long[executors.prewarmed()];
        Arrays.fill(prewarmedAtMillis, NEVER);
    }

    /** So much memory is free: who finds no room ends, who does starts. */
    void room(long nowMillis, long freeBytes) {
        long fit = executors.overheadBytes() == 0 ? NEVER : freeBytes / executors.overheadBytes();
        for (int at = 0; at < prewarmedAtMillis.length; at++) {
            if (at >= fit) {
                prewarmedAtMillis[at] = NEVER;
            } else if (prewarmedAtMillis[at] == NEVER) {
                prewarmedAtMillis[at] = nowMillis + executors.coldMillis();
            }
        }
        var oldest = kept.keySet().iterator();
        for (long left = kept.size() - Math.max(0, fit - prewarmedAtMillis.length);
                left > 0;
                left--) {
            oldest.next();
            oldest.remove();
        }
    }

    /** Takes one for a lease; the time until it serves. */
    long startMillis(long nowMillis, LeaseTerms terms) {
        Long keptUntil = kept.remove(Kind.of(terms));
        if (keptUntil != null && keptUntil > nowMillis) {
            counts.keptStarts++;
            return executors.keptMillis();
        }
        for (int at = 0; at < prewarmedAtMillis.length; at++) {
            if (prewarmedAtMillis[at] <= nowMillis) {
                prewarmedAtMillis[at] = nowMillis + executors.coldMillis();
                counts.prewarmedStarts++;
                return executors.prewarmedMillis();
            }
        }
        counts.coldStarts++;
        return executors.coldMillis();
    }

    /** A lease was given back and its executor waits for the next of the kind. */
    void keep(long nowMillis, LeaseTerms terms) {
        if (executors.keepWarmMillis() > 0) {
            kept.remove(Kind.of(terms));
            kept.put(Kind.of(terms), nowMillis + executors.keepWarmMillis());
        }
    }
}
