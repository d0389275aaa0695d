package io.offcut.scheduler.idle;

import io.offcut.scheduler.NodeObservation;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Learns from what is seen of nodes how long they stay idle, by partition, and guesses how much
 * longer an idle one will.
 *
 * <p>An interval is the time in which a node had free cores and no job took any: it begins when
 * cores of a fully taken node become free, or when a job took some and left others, and ends when a
 * job takes some. Of a node that was idle when it was first seen, or has just come into service,
 * nobody knows since when: its interval counts from then for a guess and not at all for what is
 * learnt. What begins and ends between two observations is not seen. Pure; for one thread.
 */
public final class IdleHistory {
    /** Partitions told apart; nodes of others are not learnt from. */
    private static final int MAX_PARTITIONS = 1_000;

    private final double quantile;
    private final Map<String, IdleTimes> partitions;
    private final Map<String, Track> tracks = new HashMap<>();
    private boolean learnt;

    /**
     * A node in service.
     *
     * @param idleSinceMillis when its interval began; {@link #NOT_IDLE} when all cores are taken
     * @param begun whether the beginning was seen
     */
    private record Track(int takenCores, long idleSinceMillis, boolean begun) {
        static final long NOT_IDLE = Long.MIN_VALUE;
    }

    /**
     * @param quantile share of the intervals that may end earlier than guessed
     * @param partitions what was learnt before
     */
    public IdleHistory(double quantile, Map<String, IdleTimes> partitions) {
        this.quantile = quantile;
        this.partitions = new TreeMap<>(partitions);
    }

    /** Learns from an observation; those of one node come in the order of time. */
    public void observe(NodeObservation seen, long nowMillis) {
        if (!seen.inService()) {
            tracks.remove(seen.node());
            return;
        }
        Track before = tracks.get(seen.node());
        boolean idle = seen.takenCores() < seen.cores();
        long since = Track.NOT_IDLE;
        boolean begun = before != null;
        if (before != null && seen.takenCores() > before.takenCores) {
            ended(seen, before, nowMillis);
        } else if (before != null && idle && before.idleSinceMillis != Track.NOT_IDLE) {
            since = before.idleSinceMillis;
            begun = before.begun;
        }
        if (idle && since == Track.NOT_IDLE) {
            since = nowMillis;
        }
        tracks.put(seen.node(), new Track(seen.takenCores(), since, begun));
    }

    private void ended(NodeObservation seen, Track interval, long nowMillis) {
        if (interval.idleSinceMillis == Track.NOT_IDLE
                || !interval.begun
                || nowMillis <= interval.idleSinceMillis) {
            return;
        }
        for (String partition : seen.partitions()) {
            IdleTimes times = partitions.get(partition);
            if (times == null && partitions.size() < MAX_PARTITIONS) {
                times = new IdleTimes();
                partitions.put(partition, times);
            }
            if (times != null) {
                times.add(nowMillis - interval.idleSinceMillis);
                learnt = true;
            }
        }
    }

    /** What is no longer seen at all is forgotten. */
    public void keepOnly(Set<String> nodes) {
        tracks.keySet().retainAll(nodes);
    }

    /** Since when the node has been idle; null when it is not, or out of service. */
    public @Nullable Long idleSinceMillis(String node) {
        Track track = tracks.get(node);
        return track == null || track.idleSinceMillis == Track.NOT_IDLE
                ? null
                : track.idleSinceMillis;
    }

    /**
     * How much longer the node stays idle, cautiously: the shortest guess by any of its partitions.
     * -1 when it is not idle or too little is known.
     */
    public long remainingMillis(NodeObservation seen, long nowMillis) {
        Long since = idleSinceMillis(seen.node());
        long shortest = -1;
        if (since == null) {
            return shortest;
        }
        for (String partition : new HashSet<>(seen.partitions())) {
            IdleTimes times = partitions.get(partition);
            long remaining =
                    times == null ? -1 : times.remainingMillis(nowMillis - since, quantile);
            if (remaining >= 0 && (shortest < 0 || remaining < shortest)) {
                shortest = remaining;
            }
        }
        return shortest;
    }

    /** What it has learnt, by partition. */
    public Map<String, IdleTimes> partitions() {
        return partitions;
    }

    /** Whether it has learnt anything since it was asked last. */
    public boolean takeLearnt() {
        boolean was = learnt;
        learnt = false;
        return was;
    }
}
