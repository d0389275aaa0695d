package io.offcut.benchmarks.invoke;

/**
 * How much is measured.
 *
 * @param rounds of each case
 * @param share of the calls of a round: one in so many
 */
record Effort(int rounds, int share) {
    static Effort full(int rounds) {
        return new Effort(rounds, 1);
    }

    int calls(int ofRound) {
        return Math.max(1, ofRound / share);
    }
}
