package io.offcut.cli.simulate;

import io.offcut.cli.output.Units;
import io.offcut.simulator.Simulation;
import java.util.Locale;

/** How far a simulation is. One thread tells, another may ask for the {@link #line}. */
final class SimulateProgress implements Simulation.Progress {
    private static final int BAR = 20;

    private volatile long simulatingSinceNanos;
    private volatile int finished;
    private volatile int jobs;

    @Override
    public void at(int finishedJobs, int allJobs) {
        if (jobs == 0) {
            simulatingSinceNanos = System.nanoTime();
            jobs = allJobs;
        }
        finished = finishedJobs;
    }

    /** What goes on at this moment. */
    String line() {
        return line(System.nanoTime());
    }

    String line(long nowNanos) {
        int all = jobs;
        if (all == 0) {
            return "simulate: preparing";
        }
        int done = finished;
        int full = (int) ((long) BAR * done / all);
        double perSecond = done / Math.max(0.001, (nowNanos - simulatingSinceNanos) / 1e9);
        String left =
                done == 0
                        ? ""
                        : ", " + Units.time(Math.round((all - done) / perSecond * 1000)) + " left";
        return String.format(
                Locale.ROOT,
                "simulate: [%s%s] %d/%d jobs, %s%s",
                "#".repeat(full),
                "-".repeat(BAR - full),
                done,
                all,
                Units.rate(perSecond),
                left);
    }
}
