package io.offcut.simulator;

import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The jobs of one partition or queue.
 *
 * @param number in the log; −1 where it does not say, −2 for all groups that are not named singly
 * @param name as the log has it; empty when it has none
 * @param coreSeconds that its jobs asked for and ran
 */
record JobGroup(
        int number,
        String name,
        int jobs,
        double coreSeconds,
        double meanWaitSeconds,
        double p95WaitSeconds,
        double meanBoundedSlowdown,
        double p95BoundedSlowdown,
        int backfilledJobs) {
    /** Number of what is left after {@link #MAX_GROUPS}. */
    static final int OTHERS = -2;

    /** A log decides how many partitions there are; these are the largest. */
    static final int MAX_GROUPS = 50;

    /** The largest groups by core time, in the order of their numbers, and the others as one. */
    static List<JobGroup> of(
            JobSchedule schedule, JobTable table, SwfField field, Map<Integer, String> names) {
        Map<Integer, Integer> slots = new TreeMap<>();
        int[] slotOf = slots(schedule, table, field, slots);
        double[] weights = new double[slots.size()];
        for (int job = 0; job < slotOf.length; job++) {
            weights[slotOf[job]] += coreSeconds(schedule, job);
        }
        double least = leastShown(weights);
        Sums others = new Sums();
        Sums[] bySlot = new Sums[weights.length];
        for (int slot = 0; slot < bySlot.length; slot++) {
            bySlot[slot] = weights[slot] >= least ? new Sums() : others;
        }
        for (int job = 0; job < slotOf.length; job++) {
            bySlot[slotOf[job]].add(schedule, job);
        }
        List<JobGroup> groups = new ArrayList<>();
        if (others.jobs > 0) {
            groups.add(others.group(OTHERS, ""));
        }
        for (Map.Entry<Integer, Integer> slot : slots.entrySet()) {
            Sums sums = bySlot[slot.getValue()];
            if (sums != others) {
                groups.add(sums.group(slot.getKey(), names.getOrDefault(slot.getKey(), "")));
            }
        }
        return groups;
    }

    /** Numbers of groups as they first come get slots from 0; the slot of each job. */
    private static int[] slots(
            JobSchedule schedule, JobTable table, SwfField field, Map<Integer, Integer> slots) {
        int[] slotOf = new int[schedule.size()];
        int last = Integer.MIN_VALUE;
        int slot = 0;
        for (int job = 0; job < slotOf.length; job++) {
            int number = Math.max(-1, (int) table.value(schedule.row(job), field));
            if (number != last) {
                Integer known = slots.putIfAbsent(number, slots.size());
                slot = known == null ? slots.size() - 1 : known;
                last = number;
            }
            slotOf[job] = slot;
        }
        return slotOf;
    }

    /** Groups of less than this are not shown singly; of equals at the border none is. */
    private static double leastShown(double[] weights) {
        if (weights.length <= MAX_GROUPS) {
            return 0;
        }
        double[] ordered = weights.clone();
        Arrays.sort(ordered);
        return Math.nextUp(ordered[ordered.length - MAX_GROUPS - 1]);
    }

    private static double coreSeconds(JobSchedule schedule, int job) {
        return (double) schedule.cores(job)
                * (schedule.endSeconds(job) - schedule.startSeconds(job));
    }

    private static final class Sums {
        private final Distribution.Builder waits = new Distribution.Builder(1);
        private final Distribution.Builder slowdowns = new Distribution.Builder(1000);
        private int jobs;
        private double coreSeconds;
        private double slowdown;
        private int backfilled;

        void add(JobSchedule schedule, int job) {
            waits.add(schedule.waitSeconds(job));
            double bounded = schedule.boundedSlowdown(job);
            slowdowns.add(Math.round(bounded * 1000));
            slowdown += bounded;
            coreSeconds += coreSeconds(schedule, job);
            jobs++;
            backfilled += schedule.backfilled(job) ? 1 : 0;
        }

        JobGroup group(int number, String name) {
            Distribution wait = waits.build();
            return new JobGroup(
                    number,
                    name,
                    jobs,
                    coreSeconds,
                    wait.mean(),
                    wait.percentile(95),
                    slowdown / jobs,
                    slowdowns.build().percentile(95),
                    backfilled);
        }
    }
}
