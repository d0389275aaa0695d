package io.offcut.monitor.guard;

import io.offcut.core.CpuSet;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.guard.ColocationGuard.Finding;
import io.offcut.monitor.guard.ColocationGuard.Probe;
import io.offcut.monitor.guard.ColocationGuard.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;

/** One job beside functions on virtual time, under the guard. */
final class SimulatedJob {
    static final double MAX_SLOWDOWN = 0.01;
    private static final long SAMPLE_MILLIS = 1_000;
    private static final CpuSet NODE = CpuSet.range(0, 3);

    final ColocationGuard guard;
    final List<Finding> findings = new ArrayList<>();
    final List<Long> foundMillis = new ArrayList<>();
    private final CpuSet jobCores;
    private final CpuSet functionCores;
    private final DoubleSupplier noise;
    private double slowdown;
    private long nowMillis;

    /**
     * @param slowdown share of its speed that the job loses beside functions
     * @param noise what the machine adds to the logarithm of its speed in a window
     */
    SimulatedJob(
            CpuSet jobCores,
            CpuSet functionCores,
            double slowdown,
            DoubleSupplier noise,
            long seed) {
        this.guard = new ColocationGuard(MAX_SLOWDOWN, new SplittableRandom(seed));
        this.jobCores = jobCores;
        this.functionCores = functionCores;
        this.slowdown = slowdown;
        this.noise = noise;
    }

    /** Bell-shaped. */
    static DoubleSupplier gaussian(Random random, double sigma) {
        return () -> sigma * random.nextGaussian();
    }

    /** Mostly quiet, and now and then a window loses up to half to somebody else. */
    static DoubleSupplier spiky(Random random) {
        return () ->
                random.nextInt(8) == 0
                        ? Math.log(1 - 0.5 * random.nextDouble())
                        : 0.004 * random.nextGaussian();
    }

    void slowdown(double now) {
        slowdown = now;
    }

    long nowMillis() {
        return nowMillis;
    }

    private double speed(boolean beside) {
        return 1e6 * (beside ? 1 - slowdown : 1) * Math.exp(noise.getAsDouble());
    }

    /** Lets so much time pass. */
    SimulatedJob run(long millis) {
        long end = nowMillis + millis;
        while (nowMillis < end) {
            look();
            Probe probe = guard.next();
            for (long left = probe.afterMillis(); left > 0; left -= SAMPLE_MILLIS) {
                nowMillis += Math.min(left, SAMPLE_MILLIS);
                look();
            }
            nowMillis += 2 * probe.windowMillis();
            if (!guard.runningFunctions().isEmpty()) {
                add(
                        guard.compare(
                                "7",
                                Pace.ofProgress(speed(true)),
                                Pace.ofProgress(speed(false)),
                                nowMillis));
            }
        }
        return this;
    }

    /** Until it was decided so as often; at most an hour. */
    SimulatedJob runUntil(Verdict verdict, int times) {
        for (int second = 0; second < 3600 && count(verdict) < times; second++) {
            run(1_000);
        }
        return this;
    }

    private void look() {
        add(guard.look(List.of(new JobShare("7", jobCores, 0)), NODE, leased(), nowMillis));
    }

    /** Leases end with their cores, and come back with them. */
    private CpuSet leased() {
        return functionCores.minus(guard.withdrawn());
    }

    private void add(List<Finding> found) {
        findings.addAll(found);
        found.forEach(each -> foundMillis.add(nowMillis));
    }

    long count(Verdict verdict) {
        return findings.stream().filter(each -> each.verdict() == verdict).count();
    }

    /** When it was first decided so; −1 when it never was. */
    long firstMillis(Verdict verdict) {
        for (int i = 0; i < findings.size(); i++) {
            if (findings.get(i).verdict() == verdict) {
                return foundMillis.get(i);
            }
        }
        return -1;
    }
}
