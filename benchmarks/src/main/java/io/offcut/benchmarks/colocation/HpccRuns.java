package io.offcut.benchmarks.colocation;

import io.offcut.benchmarks.colocation.FunctionSite.Busy;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Whole runs of HPCC, one alone and one beside functions, in either order. */
final class HpccRuns implements PairSource {
    private final Hpcc hpcc;
    private final SplittableRandom random;

    private record Beside(Hpcc.Run run, double functions) {}

    HpccRuns(Hpcc hpcc, SplittableRandom random) {
        this.hpcc = hpcc;
        this.random = random;
    }

    @Override
    public List<Pair> measure(FunctionSite site, Condition condition)
            throws IOException, InterruptedException {
        if (random.nextBoolean()) {
            Hpcc.Run alone = hpcc.run();
            return pairs(condition, alone, beside(site, condition));
        }
        Beside beside = beside(site, condition);
        return pairs(condition, hpcc.run(), beside);
    }

    private Beside beside(FunctionSite site, Condition condition)
            throws IOException, InterruptedException {
        try (Busy functions = site.start(condition.function)) {
            long usedMicros = functions.group().cpuMicros();
            long begun = System.nanoTime();
            Hpcc.Run run = hpcc.run();
            double used = (functions.group().cpuMicros() - usedMicros) * 1e3;
            return new Beside(run, used / (System.nanoTime() - begun));
        }
    }

    private static List<Pair> pairs(Condition condition, Hpcc.Run alone, Beside beside) {
        return Arrays.stream(Kernel.values())
                .map(kernel ->
                        new Pair(
                                condition,
                                kernel,
                                pace(alone, kernel),
                                pace(beside.run, kernel),
                                beside.functions,
                                Math.max(alone.foreign(), beside.run.foreign())))
                .toList();
    }

    private static Pace pace(Hpcc.Run run, Kernel kernel) {
        return new Pace(run.rates().getOrDefault(kernel, Double.NaN), Double.NaN);
    }
}
