package io.offcut.simulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Conservative backfilling on nodes with cores, memory and outages, everything counted anew each
 * time. Rows are {@code submit, run, procs, estimate, bytes of each core}; no run time is 0.
 *
 * <p>Where only cores decide, a reservation is a number of cores; else it is of nodes.
 */
final class NaiveConservative {
    private static final long NEVER = Long.MAX_VALUE;

    /** What a job has, or is to have, of the nodes. */
    private static final class Slot {
        final int job;
        final long from;
        final long end;
        final long expectedEnd;
        final int[] coresOn;

        Slot(int job, long from, long end, long expectedEnd, int[] coresOn) {
            this.job = job;
            this.from = from;
            this.end = end;
            this.expectedEnd = expectedEnd;
            this.coresOn = coresOn;
        }
    }

    private final List<NodeClass> nodes = new ArrayList<>();
    private final List<Outage> outages;
    private final boolean wholeNodes;
    private final boolean counted;
    private final List<long[]> jobs;
    private final List<Integer> queue = new ArrayList<>();
    private final List<Slot> running = new ArrayList<>();
    private final @Nullable Slot[] reserved;
    private final long[] starts;

    private NaiveConservative(List<long[]> jobs, ClusterSpec spec, boolean wholeNodes) {
        this.jobs = jobs;
        this.wholeNodes = wholeNodes;
        this.counted = !wholeNodes && jobs.stream().allMatch(job -> job[4] == 0);
        this.starts = new long[jobs.size()];
        this.reserved = new Slot[jobs.size()];
        this.outages = spec.outages();
        for (int node = 0; node < spec.nodes(); node++) {
            nodes.add(spec.classOf(node));
        }
    }

    static long[] starts(List<long[]> jobs, ClusterSpec spec, boolean wholeNodes) {
        NaiveConservative all = new NaiveConservative(jobs, spec, wholeNodes);
        all.run();
        return all.starts;
    }

    private void run() {
        int next = 0;
        long now = jobs.getFirst()[0];
        while (true) {
            boolean shrank = outagesBegin(now);
            boolean grew = outagesEnd(now);
            int first = next;
            while (next < jobs.size() && jobs.get(next)[0] == now) {
                next++;
            }
            for (Slot slot : List.copyOf(running)) {
                if (slot.end == now) {
                    running.remove(slot);
                    grew |= slot.expectedEnd > now;
                }
            }
            plan(now, shrank, grew);
            for (int job = first; job < next; job++) {
                queue.add(job);
                reserved[job] = earliest(now, job);
            }
            startDue(now);
            now = nextTime(now, next);
            if (now == NEVER) {
                return;
            }
        }
    }

    private void plan(long now, boolean shrank, boolean grew) {
        if (shrank) {
            queue.forEach(job -> reserved[job] = null);
            queue.forEach(job -> reserved[job] = earliest(now, job));
        } else if (grew) {
            for (int job : queue) {
                Slot old = reserved[job];
                reserved[job] = null;
                Slot found = earliest(now, job);
                // Where it cannot be earlier it stays where it is.
                reserved[job] =
                        old == null || (found != null && found.from < old.from) ? found : old;
            }
        }
    }

    private void startDue(long now) {
        for (int job : List.copyOf(queue)) {
            Slot slot = reserved[job];
            if (slot != null && slot.from == now) {
                int[] where = counted ? firstFit(job, now, now + 1, running) : slot.coresOn;
                queue.remove(Integer.valueOf(job));
                reserved[job] = null;
                starts[job] = now;
                long end = now + jobs.get(job)[1];
                running.add(new Slot(job, now, end, slot.expectedEnd, where));
            }
        }
    }

    private long nextTime(long now, int next) {
        List<Long> times = new ArrayList<>();
        running.forEach(slot -> times.add(slot.end));
        slots(queue).forEach(slot -> times.add(slot.from));
        if (!queue.isEmpty() || !running.isEmpty() || next < jobs.size()) {
            outages.forEach(
                    outage -> times.addAll(List.of(outage.fromSeconds(), outage.toSeconds())));
        }
        if (next < jobs.size()) {
            times.add(jobs.get(next)[0]);
        }
        return times.stream()
                .filter(time -> time > now)
                .min(Comparator.naturalOrder())
                .orElse(NEVER);
    }

    private boolean outagesBegin(long now) {
        boolean any = false;
        for (Outage outage : outages) {
            if (outage.fromSeconds() == now) {
                any = true;
                for (Slot slot : List.copyOf(running)) {
                    boolean killed =
                            outage.kind() != Outage.Kind.DRAIN
                                    && slot.end > now
                                    && slot.coresOn[outage.node()] > 0;
                    if (killed) {
                        running.remove(slot);
                        if (outage.kind() == Outage.Kind.FAIL) {
                            queue.add(slot.job);
                        }
                    }
                }
            }
        }
        queue.sort(Comparator.naturalOrder());
        return any;
    }

    private boolean outagesEnd(long now) {
        return outages.stream().anyMatch(outage -> outage.toSeconds() == now);
    }

    private boolean isDown(int node, long now) {
        return outages.stream()
                .anyMatch(o -> o.node() == node && o.fromSeconds() <= now && now < o.toSeconds());
    }

    private List<Slot> slots(List<Integer> waiting) {
        List<Slot> result = new ArrayList<>();
        for (int job : waiting) {
            Slot slot = reserved[job];
            if (slot != null) {
                result.add(slot);
            }
        }
        return result;
    }

    private @Nullable Slot earliest(long now, int job) {
        List<Slot> others = new ArrayList<>(running);
        others.addAll(slots(queue));
        List<Long> times = new ArrayList<>(List.of(now));
        others.forEach(slot -> times.add(slot.expectedEnd));
        times.sort(Comparator.naturalOrder());
        for (long time : times) {
            long end = time + estimate(job);
            if (time < now) {
                continue;
            }
            if (counted && fitsByCount(job, now, time, end, others)) {
                return new Slot(job, time, end, end, new int[nodes.size()]);
            }
            int[] where = counted ? null : firstFit(job, now, time, end, others);
            if (where != null && Arrays.stream(where).sum() == jobs.get(job)[2]) {
                return new Slot(job, time, end, end, where);
            }
        }
        return null;
    }

    private long estimate(int job) {
        return Math.max(jobs.get(job)[1], jobs.get(job)[3]);
    }

    private boolean fitsByCount(int job, long now, long from, long end, List<Slot> others) {
        for (long time = from; time < end; time++) {
            long free = 0;
            for (int node = 0; node < nodes.size(); node++) {
                free += isDown(node, now) ? 0 : nodes.get(node).cores();
            }
            for (Slot slot : others) {
                if (slot.from <= time && time < slot.expectedEnd) {
                    boolean runs = running.contains(slot);
                    long cores = jobs.get(slot.job)[2];
                    for (int node = 0; node < nodes.size(); node++) {
                        cores -= runs && isDown(node, now) ? slot.coresOn[node] : 0;
                    }
                    free -= cores;
                }
            }
            if (free < jobs.get(job)[2]) {
                return false;
            }
        }
        return true;
    }

    private int[] firstFit(int job, long now, long end, List<Slot> others) {
        return firstFit(job, now, now, end, others);
    }

    private int[] firstFit(int job, long now, long from, long end, List<Slot> others) {
        int[] result = new int[nodes.size()];
        long missing = jobs.get(job)[2];
        for (int node = 0; node < nodes.size(); node++) {
            long here = isDown(node, now) ? 0 : missing;
            for (long time = from; time < end && here > 0; time++) {
                here = Math.min(here, usable(job, node, time, others));
            }
            result[node] = (int) here;
            missing -= here;
        }
        return result;
    }

    private long usable(int job, int node, long time, List<Slot> others) {
        long cores = nodes.get(node).cores();
        long bytes = nodes.get(node).memoryBytes();
        for (Slot slot : others) {
            if (slot.from <= time && time < slot.expectedEnd && slot.coresOn[node] > 0) {
                cores = wholeNodes ? 0 : cores - slot.coresOn[node];
                bytes = wholeNodes ? 0 : bytes - slot.coresOn[node] * jobs.get(slot.job)[4];
            }
        }
        long needed = jobs.get(job)[4];
        return needed == 0 ? cores : Math.min(cores, bytes / needed);
    }
}
