package io.offcut.traces.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A distribution of lengths of time, each with how often it was seen. For one thread. */
final class Intervals {
    /** Upper bounds of the pieces the distribution is printed in, in seconds. */
    private static final long[] BOUNDS = {
        10, 30, 60, 300, 600, 1800, 3600, 10_800, 43_200, 86_400, Long.MAX_VALUE
    };

    private static final double[] QUANTILES = {.1, .25, .5, .75, .9};

    private final TreeMap<Long, Long> counts = new TreeMap<>();

    void add(long seconds, long times) {
        if (seconds > 0 && times > 0) {
            counts.merge(seconds, times, Long::sum);
        }
    }

    IdleLengths of(String what) {
        long count = 0;
        double time = 0;
        for (Map.Entry<Long, Long> entry : counts.entrySet()) {
            count += entry.getValue();
            time += (double) entry.getKey() * entry.getValue();
        }
        return new IdleLengths(what, count, time / 3600, quantiles(count), pieces(count, time));
    }

    private List<Long> quantiles(long count) {
        List<Long> quantiles = new ArrayList<>();
        for (double quantile : QUANTILES) {
            // The smallest length that so many are not longer than.
            long rank = Math.max(1, (long) Math.ceil(quantile * count));
            long passed = 0;
            for (Map.Entry<Long, Long> entry : counts.entrySet()) {
                passed += entry.getValue();
                if (passed >= rank) {
                    quantiles.add(entry.getKey());
                    break;
                }
            }
        }
        return quantiles;
    }

    private List<IdleLengths.Piece> pieces(long count, double time) {
        List<IdleLengths.Piece> pieces = new ArrayList<>();
        long from = 0;
        for (long bound : BOUNDS) {
            long within = 0;
            double seconds = 0;
            for (Map.Entry<Long, Long> entry : counts.subMap(from, bound).entrySet()) {
                within += entry.getValue();
                seconds += (double) entry.getKey() * entry.getValue();
            }
            pieces.add(
                    new IdleLengths.Piece(
                            from,
                            bound == Long.MAX_VALUE ? -1 : bound,
                            count == 0 ? 0 : (double) within / count,
                            time == 0 ? 0 : seconds / time));
            from = bound;
        }
        return pieces;
    }
}
