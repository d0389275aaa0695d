package io.offcut.monitor.guard;

import io.offcut.core.CpuSet;
import io.offcut.monitor.Allocations.JobShare;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Decides whether functions may run beside the jobs of a node. Pure: time and chance are arguments,
 * and the same words give the same answers.
 *
 * <p>That a job waits, or is slow, says nothing of functions: it may have more threads than cores,
 * or be in another phase. So functions stand still for short windows at random times, about one
 * part in fifty of the time, and how the job fares then is compared with how it fares right before
 * or after. When more of these comparisons exceed {@code maxSlowdown} than chance allows, functions
 * on the job's cores — or, where there are none, on all of the node — stand still at once; when
 * they have come back and it happens again, their cores leave the offers for a time that doubles.
 *
 * <p>For one thread.
 */
public final class ColocationGuard {
    private static final long LEAST_WINDOW_MILLIS = 100;
    private static final long MOST_WINDOW_MILLIS = 200;
    private static final long SELDOM_MILLIS = 7_500;
    private static final long OFTEN_MILLIS = 1_000;

    private final double maxSlowdown;
    private final RandomGenerator random;
    private final Map<String, GuardedJob> jobs = new HashMap<>();
    private CpuSet nodeCores = CpuSet.empty();
    private CpuSet functionCores = CpuSet.empty();

    /**
     * @param maxSlowdown share of its speed that a job may lose
     */
    public ColocationGuard(double maxSlowdown, RandomGenerator random) {
        this.maxSlowdown = maxSlowdown;
        this.random = random;
    }

    /**
     * The next comparison.
     *
     * @param afterMillis how long to wait before it
     * @param windowMillis how long each of its two windows is
     * @param stillFirst whether functions stand still in the first of the two
     */
    public record Probe(long afterMillis, long windowMillis, boolean stillFirst) {}

    /** What happens to functions. */
    public enum Verdict {
        GO_ON,
        HOLD,
        WITHDRAW
    }

    /**
     * What was decided about a job.
     *
     * @param text for people
     */
    public record Finding(String jobId, Verdict verdict, String text) {}

    /**
     * What the node looks like; once per sample.
     *
     * @param running the jobs on it
     * @param all the node's cores
     * @param ofFunctions cores that leases hold
     */
    public List<Finding> look(
            Collection<JobShare> running, CpuSet all, CpuSet ofFunctions, long nowMillis) {
        nodeCores = all;
        functionCores = ofFunctions;
        Set<String> ids = running.stream().map(JobShare::jobId).collect(Collectors.toSet());
        List<Finding> findings = new ArrayList<>();
        jobs.entrySet()
                .removeIf(entry -> {
                    boolean gone = !ids.contains(entry.getKey());
                    if (gone && !entry.getValue().target().isEmpty()) {
                        findings.add(goOn(entry.getKey(), "has ended: functions go on"));
                    }
                    return gone;
                });
        for (JobShare job : running) {
            jobs.computeIfAbsent(job.jobId(), id -> new GuardedJob(id, maxSlowdown))
                    .at(job.cores());
        }
        jobs.forEach((id, job) -> {
            if (job.tick(nowMillis)) {
                findings.add(goOn(id, "is tried beside functions again"));
            }
        });
        return findings;
    }

    /** Functions that may run now; without any there is nothing to compare. */
    public CpuSet runningFunctions() {
        return functionCores.minus(still()).minus(withdrawn());
    }

    /** When and how to compare next. */
    public Probe next() {
        boolean often = jobs.values().stream().anyMatch(GuardedJob::isUndecided);
        long mean = often ? OFTEN_MILLIS : SELDOM_MILLIS;
        return new Probe(
                random.nextLong(mean / 2, mean + mean / 2),
                random.nextLong(LEAST_WINDOW_MILLIS, MOST_WINDOW_MILLIS + 1),
                random.nextBoolean());
    }

    /**
     * Takes in one comparison of one job. A job that is not there any more is passed over.
     *
     * @return what was decided, or nothing
     */
    public List<Finding> compare(String jobId, Pace beside, Pace alone, long nowMillis) {
        GuardedJob job = jobs.get(jobId);
        if (job == null || !job.compare(beside, alone, runningFunctions(), nodeCores, nowMillis)) {
            return List.of();
        }
        return switch (job.standing()) {
            case HELD ->
                    List.of(new Finding(jobId, Verdict.HOLD, job.why() + ": they stand still"));
            case WITHDRAWN ->
                    List.of(
                            new Finding(
                                    jobId,
                                    Verdict.WITHDRAW,
                                    job.why()
                                            + ": withdrawn for "
                                            + job.backOffMillis() / 1000
                                            + " s"));
            case TRIED, WATCHED -> List.of(goOn(jobId, "is not slowed any more"));
        };
    }

    private static Finding goOn(String jobId, String what) {
        return new Finding(jobId, Verdict.GO_ON, "job " + jobId + " " + what);
    }

    /** Cores whose functions stand still. */
    public CpuSet still() {
        return of(GuardedJob.Standing.HELD);
    }

    /** Cores that are not offered. */
    public CpuSet withdrawn() {
        return of(GuardedJob.Standing.WITHDRAWN);
    }

    private CpuSet of(GuardedJob.Standing standing) {
        CpuSet cores = CpuSet.empty();
        for (GuardedJob job : jobs.values()) {
            if (job.standing() == standing) {
                cores = cores.plus(job.target());
            }
        }
        return cores;
    }

    /** Why functions stand still or are withdrawn now, a line for each job; for the status. */
    public List<String> reasons() {
        return jobs.values().stream()
                .filter(job -> !job.target().isEmpty())
                .map(job -> "guard: " + job.why())
                .sorted()
                .toList();
    }

    /** What a job loses beside functions, as far as it is known. */
    public Interval slowdown(String jobId, Evidence evidence) {
        GuardedJob job = jobs.get(jobId);
        return job == null ? Interval.ofMedian(new double[0], 1) : job.slowdown(evidence);
    }
}
