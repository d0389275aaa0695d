package io.offcut.monitor;

import io.offcut.core.CpuSet;
import java.util.Arrays;
import java.util.Map;

/** A load from 0 to 1 for each logical core. Immutable. */
public final class CoreLoads {
    private final double[] loads;

    private CoreLoads(double[] loads) {
        this.loads = loads;
    }

    /** The load of each core by its number, NaN for one that is not judged. Keeps the array. */
    static CoreLoads ofArray(double[] loads) {
        return new CoreLoads(loads);
    }

    /** These loads; a core that is not named is not judged. */
    public static CoreLoads of(Map<Integer, Double> loadByCore) {
        double[] loads = new double[1 + loadByCore.keySet().stream().reduce(-1, Math::max)];
        Arrays.fill(loads, Double.NaN);
        loadByCore.forEach((core, load) -> loads[core] = load);
        return new CoreLoads(loads);
    }

    /** The same load on each of the cores. */
    public static CoreLoads all(CpuSet cores, double load) {
        double[] loads = new double[1 + cores.stream().max().orElse(-1)];
        Arrays.fill(loads, Double.NaN);
        cores.stream().forEach(core -> loads[core] = load);
        return new CoreLoads(loads);
    }

    /** Load of the core; NaN when it was not judged. */
    public double of(int core) {
        return core < loads.length ? loads[core] : Double.NaN;
    }
}
