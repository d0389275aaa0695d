package io.offcut.simulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * EASY and conservative backfilling as the books have them, with lists and nothing clever: what the
 * schedulers with indexes must agree with. Jobs are {@code submit, run, procs, estimate}, ordered
 * by submission; the result is their starts.
 */
final class NaiveSchedules {
    private static final long NEVER = Long.MAX_VALUE;

    private record Job(int index, long submit, long run, long procs, long estimate) {}

    private static final class Run {
        final Job job;
        final long end;
        final long expectedEnd;

        Run(Job job, long now) {
            this.job = job;
            this.end = now + job.run;
            this.expectedEnd = now + job.estimate;
        }
    }

    private final long procs;
    private final List<Job> jobs = new ArrayList<>();
    private final List<Job> queue = new ArrayList<>();
    private final List<Run> running = new ArrayList<>();
    private final long[] starts;
    private final long[] reserved;
    private boolean endedEarly;

    private NaiveSchedules(List<long[]> rows, long procs) {
        this.procs = procs;
        for (long[] row : rows) {
            jobs.add(new Job(jobs.size(), row[0], row[1], row[2], Math.max(row[1], row[3])));
        }
        starts = new long[jobs.size()];
        reserved = new long[jobs.size()];
        Arrays.fill(reserved, NEVER);
    }

    static long[] easy(List<long[]> rows, long procs, boolean perEvent) {
        return new NaiveSchedules(rows, procs).easy(perEvent);
    }

    static long[] conservative(List<long[]> rows, long procs) {
        return new NaiveSchedules(rows, procs).conservative();
    }

    private long[] easy(boolean perEvent) {
        int next = 0;
        for (long now = nextTime(0); now != NEVER; now = nextTime(next)) {
            boolean more = true;
            while (more) {
                for (; next < jobs.size() && jobs.get(next).submit == now; next++) {
                    queue.add(jobs.get(next));
                    if (perEvent && jobs.get(next).procs <= free(now)) {
                        pass(now);
                    }
                }
                for (Run run = endOf(now); run != null; run = endOf(now)) {
                    running.remove(run);
                    if (perEvent) {
                        pass(now);
                    }
                }
                if (!perEvent) {
                    pass(now);
                }
                more = endOf(now) != null;
            }
        }
        return starts;
    }

    private long nextTime(int nextJob) {
        long next = nextJob < jobs.size() ? jobs.get(nextJob).submit : NEVER;
        for (Run run : running) {
            next = Math.min(next, run.end);
        }
        for (Job job : queue) {
            next = Math.min(next, reserved[job.index]);
        }
        return next;
    }

    private @Nullable Run endOf(long now) {
        return running.stream().filter(run -> run.end == now).findFirst().orElse(null);
    }

    private long free(long now) {
        return procs - heldAt(now);
    }

    /** By running jobs, if they end when expected. */
    private long heldAt(long time) {
        return running.stream()
                .filter(run -> run.expectedEnd > time)
                .mapToLong(run -> run.job.procs)
                .sum();
    }

    private void start(Job job, long now) {
        queue.remove(job);
        running.add(new Run(job, now));
        starts[job.index] = now;
    }

    private void pass(long now) {
        while (!queue.isEmpty() && queue.getFirst().procs <= free(now)) {
            start(queue.getFirst(), now);
        }
        if (queue.isEmpty()) {
            return;
        }
        Job head = queue.getFirst();
        long shadow =
                running.stream()
                        .map(run -> run.expectedEnd)
                        .filter(end -> end > now && procs - heldAt(end) >= head.procs)
                        .min(Comparator.naturalOrder())
                        .orElseThrow();
        long extra = procs - heldAt(shadow) - head.procs;
        for (Job job : List.copyOf(queue.subList(1, queue.size()))) {
            boolean gone = now + job.estimate <= shadow;
            if (job.procs <= free(now) && (gone || job.procs <= extra)) {
                extra -= gone ? 0 : job.procs;
                start(job, now);
            }
        }
    }

    private long[] conservative() {
        int next = 0;
        for (long now = nextTime(0); now != NEVER; now = nextTime(next)) {
            boolean more = true;
            while (more) {
                List<Job> arrived = new ArrayList<>();
                for (; next < jobs.size() && jobs.get(next).submit == now; next++) {
                    arrived.add(jobs.get(next));
                }
                for (Run run = endOf(now); run != null; run = endOf(now)) {
                    running.remove(run);
                    endedEarly |= run.expectedEnd > now;
                }
                plan(arrived, now);
                for (Job job : List.copyOf(queue)) {
                    if (reserved[job.index] == now) {
                        start(job, now);
                    }
                }
                more = endOf(now) != null;
            }
        }
        return starts;
    }

    private void plan(List<Job> arrived, long now) {
        if (endedEarly) {
            endedEarly = false;
            for (Job job : queue) {
                reserved[job.index] = NEVER;
                reserved[job.index] = earliest(job, now);
            }
        }
        for (Job job : arrived) {
            queue.add(job);
            reserved[job.index] = earliest(job, now);
        }
    }

    private long earliest(Job job, long now) {
        List<Long> times = new ArrayList<>(List.of(now));
        running.forEach(run -> times.add(run.expectedEnd));
        queue.stream()
                .filter(other -> reserved[other.index] != NEVER)
                .forEach(other -> times.add(reserved[other.index] + other.estimate));
        return times.stream()
                .filter(time -> time >= now && fits(job, time))
                .min(Comparator.naturalOrder())
                .orElseThrow();
    }

    private boolean fits(Job job, long time) {
        List<Long> points = new ArrayList<>(List.of(time));
        queue.forEach(other -> points.add(reserved[other.index]));
        return points.stream()
                .filter(point -> point == time || (point > time && point < time + job.estimate))
                .allMatch(point -> plannedAt(point) + job.procs <= procs);
    }

    private long plannedAt(long time) {
        return heldAt(time)
                + queue.stream()
                        .filter(job -> reserved[job.index] <= time)
                        .filter(job -> time - reserved[job.index] < job.estimate)
                        .mapToLong(job -> job.procs)
                        .sum();
    }
}
