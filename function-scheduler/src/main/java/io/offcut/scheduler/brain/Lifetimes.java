package io.offcut.scheduler.brain;

import io.offcut.core.IdleEnd;
import io.offcut.core.Offer;

/**
 * Expected lifetimes, put into coarse classes: within one class other things matter more than a few
 * minutes.
 */
final class Lifetimes {
    /** An offer that ends sooner than this is not worth a lease. */
    static final long SHORTEST_MILLIS = 1_000;

    /** Not placeable: about to end, or past its end. */
    static final int OVER = -1;

    private static final long[] LOWER_BOUNDS_MILLIS = {
        SHORTEST_MILLIS, 10_000, 60_000, 300_000, 1_800_000, 7_200_000, 28_800_000
    };

    /** How many classes there are; the highest is the longest. */
    static final int CLASSES = LOWER_BOUNDS_MILLIS.length;

    /**
     * A job that was to start so long ago does not, or nobody has told us that the plan has
     * changed. Slurm's own scheduler looks at its queue every 30 to 60 s unless told otherwise.
     */
    private static final long LATE_MILLIS = 120_000;

    private Lifetimes() {}

    /** Until when an expected end counts although nothing has come to pass. */
    static long believedUntilMillis(IdleEnd end) {
        return switch (end.why()) {
            case PLAN, RESERVATION -> Timed.later(end.atEpochMillis(), LATE_MILLIS);
            case HISTORY -> end.atEpochMillis();
            case NODE -> Timed.NEVER;
        };
    }

    /** The class of an offer that ends then; {@link #OVER} below all of them. */
    static int classOf(long untilMillis, long nowMillis) {
        if (untilMillis == Offer.UNKNOWN_UNTIL) {
            return CLASSES - 1;
        }
        int lifetimeClass = OVER;
        for (long bound : LOWER_BOUNDS_MILLIS) {
            if (untilMillis - bound < nowMillis) {
                break;
            }
            lifetimeClass++;
        }
        return lifetimeClass;
    }

    /** When an offer that is in this class now falls into the next lower one. */
    static long fallsAtMillis(long untilMillis, int lifetimeClass) {
        return untilMillis == Offer.UNKNOWN_UNTIL || lifetimeClass == OVER
                ? Timed.NEVER
                : untilMillis - LOWER_BOUNDS_MILLIS[lifetimeClass] + 1;
    }
}
