package io.offcut.traces.analysis;

import io.offcut.traces.JobTable;
import io.offcut.traces.SwfLog.Window;
import java.util.Arrays;

/** On which nodes jobs hold any core, and for how long the others stay idle. For one thread. */
final class NodeUse {
    private final Intervals idle = new Intervals();
    private final long[] busyUntil;
    private double idleSeconds;
    private final Window window;

    NodeUse(JobTable jobs, Schedule schedule, Window window) {
        this.window = window;
        this.busyUntil = new long[jobs.placements().nodes().size()];
        Arrays.fill(busyUntil, window.fromSeconds());
        for (int row : schedule.rows) {
            long start = schedule.start(row);
            long end = schedule.end(row);
            jobs.placements()
                    .forEach(row, (node, nodes, first, cpus) -> busy(node, nodes, start, end));
        }
        busy(0, busyUntil.length, window.toSeconds(), window.toSeconds());
    }

    private void busy(int node, int nodes, long start, long end) {
        for (int at = node; at < node + nodes; at++) {
            long gap = Math.min(start, window.toSeconds()) - busyUntil[at];
            if (gap > 0) {
                idle.add(gap, 1);
                idleSeconds += gap;
            }
            busyUntil[at] = Math.max(busyUntil[at], end);
        }
    }

    /** Share of the nodes' time in which a job holds some core of them. */
    double busyShare() {
        double all = (double) busyUntil.length * window.seconds();
        return all == 0 ? 0 : 1 - idleSeconds / all;
    }

    Intervals idle() {
        return idle;
    }
}
