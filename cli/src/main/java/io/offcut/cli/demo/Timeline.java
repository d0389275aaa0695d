package io.offcut.cli.demo;

import io.offcut.core.CpuSet;
import java.util.List;

/**
 * When the stand-in batch load holds which cores. Pure.
 *
 * <pre>
 * seconds   0      5       10     14       19      24
 * node b    free   taken   free   free     free    end
 * node a    free   free    free   taken    free    end
 * </pre>
 */
record Timeline(List<Step> steps, long endMillis) {
    /** From {@code fromMillis} until the next step the load holds {@code cores}. */
    record Step(long fromMillis, CpuSet cores, String what) {}

    static Timeline of(CpuSet coresOfA, CpuSet coresOfB) {
        return new Timeline(
                List.of(
                        new Step(0, CpuSet.empty(), "no batch job runs"),
                        new Step(5_000, coresOfB, "a batch job takes node b"),
                        new Step(10_000, CpuSet.empty(), "the job on node b ended"),
                        new Step(14_000, coresOfA, "a batch job takes node a"),
                        new Step(19_000, CpuSet.empty(), "the job on node a ended")),
                24_000);
    }

    /** The step in force at a time since the start. */
    Step at(long millis) {
        Step current = steps.getFirst();
        for (Step step : steps) {
            if (step.fromMillis() <= millis) {
                current = step;
            }
        }
        return current;
    }
}
