package io.offcut.scheduler.brain;

import java.util.Random;

/**
 * How bad a history is. Shares are probabilities per message, rates are mean times between events.
 *
 * @param lost share of messages that vanish
 * @param late share of messages that take up to {@code lateMillis}, and so overtake others
 * @param duplicated share of messages that arrive twice
 * @param linkBreakMillis mean time between breaks of one node's link; 0 for never
 * @param nodeDeathMillis mean time between deaths of one node's daemon; 0 for never
 * @param offerChangeMillis mean time between changes of one node's offers
 * @param drainMillis mean time between drains of one node; 0 for never
 * @param planMillis mean time between changes of what is expected of one node; 0 for never
 * @param schedulerRestarts how often the scheduler starts anew
 * @param remembersEnded whether a new daemon knows the leases that its predecessor ended
 * @param keepsExecutors share of daemon deaths that executors survive
 * @param unansweredOpens share of grants that their client does not open
 * @param clockSkewMillis largest difference of a node's clock, either way
 * @param endingMillis longest time that a node needs to end a lease
 */
record Faults(
        double lost,
        double late,
        long lateMillis,
        double duplicated,
        long linkBreakMillis,
        long nodeDeathMillis,
        long offerChangeMillis,
        long drainMillis,
        long planMillis,
        int schedulerRestarts,
        boolean remembersEnded,
        double keepsExecutors,
        double unansweredOpens,
        int clockSkewMillis,
        int endingMillis) {
    static Faults random(Random random) {
        return new Faults(
                pick(random, 0, 0.02, 0.2),
                pick(random, 0, 0.05, 0.3),
                random.nextBoolean() ? 500 : 5_000,
                pick(random, 0, 0.05, 0.3),
                (long) pick(random, 0, 30_000, 6_000),
                (long) pick(random, 0, 40_000, 10_000),
                (long) pick(random, 60_000, 10_000, 2_000),
                (long) pick(random, 0, 0, 15_000),
                (long) pick(random, 0, 15_000, 3_000),
                random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0,
                random.nextInt(4) != 0,
                random.nextDouble(),
                pick(random, 0, 0.1, 0.4),
                random.nextInt(1_000),
                random.nextInt(3) == 0 ? 8_000 : 300);
    }

    private static double pick(Random random, double none, double some, double many) {
        return switch (random.nextInt(3)) {
            case 0 -> none;
            case 1 -> some;
            default -> many;
        };
    }
}
