package io.offcut.simulator.internal.engine;

import io.offcut.simulator.Outage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Beginnings and ends of outages in the order of time; at one time the ends first, else as they
 * were given. For one thread.
 */
final class OutageQueue {
    /** One of the two ends of an outage. */
    record Change(long timeMillis, boolean down, Outage outage) {}

    private final List<Change> changes = new ArrayList<>();
    private int next;

    /** Those that end after the beginning; what began before begins then. */
    OutageQueue(List<Outage> outages, long startMillis) {
        for (Outage outage : outages) {
            if (outage.toSeconds() * 1000 > startMillis) {
                long from = Math.max(startMillis, outage.fromSeconds() * 1000);
                changes.add(new Change(from, true, outage));
                changes.add(new Change(outage.toSeconds() * 1000, false, outage));
            }
        }
        changes.sort(Comparator.comparingLong(Change::timeMillis).thenComparing(Change::down));
    }

    /** When the next change is; {@code Long.MAX_VALUE} for never. */
    long nextMillis() {
        return next < changes.size() ? changes.get(next).timeMillis() : Long.MAX_VALUE;
    }

    Change take() {
        return changes.get(next++);
    }
}
