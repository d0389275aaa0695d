package io.offcut.scheduler.brain;

import io.offcut.core.CpuSet;
import io.offcut.core.NodeDescriptor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A node as it was last heard of. It wakes when it has been silent too long. */
final class Node extends Timed {
    final String name;

    /** Null until its first snapshot. */
    @Nullable NodeDescriptor descriptor;

    long incarnation = Long.MIN_VALUE;
    long lastSequence;

    /** Nothing is missing since a snapshot. What is not in sync gets no new leases. */
    boolean synced;

    boolean lost;
    boolean drained;
    long heardAtMillis;

    /** When a snapshot was asked for; far in the past when none is awaited. */
    long askedAtMillis = Long.MIN_VALUE / 2;

    /** By offer id. */
    final TreeMap<String, OfferSlot> offers = new TreeMap<>();

    /** Every lease whose cores are not known to be free, by id, in the order they came. */
    final LinkedHashMap<String, Lease> leases = new LinkedHashMap<>();

    final Map<String, Integer> workersByUser = new HashMap<>();

    /** The cores of all {@link #leases}. */
    CpuSet taken = CpuSet.empty();

    Node(String name) {
        this.name = name;
    }

    boolean placeable() {
        return synced && !lost && !drained;
    }

    String hostId() {
        return descriptor == null ? "" : descriptor.hostId();
    }

    String url() {
        return descriptor == null ? "" : descriptor.url();
    }

    int workersOf(String user) {
        return workersByUser.getOrDefault(user, 0);
    }

    void attach(Lease lease) {
        leases.put(lease.terms.leaseId(), lease);
        workersByUser.merge(lease.terms.user(), lease.workers, Integer::sum);
    }

    void detach(Lease lease) {
        if (leases.remove(lease.terms.leaseId(), lease)) {
            int left = workersOf(lease.terms.user()) - lease.workers;
            if (left == 0) {
                workersByUser.remove(lease.terms.user());
            } else {
                workersByUser.put(lease.terms.user(), left);
            }
        }
    }
}
