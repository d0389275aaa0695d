package io.offcut.traces.analysis;

import io.offcut.traces.SwfLog.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How many cores jobs hold over time, and for how long a core that they do not hold stays so. A job
 * is taken to get the cores that were freed last, as none knows better where the log does not tell
 * places. For one thread.
 */
final class AllocationCurve {
    private final Schedule schedule;
    private final Window window;
    private final long machineProcs;
    private final double[] partCoreSeconds;
    private final Intervals idle = new Intervals();

    private double coreSeconds;
    private long secondsOver;
    private long most;
    private long held;
    private long at;

    // Cores that are free, the last freed on top: since when, and how many.
    private long[] freeSince = new long[64];
    private long[] freeCount = new long[64];
    private int top;
    // Cores that jobs hold beyond those of the machine.
    private long owed;

    AllocationCurve(Schedule schedule, Window window, long machineProcs, int parts) {
        this.schedule = schedule;
        this.window = window;
        this.machineProcs = machineProcs;
        this.partCoreSeconds = new double[parts];
        this.at = window.fromSeconds();
        push(window.fromSeconds(), machineProcs);
        run();
    }

    private void run() {
        int ended = 0;
        for (int row : schedule.rows) {
            while (schedule.end(schedule.rowsByEnd[ended]) <= schedule.start(row)) {
                release(schedule.rowsByEnd[ended++]);
            }
            moveTo(schedule.start(row));
            held += schedule.procs(row);
            most = Math.max(most, held);
            take(schedule.procs(row));
        }
        while (ended < schedule.rows.length) {
            release(schedule.rowsByEnd[ended++]);
        }
        moveTo(window.toSeconds());
        while (top > 0) {
            top--;
            idle.add(window.toSeconds() - freeSince[top], freeCount[top]);
        }
    }

    private void release(int row) {
        moveTo(schedule.end(row));
        held -= schedule.procs(row);
        long paid = Math.min(owed, schedule.procs(row));
        owed -= paid;
        push(within(schedule.end(row)), schedule.procs(row) - paid);
    }

    private long within(long time) {
        return Math.clamp(time, window.fromSeconds(), window.toSeconds());
    }

    private void push(long since, long count) {
        if (top == freeSince.length) {
            freeSince = Arrays.copyOf(freeSince, 2 * top);
            freeCount = Arrays.copyOf(freeCount, 2 * top);
        }
        if (count > 0) {
            freeSince[top] = since;
            freeCount[top++] = count;
        }
    }

    private void take(long procs) {
        long wanted = procs;
        while (wanted > 0 && top > 0) {
            long taken = Math.min(wanted, freeCount[top - 1]);
            idle.add(at - freeSince[top - 1], taken);
            freeCount[top - 1] -= taken;
            wanted -= taken;
            top -= freeCount[top - 1] == 0 ? 1 : 0;
        }
        owed += wanted;
    }

    /** Accounts for the time from the event before to this one. */
    private void moveTo(long time) {
        long to = within(time);
        if (to <= at) {
            return;
        }
        coreSeconds += (double) held * (to - at);
        secondsOver += held > machineProcs ? to - at : 0;
        long length = Math.max(1, window.seconds());
        int parts = partCoreSeconds.length;
        long from = at;
        while (from < to) {
            int part = (int) Math.min(parts - 1, (from - window.fromSeconds()) * parts / length);
            long partEnd = window.fromSeconds() + partStart(part + 1);
            long until = Math.min(to, Math.max(partEnd, from + 1));
            partCoreSeconds[part] += (double) held * (until - from);
            from = until;
        }
        at = to;
    }

    /** Whole seconds, so that a part is now and then one longer. */
    private long partStart(int part) {
        return Math.ceilDiv(part * window.seconds(), (long) partCoreSeconds.length);
    }

    double coreSeconds() {
        return coreSeconds;
    }

    /** Seconds in which jobs held more cores than the machine has. */
    long secondsOver() {
        return secondsOver;
    }

    long most() {
        return most;
    }

    /** Share of the machine that jobs hold, in equal parts of the window. */
    List<Double> parts() {
        List<Double> shares = new ArrayList<>();
        for (int part = 0; part < partCoreSeconds.length; part++) {
            double all = (double) machineProcs * (partStart(part + 1) - partStart(part));
            shares.add(all == 0 ? 0 : partCoreSeconds[part] / all);
        }
        return shares;
    }

    Intervals idle() {
        return idle;
    }
}
