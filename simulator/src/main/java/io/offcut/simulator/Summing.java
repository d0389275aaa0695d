package io.offcut.simulator;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.SimulationResult.Batch;
import io.offcut.simulator.SimulationResult.Cores;
import io.offcut.simulator.SimulationResult.Functions;
import io.offcut.simulator.SimulationResult.Gains;
import io.offcut.simulator.SimulationResult.UtilizationRow;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.engine.Engine;
import io.offcut.simulator.internal.functions.FunctionCounts;
import io.offcut.simulator.internal.measure.Baselines;
import io.offcut.simulator.internal.measure.CoreTime;
import io.offcut.simulator.internal.measure.CoreTime.Use;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** From what was counted to the result, and the check that nothing was lost or counted twice. */
final class Summing {
    private final SimulationConfig config;
    private final BatchJobs jobs;
    private final Engine.Outcome outcome;
    private final CoreTime time;
    private final JobSchedule schedule;

    Summing(SimulationConfig config, BatchJobs jobs, Engine.Outcome outcome) {
        this.config = config;
        this.jobs = jobs;
        this.outcome = outcome;
        this.time = outcome.coreTime();
        this.schedule = new JobSchedule(jobs, outcome.record());
    }

    SimulationResult result() {
        checkConservation();
        return new SimulationResult(
                config,
                batch(),
                cores(),
                functions(),
                gains(),
                outcome.idle(),
                schedule,
                utilization(),
                new HarvestableShares(config, jobs, outcome.memory(), seconds(spanMillis()))
                        .all(
                                seconds(outcome.downCoreMillis()),
                                seconds(time.total(Use.ALLOCATED)),
                                seconds(time.total(Use.JOB)),
                                outcome.baselines().leftUnused() / 1000),
                outcome.events());
    }

    private long spanMillis() {
        return outcome.endMillis() - outcome.startMillis();
    }

    private long capacityMillis() {
        try {
            return Math.multiplyExact(spanMillis(), config.cluster().cores());
        } catch (ArithmeticException e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "the log spans "
                            + TimeUnit.MILLISECONDS.toDays(spanMillis())
                            + " days on "
                            + config.cluster().cores()
                            + " cores, too much to count; check its times, or cut it",
                    e);
        }
    }

    /** Jobs are counted one by one, idleness by the clock: the two must add up to the machine. */
    private void checkConservation() {
        long capacity = capacityMillis();
        long job = time.total(Use.JOB);
        boolean chain =
                job <= time.total(Use.ALLOCATED)
                        && time.total(Use.OFFERED)
                                <= outcome.idleCoreMillis() + time.total(Use.UNUSED)
                        && time.total(Use.LEASED) <= time.total(Use.OFFERED)
                        && time.total(Use.HARVESTED) <= time.total(Use.LEASED);
        long others = outcome.idleCoreMillis() + outcome.downCoreMillis();
        if (job + others != capacity || !chain) {
            throw new IllegalStateException(
                    "core-milliseconds do not add up: capacity "
                            + capacity
                            + ", job "
                            + job
                            + ", idle "
                            + outcome.idleCoreMillis()
                            + ", down "
                            + outcome.downCoreMillis()
                            + ", offered "
                            + time.total(Use.OFFERED)
                            + ", leased "
                            + time.total(Use.LEASED)
                            + ", harvested "
                            + time.total(Use.HARVESTED));
        }
    }

    /** The core time of jobs without what they were measured, and offered, not to compute on. */
    private long computedMillis() {
        return time.total(Use.JOB) - time.total(Use.UNUSED);
    }

    private Batch batch() {
        int backfilled = 0;
        long wait = 0;
        long maxWait = 0;
        double slowdown = 0;
        for (int job = 0; job < schedule.size(); job++) {
            backfilled += schedule.backfilled(job) ? 1 : 0;
            wait += schedule.waitSeconds(job);
            maxWait = Math.max(maxWait, schedule.waitSeconds(job));
            slowdown += schedule.boundedSlowdown(job);
        }
        return new Batch(
                schedule.size(),
                jobs.unknown,
                jobs.tooLarge,
                outcome.record().clippedJobs(),
                outcome.record().clippedCoreSeconds(),
                outcome.record().placedAsRecorded(),
                outcome.record().movedJobs(),
                outcome.record().requeues(),
                outcome.record().lostJobs(),
                backfilled,
                (double) wait / schedule.size(),
                maxWait,
                slowdown / schedule.size());
    }

    private Cores cores() {
        long capacity = capacityMillis();
        long job = computedMillis();
        long work = job - outcome.baselines().stalled();
        long harvested = time.total(Use.HARVESTED);
        return new Cores(
                seconds(spanMillis()),
                seconds(capacity),
                seconds(job),
                seconds(work),
                seconds(time.total(Use.ALLOCATED)),
                seconds(outcome.idleCoreMillis()),
                seconds(outcome.downCoreMillis()),
                seconds(time.total(Use.OFFERED)),
                seconds(time.total(Use.LEASED)),
                seconds(harvested),
                share(work, capacity),
                share(work + harvested, capacity));
    }

    private @Nullable Functions functions() {
        FunctionCounts counts = outcome.functions();
        if (counts == null) {
            return null;
        }
        // What jobs were measured to leave is as idle as what no job holds, where it was offered.
        long idle = outcome.idleCoreMillis() + time.total(Use.UNUSED);
        return FunctionSums.of(config, counts, schedule, share(time.total(Use.HARVESTED), idle));
    }

    /**
     * What functions won is what they computed, less what they took longer beside jobs, what jobs
     * handed over to them and what jobs held longer for them: none of it is more work.
     */
    private @Nullable Gains gains() {
        Baselines baselines = outcome.baselines();
        if (baselines.aloneComputed() == 0) {
            return null;
        }
        FunctionCounts counts = outcome.functions();
        long slowed = counts == null ? 0 : counts.slowedCoreMillis;
        long won =
                time.total(Use.HARVESTED) - slowed - baselines.handedOver() - baselines.stalled();
        return new Gains(
                baselines.wholeNodeCoreMillis() / 1000,
                baselines.excessCoreMillis() / 1000,
                share(baselines.excessMillis(), spanMillis()),
                seconds(baselines.aloneHeld()),
                seconds(won),
                won / baselines.wholeNodeCoreMillis(),
                share(baselines.aloneComputed() + won, baselines.aloneHeld()) - 1);
    }

    private List<UtilizationRow> utilization() {
        List<UtilizationRow> rows = new ArrayList<>(time.rows());
        for (int row = 0; row < time.rows(); row++) {
            long from = outcome.startMillis() + row * time.rowMillis();
            long width = Math.min(time.rowMillis(), outcome.endMillis() - from);
            rows.add(
                    new UtilizationRow(
                            from / 1000,
                            share(time.inRow(row, Use.JOB) - time.inRow(row, Use.UNUSED), width),
                            share(time.inRow(row, Use.ALLOCATED), width),
                            share(time.inRow(row, Use.OFFERED), width),
                            share(time.inRow(row, Use.LEASED), width),
                            share(time.inRow(row, Use.HARVESTED), width)));
        }
        return rows;
    }

    private static double seconds(long millis) {
        return millis / 1000.0;
    }

    private static double share(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }
}
