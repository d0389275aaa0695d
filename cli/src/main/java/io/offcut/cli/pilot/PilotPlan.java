package io.offcut.cli.pilot;

import io.offcut.slurm.JobState;
import io.offcut.slurm.QueuedJob;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides which pilots to put into the queue. Pure: time and queue are arguments.
 *
 * <p>There are never more than so many queued and running, and as many of each length wait as of
 * any other: the batch scheduler puts the longest into what is idle for long, and the short ones
 * into the holes before jobs that it has planned. ({@code --time-min} would do that with one
 * length, but Slurm 22.05 starts such a job with its shortest limit even on an idle cluster.)
 *
 * <p>After a pilot that failed, one is queued to begin after a pause, which doubles with each
 * further failure; after {@link #MOST_FAILURES} in a row there are no more. A pilot that somebody
 * cancelled says that no more are wanted.
 */
final class PilotPlan {
    /** Failures in a row after which pilots are given up. */
    static final int MOST_FAILURES = 6;

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(15);
    private static final Duration PROVEN = Duration.ofMinutes(1);
    private static final long MINUTE_MILLIS = 60_000;

    private final int most;
    private final List<Duration> lengths;
    private final int mostPerMinute;
    private final Deque<Long> submittedAtMillis = new ArrayDeque<>();
    private final Map<String, QueuedJob> seenActive = new HashMap<>();
    private final Set<String> proven = new HashSet<>();
    private int failures;

    /**
     * @param most how many are queued and run
     * @param lengths of pilots, any order
     * @param mostPerMinute how many are submitted within a minute
     */
    PilotPlan(int most, List<Duration> lengths, int mostPerMinute) {
        this.most = most;
        this.lengths = lengths.stream().distinct().sorted(Comparator.reverseOrder()).toList();
        this.mostPerMinute = mostPerMinute;
    }

    /** One pilot to submit. */
    record Wanted(Duration length, Duration delay) {}

    /** What to do now. */
    sealed interface Decision {
        /** Submit these, which may be none, and look again. */
        record Go(List<Wanted> wanted) implements Decision {}

        /** This one was cancelled: end. */
        record Cancelled(String jobId) implements Decision {}

        /** They fail one after the other, this one as the last: end. */
        record GiveUp(String jobId) implements Decision {}
    }

    /** How many pilots failed without one that did well in between. */
    int failures() {
        return failures;
    }

    /**
     * Takes in what the queue holds, and decides. Those to submit count as submitted.
     *
     * @param jobs the pilots of the partition, also those that have ended
     */
    Decision look(List<QueuedJob> jobs, long nowMillis) {
        Map<String, QueuedJob> now = new HashMap<>();
        jobs.forEach(job -> now.put(job.jobId(), job));
        for (QueuedJob before : List.copyOf(seenActive.values())) {
            QueuedJob after = now.get(before.jobId());
            if (after != null && after.active()) {
                continue;
            }
            seenActive.remove(before.jobId());
            proven.remove(before.jobId());
            if (after != null && after.state() == JobState.CANCELLED) {
                return new Decision.Cancelled(before.jobId());
            }
            if (failed(after)) {
                failures++;
                if (failures >= MOST_FAILURES) {
                    return new Decision.GiveUp(before.jobId());
                }
            } else if (after != null) {
                failures = 0;
            }
        }
        List<QueuedJob> active = jobs.stream().filter(QueuedJob::active).toList();
        active.forEach(job -> seenActive.put(job.jobId(), job));
        active.stream()
                .filter(job -> hasProven(job, nowMillis))
                .forEach(job -> {
                    if (proven.add(job.jobId())) {
                        failures = 0;
                    }
                });
        return new Decision.Go(wanted(active, nowMillis));
    }

    /** A submission was refused: the next waits as after a failure. */
    void refused() {
        failures++;
    }

    /** This one is in the queue. */
    void submitted(QueuedJob job) {
        seenActive.put(job.jobId(), job);
    }

    /** How long the next waits, for the failures that there were. */
    Duration pause() {
        return failures == 0
                ? Duration.ZERO
                : FIRST_PAUSE.multipliedBy(1L << (Math.min(failures, MOST_FAILURES) - 1));
    }

    // One that left at the word of Slurm has ended well, whatever Slurm calls that.
    private static boolean failed(@Nullable QueuedJob after) {
        return after == null
                || switch (after.state()) {
                    case COMPLETED, PREEMPTED, TIMEOUT, DEADLINE, REQUEUED -> false;
                    default -> true;
                };
    }

    private static boolean hasProven(QueuedJob job, long nowMillis) {
        return job.state() == JobState.RUNNING
                && job.start() != null
                && nowMillis - job.start().toEpochMilli() >= PROVEN.toMillis();
    }

    private List<Wanted> wanted(List<QueuedJob> active, long nowMillis) {
        while (!submittedAtMillis.isEmpty()
                && nowMillis - submittedAtMillis.getFirst() >= MINUTE_MILLIS) {
            submittedAtMillis.removeFirst();
        }
        Map<Duration, Integer> waiting = new HashMap<>();
        active.stream()
                .filter(job -> job.state() == JobState.PENDING && job.limit() != null)
                .forEach(job -> waiting.merge(job.limit(), 1, Integer::sum));
        boolean probed = active.stream().anyMatch(job -> job.state() == JobState.PENDING);
        int room = failures == 0 ? most - active.size() : probed ? 0 : 1;
        room = Math.min(room, most - active.size());
        List<Wanted> wanted = new ArrayList<>();
        while (wanted.size() < room && submittedAtMillis.size() < mostPerMinute) {
            Duration length =
                    lengths.stream()
                            .min(Comparator.comparing(l -> waiting.getOrDefault(l, 0)))
                            .orElseThrow();
            waiting.merge(length, 1, Integer::sum);
            submittedAtMillis.add(nowMillis);
            wanted.add(new Wanted(length, pause()));
        }
        return wanted;
    }
}
