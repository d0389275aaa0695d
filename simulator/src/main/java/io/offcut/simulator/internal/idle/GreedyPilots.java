package io.offcut.simulator.internal.idle;

import io.offcut.simulator.IdlePolicy;
import io.offcut.simulator.IdleResult.Use;
import io.offcut.traces.idle.IdleInterval;
import io.offcut.traces.idle.IdleRecord;
import java.util.Arrays;

/**
 * Pilots of given lengths in idle intervals of which the end is known: from the left the longest
 * that fits, again until none does.
 */
public final class GreedyPilots {
    private final int[] lengths;
    private final int warmUpSamples;

    /** What each sample has more ready nodes than the one before; one more for the end. */
    private final int[] changes;

    private final long idle;
    private long ready;
    private long warmUp;
    private long pilots;

    private GreedyPilots(IdleRecord record, IdlePolicy.GreedyPilot policy) {
        this.lengths = policy.lengthSamples().stream().mapToInt(Integer::intValue).toArray();
        this.warmUpSamples = policy.warmUpSamples();
        this.changes = new int[record.samples() + 1];
        this.idle = record.idleSamples();
    }

    /** Places all pilots that fit. */
    public static GreedyPilots place(IdleRecord record, IdlePolicy.GreedyPilot policy) {
        GreedyPilots placed = new GreedyPilots(record, policy);
        for (IdleInterval interval : record.intervals()) {
            placed.fill(interval);
        }
        return placed;
    }

    private void fill(IdleInterval interval) {
        int from = interval.fromSample();
        for (int at = lengths.length - 1; at >= 0; ) {
            int length = lengths[at];
            if (length > interval.toSample() - from) {
                at--;
            } else {
                add(from, length);
                from += length;
            }
        }
    }

    private void add(int from, int length) {
        int warm = Math.min(length, warmUpSamples);
        pilots++;
        warmUp += warm;
        ready += length - warm;
        changes[from + warm]++;
        changes[from + length]--;
    }

    /** In samples of nodes. */
    public Use use() {
        return new Use(idle, ready, warmUp);
    }

    public long pilots() {
        return pilots;
    }

    /** Nodes with a pilot that is ready, at each sample. */
    public int[] readyNodes() {
        int[] readyNodes = Arrays.copyOf(changes, changes.length - 1);
        Arrays.parallelPrefix(readyNodes, Integer::sum);
        return readyNodes;
    }
}
