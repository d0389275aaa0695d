package io.offcut.benchmarks;

/**
 * What to measure.
 *
 * @param nodes simulated nodes
 * @param seconds of each phase: virtual ones of the core alone, real ones with links
 * @param seed of all random choices
 * @param core whether to measure the core alone
 * @param links whether to measure a real scheduler with real links
 * @param json whether to print JSON instead of a table
 */
record GrantOptions(int nodes, int seconds, long seed, boolean core, boolean links, boolean json) {
    static final String USAGE =
            "usage: GrantBenchmark [--nodes N] [--seconds N] [--seed N] [--only core|links]"
                    + " [--format table|json]";

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException if it is not one
     */
    static GrantOptions parse(String... args) {
        int nodes = 10_000;
        int seconds = 30;
        long seed = 1;
        boolean core = true;
        boolean links = true;
        boolean json = false;
        if (args.length % 2 != 0) {
            throw new IllegalArgumentException(USAGE);
        }
        for (int i = 0; i < args.length; i += 2) {
            String value = args[i + 1];
            switch (args[i]) {
                case "--nodes" -> nodes = Integer.parseInt(value);
                case "--seconds" -> seconds = Integer.parseInt(value);
                case "--seed" -> seed = Long.parseLong(value);
                case "--only" -> {
                    core = isFirst(value, "core", "links");
                    links = !core;
                }
                case "--format" -> json = isFirst(value, "json", "table");
                default -> throw new IllegalArgumentException(USAGE);
            }
        }
        if (nodes < 1 || seconds < 1) {
            throw new IllegalArgumentException(USAGE);
        }
        return new GrantOptions(nodes, seconds, seed, core, links, json);
    }

    private static boolean isFirst(String value, String first, String second) {
        if (!value.equals(first) && !value.equals(second)) {
            throw new IllegalArgumentException(USAGE);
        }
        return value.equals(first);
    }
}
