package io.offcut.simulator;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * EASY by event on nodes with cores and memory, first fit, everything counted anew each time. Rows
 * are {@code submit, run, procs, estimate, bytes of each core}.
 */
final class NaivePlacement {
    private record Run(int job, long end, long expectedEnd, List<Integer> coresOn) {}

    private final List<NodeClass> nodes = new ArrayList<>();
    private final boolean wholeNodes;
    private final List<long[]> jobs;
    private final List<Integer> queue = new ArrayList<>();
    private final List<Run> running = new ArrayList<>();
    private final long[] starts;

    private NaivePlacement(List<long[]> jobs, ClusterSpec spec, boolean wholeNodes) {
        this.jobs = jobs;
        this.wholeNodes = wholeNodes;
        this.starts = new long[jobs.size()];
        for (int node = 0; node < spec.nodes(); node++) {
            nodes.add(spec.classOf(node));
        }
    }

    static long[] easy(List<long[]> jobs, ClusterSpec spec, boolean wholeNodes) {
        NaivePlacement all = new NaivePlacement(jobs, spec, wholeNodes);
        all.run();
        return all.starts;
    }

    private void run() {
        int next = 0;
        while (next < jobs.size() || !running.isEmpty()) {
            Run first = running.stream().min(Comparator.comparingLong(Run::end)).orElse(null);
            if (first == null || (next < jobs.size() && jobs.get(next)[0] <= first.end)) {
                long now = jobs.get(next)[0];
                queue.add(next);
                if (place(next++, staying(now)) != null) {
                    pass(now);
                }
            } else {
                running.remove(first);
                pass(first.end);
            }
        }
    }

    /** Those that are still there after a time, going by what is expected. */
    private List<Run> staying(long time) {
        return new ArrayList<>(running.stream().filter(run -> run.expectedEnd > time).toList());
    }

    private @Nullable List<Integer> place(int job, List<Run> others) {
        List<Integer> result = new ArrayList<>();
        long missing = jobs.get(job)[2];
        for (int node = 0; node < nodes.size(); node++) {
            long cores = nodes.get(node).cores();
            long bytes = nodes.get(node).memoryBytes();
            for (Run run : others) {
                if (run.coresOn.get(node) > 0) {
                    cores = wholeNodes ? 0 : cores - run.coresOn.get(node);
                    bytes = wholeNodes ? 0 : bytes - run.coresOn.get(node) * jobs.get(run.job)[4];
                }
            }
            long needed = jobs.get(job)[4];
            long here = needed == 0 ? cores : Math.min(cores, bytes / needed);
            int taken = (int) Math.min(here, missing);
            result.add(taken);
            missing -= taken;
        }
        return missing == 0 ? result : null;
    }

    private void start(int job, long now, List<Integer> where) {
        queue.removeIf(other -> other == job);
        starts[job] = now;
        running.add(new Run(job, now + jobs.get(job)[1], now + estimate(job), where));
    }

    private long estimate(int job) {
        return Math.max(jobs.get(job)[1], jobs.get(job)[3]);
    }

    private void pass(long now) {
        while (!queue.isEmpty()) {
            List<Integer> where = place(queue.getFirst(), staying(now));
            if (where == null) {
                break;
            }
            start(queue.getFirst(), now, where);
        }
        if (queue.isEmpty()) {
            return;
        }
        int head = queue.getFirst();
        long shadow = Long.MAX_VALUE;
        for (Run run : staying(now)) {
            if (run.expectedEnd < shadow && place(head, staying(run.expectedEnd)) != null) {
                shadow = run.expectedEnd;
            }
        }
        for (int job : List.copyOf(queue.subList(1, queue.size()))) {
            List<Integer> where = place(job, staying(now));
            if (where != null) {
                List<Run> then = staying(shadow);
                then.add(new Run(job, 0, 0, where));
                if (now + estimate(job) <= shadow || place(head, then) != null) {
                    start(job, now, where);
                }
            }
        }
    }
}
