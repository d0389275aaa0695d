package io.offcut.traces.analysis;

import java.util.List;

/**
 * For how long what idles stays idle: maximal intervals without a job inside the window, those that
 * the window cuts among them.
 *
 * @param of {@code nodes} where the log tells where jobs ran: a node none of whose cores a job
 *     holds; else {@code cores}, of which a job is taken to get those that were freed last
 * @param count how many intervals
 * @param hours their sum, in hours of a node or a core
 * @param quantileSeconds lengths that 10, 25, 50, 75 and 90 % of the intervals do not exceed; none
 *     where there is no interval
 * @param pieces how the intervals and their time are spread over lengths
 */
public record IdleLengths(
        String of, long count, double hours, List<Long> quantileSeconds, List<Piece> pieces) {
    public IdleLengths {
        quantileSeconds = List.copyOf(quantileSeconds);
        pieces = List.copyOf(pieces);
    }

    /**
     * Intervals of {@code fromSeconds} or longer, but shorter than {@code toSeconds}.
     *
     * @param toSeconds −1 for no bound
     * @param shareOfCount of all intervals
     * @param shareOfTime of the time of all intervals
     */
    public record Piece(
            long fromSeconds, long toSeconds, double shareOfCount, double shareOfTime) {}
}
