package io.offcut.node.internal.lease;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Leases that are over, remembered until no token of theirs can be valid, so that none is opened
 * again. Bounded. For one thread.
 */
final class EndedLeases {
    private static final int MAX_ENTRIES = 50_000;

    private final Map<String, EndedLease> entries = new LinkedHashMap<>();

    void add(EndedLease entry) {
        entries.put(entry.leaseId(), entry);
        if (entries.size() > MAX_ENTRIES) {
            entries.values().stream()
                    .min(Comparator.comparingLong(EndedLease::forgetAtMillis))
                    .ifPresent(first -> entries.remove(first.leaseId()));
        }
    }

    @Nullable EndedLease get(String leaseId) {
        return entries.get(leaseId);
    }

    void forgetOld(long nowMillis) {
        entries.values().removeIf(entry -> entry.forgetAtMillis() <= nowMillis);
    }

    List<EndedLease> all() {
        return List.copyOf(entries.values());
    }
}
