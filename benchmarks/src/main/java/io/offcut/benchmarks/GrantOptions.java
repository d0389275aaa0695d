package io.offcut.benchmarks;

/**
 * What to measure.
 *
 * @param nodes simulated nodes
 * @param seconds virtual seconds of each phase
 * @param seed of all random choices
 * @param json whether to print JSON instead of a table
 */
record GrantOptions(int nodes, int seconds, long seed, boolean json) {
    static final String USAGE =
            "usage: GrantBenchmark [--nodes N] [--seconds N] [--seed N] [--format table|json]";

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException if it is not one
     */
    static GrantOptions parse(String... args) {
        int nodes = 10_000;
        int seconds = 30;
        long seed = 1;
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
                case "--format" -> json = isJson(value);
                default -> throw new IllegalArgumentException(USAGE);
            }
        }
        if (nodes < 1 || seconds < 1) {
            throw new IllegalArgumentException(USAGE);
        }
        return new GrantOptions(nodes, seconds, seed, json);
    }

    private static boolean isJson(String format) {
        return switch (format) {
            case "json" -> true;
            case "table" -> false;
            default -> throw new IllegalArgumentException(USAGE);
        };
    }
}
