package io.offcut.scheduler.idle;

import io.offcut.core.IdleEnd;
import io.offcut.core.OffcutException;
import io.offcut.scheduler.NodeObservation;
import io.offcut.scheduler.brain.BrainEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the core when nodes are expected to be used again: what is planned, and a guess from
 * history. The core hears only of what changes. Safe for any thread; blocks on the disk.
 */
public final class IdleDesk implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(IdleDesk.class);
    private static final long SAVE_MILLIS = 60_000;

    /** A guess reaches so far at least: a lease is not worth less, and it is guessed again. */
    private static final long SHORTEST_GUESS_MILLIS = 30_000;

    /** So many observations must come before a guess runs out. */
    private static final int OBSERVATIONS_PER_GUESS = 3;

    private final Consumer<BrainEvent> core;
    private final Consumer<Map<String, IdleTimes>> disk;
    private final @Nullable IdleHistory history;

    /** What the core knows. */
    private final Map<String, List<IdleEnd>> told = new HashMap<>();

    private final Map<String, Guess> guesses = new HashMap<>();
    private long observedAtMillis = Long.MAX_VALUE;
    private long saveAtMillis = Long.MIN_VALUE;

    /**
     * The end of one interval.
     *
     * @param sinceMillis when the interval began
     */
    private record Guess(long sinceMillis, IdleEnd end) {}

    /**
     * @param quantile of {@link IdleHistory}; 0: nothing is guessed or learnt
     * @param known what was learnt before
     * @param disk keeps what was learnt
     */
    public IdleDesk(
            Consumer<BrainEvent> core,
            double quantile,
            Map<String, IdleTimes> known,
            Consumer<Map<String, IdleTimes>> disk) {
        this.core = core;
        this.disk = disk;
        this.history = quantile == 0 ? null : new IdleHistory(quantile, known);
    }

    /** Takes in what is known now of all nodes. */
    public synchronized void observed(List<NodeObservation> nodes, long nowMillis) {
        long pauseMillis = Math.max(0, nowMillis - observedAtMillis);
        observedAtMillis = nowMillis;
        long shortestMillis = Math.max(SHORTEST_GUESS_MILLIS, OBSERVATIONS_PER_GUESS * pauseMillis);
        Set<String> names = new HashSet<>();
        for (NodeObservation node : nodes) {
            names.add(node.node());
            List<IdleEnd> ends = new ArrayList<>(node.ends());
            if (history != null) {
                history.observe(node, nowMillis);
                IdleEnd guess = guess(history, node, nowMillis, shortestMillis);
                if (guess != null) {
                    ends.add(guess);
                }
            }
            tell(node.node(), ends);
        }
        for (String gone : List.copyOf(told.keySet())) {
            if (!names.contains(gone)) {
                tell(gone, List.of());
            }
        }
        guesses.keySet().retainAll(names);
        if (history != null) {
            history.keepOnly(names);
            saveIfDue(nowMillis);
        }
    }

    /**
     * Nobody knows at present whether nodes are idle: guesses are withdrawn, plans stay until their
     * times have passed.
     */
    public synchronized void unobserved() {
        guesses.clear();
        observedAtMillis = Long.MAX_VALUE;
        if (history != null) {
            // Jobs may come and go meanwhile: what looks like one interval then may be two.
            history.keepOnly(Set.of());
        }
        for (var entry : Map.copyOf(told).entrySet()) {
            tell(
                    entry.getKey(),
                    entry.getValue().stream()
                            .filter(end -> end.why() != IdleEnd.Why.HISTORY)
                            .toList());
        }
    }

    private void tell(String node, List<IdleEnd> ends) {
        if (!ends.equals(told.getOrDefault(node, List.of()))) {
            core.accept(new BrainEvent.IdleEndsExpected(node, ends));
            if (ends.isEmpty()) {
                told.remove(node);
            } else {
                told.put(node, List.copyOf(ends));
            }
        }
    }

    /**
     * The longer an interval lasts the later its end is expected. The core hears of it when the
     * time left has grown by a quarter, which it does before the last guess runs out.
     */
    private @Nullable IdleEnd guess(
            IdleHistory from, NodeObservation node, long nowMillis, long shortestMillis) {
        Long since = from.idleSinceMillis(node.node());
        long remaining = from.remainingMillis(node, nowMillis);
        if (since == null || remaining < 0) {
            guesses.remove(node.node());
            return null;
        }
        Guess before = guesses.get(node.node());
        long at = nowMillis + Math.max(shortestMillis, remaining);
        if (before != null && before.sinceMillis == since) {
            long left = before.end.atEpochMillis() - nowMillis;
            if (at < before.end.atEpochMillis() + left / 4) {
                return before.end;
            }
        }
        IdleEnd end = new IdleEnd(at, IdleEnd.Why.HISTORY, "");
        guesses.put(node.node(), new Guess(since, end));
        return end;
    }

    private void saveIfDue(long nowMillis) {
        if (nowMillis >= saveAtMillis) {
            save();
            saveAtMillis = nowMillis + SAVE_MILLIS;
        }
    }

    private void save() {
        if (history != null && history.takeLearnt()) {
            try {
                disk.accept(history.partitions());
            } catch (OffcutException e) {
                LOG.warn("how long nodes were idle is not kept: {}", e.getMessage());
            }
        }
    }

    /** Keeps what was learnt since. */
    @Override
    public synchronized void close() {
        save();
    }
}
