package io.offcut.traces;

/**
 * A distribution of positive numbers given by some of its quantiles, joined by lines in the
 * logarithm. Immutable.
 */
public final class QuantileCurve {
    private final double[] shares;
    private final double[] logs;

    private QuantileCurve(double[] shares, double[] logs) {
        this.shares = shares;
        this.logs = logs;
    }

    /**
     * Takes pairs of a share and the value below which it lies; both grow, the shares from 0 to 1.
     */
    public static QuantileCurve of(double... pairs) {
        double[] shares = new double[pairs.length / 2];
        double[] logs = new double[shares.length];
        for (int point = 0; point < shares.length; point++) {
            shares[point] = pairs[2 * point];
            logs[point] = StrictMath.log(pairs[2 * point + 1]);
            if (point > 0
                    && !(shares[point] > shares[point - 1] && logs[point] >= logs[point - 1])) {
                throw new IllegalArgumentException(
                        "quantiles must grow, at share " + shares[point]);
            }
        }
        if (shares.length < 2 || shares[0] != 0 || shares[shares.length - 1] != 1) {
            throw new IllegalArgumentException("quantiles must go from share 0 to 1");
        }
        return new QuantileCurve(shares, logs);
    }

    /** The value below which this share, from 0 to 1, lies. */
    public double at(double share) {
        int above = 1;
        while (above < shares.length - 1 && share > shares[above]) {
            above++;
        }
        double along = (share - shares[above - 1]) / (shares[above] - shares[above - 1]);
        return StrictMath.exp(logs[above - 1] + along * (logs[above] - logs[above - 1]));
    }

    /** The mean of the whole. */
    public double mean() {
        double sum = 0;
        for (int above = 1; above < shares.length; above++) {
            double rise = logs[above] - logs[above - 1];
            double low = StrictMath.exp(logs[above - 1]);
            double width = shares[above] - shares[above - 1];
            sum += width * (rise == 0 ? low : (StrictMath.exp(logs[above]) - low) / rise);
        }
        return sum;
    }
}
