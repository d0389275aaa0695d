package io.offcut.traces;

/**
 * How many jobs arrive at what time of day. The rate follows a gamma density over the half hours
 * from 05:30 of one day to 05:30 of the next, after Lublin and Feitelson (2003), with its peak in
 * the early afternoon. Immutable.
 */
final class DailyCycle {
    private static final int SLOTS = 48;
    private static final int SLOT_SECONDS = 1800;
    private static final int FIRST_SLOT = 11;

    /** Share of a day's arrivals before each half hour; [0] is 0, [48] is 1. */
    private final double[] cumulated = new double[SLOTS + 1];

    DailyCycle(double shape, double scale) {
        double[] weight = new double[SLOTS];
        double sum = 0;
        for (int slot = FIRST_SLOT; slot < FIRST_SLOT + SLOTS; slot++) {
            double middle = slot + 0.5;
            double density = StrictMath.exp((shape - 1) * StrictMath.log(middle) - middle / scale);
            weight[slot % SLOTS] = density;
            sum += density;
        }
        for (int slot = 0; slot < SLOTS; slot++) {
            cumulated[slot + 1] = cumulated[slot] + weight[slot] / sum;
        }
        cumulated[SLOTS] = 1;
    }

    /**
     * When this share of arrivals has come.
     *
     * @param days arrivals in units of one day's arrivals
     * @return seconds since midnight of the first day
     */
    double secondsAfter(double days) {
        double whole = StrictMath.floor(days);
        double part = days - whole;
        int slot = 0;
        while (cumulated[slot + 1] <= part) {
            slot++;
        }
        double inSlot = (part - cumulated[slot]) / (cumulated[slot + 1] - cumulated[slot]);
        return (whole * SLOTS + slot + inSlot) * SLOT_SECONDS;
    }
}
