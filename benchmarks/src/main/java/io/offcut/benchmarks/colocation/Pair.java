package io.offcut.benchmarks.colocation;

import java.util.List;

/**
 * The job with functions beside it and without, right before or after.
 *
 * @param alone how fast it was while they stood still
 * @param beside how fast while they ran
 * @param functions share of a CPU that they used then
 * @param foreign share of the machine that others used meanwhile, or a hypervisor took
 */
record Pair(
        Condition condition,
        Kernel kernel,
        Pace alone,
        Pace beside,
        double functions,
        double foreign) {
    static Pair parse(String line) {
        String[] cells = line.split(",", -1);
        double[] numbers = new double[cells.length];
        for (int i = 2; i < cells.length; i++) {
            numbers[i] = Double.parseDouble(cells[i]);
        }
        return new Pair(
                Condition.valueOf(cells[0]),
                Kernel.valueOf(cells[1]),
                new Pace(numbers[2], numbers[3]),
                new Pace(numbers[4], numbers[5]),
                numbers[6],
                numbers[7]);
    }

    String line() {
        return String.join(
                ",",
                condition.name(),
                kernel.name(),
                Double.toString(alone.perSecond()),
                Double.toString(alone.perCpuSecond()),
                Double.toString(beside.perSecond()),
                Double.toString(beside.perCpuSecond()),
                Double.toString(functions),
                Double.toString(foreign));
    }

    /** What the job lost in each. */
    static double[] losses(List<Pair> pairs) {
        return pairs.stream()
                .mapToDouble(pair -> 1 - pair.beside.perSecond() / pair.alone.perSecond())
                .toArray();
    }

    /** What it lost in each while it had a CPU. */
    static double[] lossesOnCpu(List<Pair> pairs) {
        return pairs.stream()
                .mapToDouble(pair -> 1 - pair.beside.perCpuSecond() / pair.alone.perCpuSecond())
                .toArray();
    }
}
