package io.offcut.testing;

/** Where a random test has its seed from. */
public final class Seeds {
    private Seeds() {}

    /**
     * A new seed, or the one given with {@code -Doffcut.seed=N}; printed, so that a failed run can
     * be replayed.
     */
    public static long next() {
        long seed = Long.getLong("offcut.seed", System.nanoTime());
        System.out.println("seed: replay with -Doffcut.seed=" + seed);
        return seed;
    }
}
