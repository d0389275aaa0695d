package io.offcut.node.internal.sensing;

import io.offcut.core.CpuSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The cores on which functions stand still: those that any of several sides wants. Safe for use by
 * any thread; one word is passed on at a time, so that the last is the newest.
 */
final class StandStill {
    /** Who wants it. */
    enum Side {
        /** Jobs that come. */
        JOBS,
        /** The guard, for jobs that are slowed. */
        GUARD,
        /** The guard, for a moment, to see whether they are. */
        PROBE
    }

    private final Consumer<CpuSet> watcher;
    private final Map<Side, CpuSet> wanted = new EnumMap<>(Side.class);

    /**
     * @param watcher told of all cores, whenever a side has said something; returns when functions
     *     have been told
     */
    StandStill(Consumer<CpuSet> watcher) {
        this.watcher = watcher;
    }

    /** This side wants exactly these from now on. */
    synchronized void want(Side side, CpuSet cores) {
        wanted.put(side, cores);
        CpuSet all = CpuSet.empty();
        for (CpuSet each : wanted.values()) {
            all = all.plus(each);
        }
        watcher.accept(all);
    }

    /** What this side wants. */
    synchronized CpuSet of(Side side) {
        return wanted.getOrDefault(side, CpuSet.empty());
    }
}
