package io.offcut.simulator;

import io.offcut.core.lease.EndReason;
import io.offcut.simulator.FunctionConfig.Load;
import io.offcut.simulator.SimulationResult.Bucket;
import io.offcut.simulator.SimulationResult.Calls;
import io.offcut.simulator.SimulationResult.Delays;
import io.offcut.simulator.SimulationResult.Functions;
import io.offcut.simulator.SimulationResult.Latency;
import io.offcut.simulator.SimulationResult.Memory;
import io.offcut.simulator.SimulationResult.Offloading;
import io.offcut.simulator.SimulationResult.Slowdown;
import io.offcut.simulator.SimulationResult.Starts;
import io.offcut.simulator.internal.functions.FunctionCounts;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** From what was counted of functions to their part of the result. */
final class FunctionSums {
    private static final double MILLIS = 1e3;
    private static final int FIRST_BUCKET_MICROS = 1000;

    private FunctionSums() {}

    static Functions of(
            SimulationConfig config,
            FunctionCounts counts,
            JobSchedule schedule,
            double harvestedShareOfIdle) {
        Load load = config.functions().load();
        return new Functions(
                counts.requests,
                counts.requestsEnded(EndReason.QUEUE_TIMEOUT),
                counts.leases,
                counts.leasesEnded(EndReason.RECLAIMED),
                counts.leasesEnded(EndReason.REFUSED),
                counts.leases == 0 ? 0 : counts.leaseMillis / MILLIS / counts.leases,
                harvestedShareOfIdle,
                new Starts(counts.coldStarts, counts.prewarmedStarts, counts.keptStarts),
                new Memory(
                        counts.leaseMemory.byteSeconds(),
                        counts.memoryLeases,
                        counts.memoryReclaims,
                        counts.memoryOnly.byteSeconds()),
                load instanceof Load.Open ? calls(counts) : null,
                load instanceof Load.Offload ? offloading(counts) : null,
                slowdown(schedule),
                new Delays(counts.delayedJobs, counts.delayMillis / MILLIS));
    }

    private static Calls calls(FunctionCounts counts) {
        return new Calls(
                counts.invocations,
                counts.done,
                counts.dropped,
                counts.failed,
                counts.waiting,
                counts.evictions,
                counts.retries,
                counts.lostMillis / MILLIS,
                latency(counts.latencyMicros));
    }

    private static Latency latency(Histogram micros) {
        List<Bucket> buckets = new ArrayList<>();
        micros.logarithmicBucketValues(FIRST_BUCKET_MICROS, 2)
                .forEach(step ->
                        buckets.add(
                                new Bucket(
                                        step.getValueIteratedTo() / MILLIS,
                                        step.getCountAddedInThisIterationStep())));
        return new Latency(
                micros.getTotalCount() == 0 ? 0 : micros.getMean() / MILLIS,
                millisAt(micros, 50),
                millisAt(micros, 90),
                millisAt(micros, 99),
                millisAt(micros, 99.9),
                micros.getMaxValue() / MILLIS,
                buckets);
    }

    private static double millisAt(Histogram micros, double percentile) {
        return micros.getValueAtPercentile(percentile) / MILLIS;
    }

    private static Offloading offloading(FunctionCounts counts) {
        double run = counts.offloadingRunMillis / MILLIS;
        double took = counts.offloadingTookMillis / MILLIS;
        return new Offloading(counts.offloadingJobs, run, took, run == 0 ? 0 : 1 - took / run);
    }

    private static Slowdown slowdown(JobSchedule schedule) {
        Histogram milli = new Histogram(3);
        int slowed = 0;
        long sum = 0;
        for (int job = 0; job < schedule.size(); job++) {
            int slowdown = schedule.slowdownMilli(job);
            milli.recordValue(slowdown);
            sum += slowdown;
            slowed += slowdown > 1000 ? 1 : 0;
        }
        return new Slowdown(
                slowed,
                sum / MILLIS / schedule.size(),
                millisAt(milli, 50),
                millisAt(milli, 90),
                millisAt(milli, 99),
                milli.getMaxValue() / MILLIS);
    }
}
