package io.offcut.benchmarks.colocation;

import java.io.IOException;
import java.util.List;

/** One way to compare a job beside functions with the same job alone. */
interface PairSource {
    /** Some pairs of each kernel. Blocks until they are measured. */
    List<Pair> measure(FunctionSite site, Condition condition)
            throws IOException, InterruptedException;
}
