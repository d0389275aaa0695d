package io.offcut.monitor.guard;

import io.offcut.linux.KernelFile;
import io.offcut.linux.ProgressFile;
import io.offcut.linux.Psi;
import io.offcut.linux.TaskDelay;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads how one job fares. For one thread. */
final class JobMeter implements AutoCloseable {
    /** Less than this of a window on or before a CPU, and its wait says nothing. */
    private static final double LEAST_ACTIVE = 0.05;

    private final Path group;
    private final @Nullable ProgressFile progress;
    private List<TaskDelay> tasks = List.of();
    private boolean inside;
    private int attendance;
    private boolean hasPressure;

    /**
     * @param group the job's control group, of any hierarchy
     * @param progress its own counter; null without
     */
    JobMeter(Path group, @Nullable ProgressFile progress) {
        this.group = group;
        this.progress = progress;
    }

    /** One look. What is not known is negative. */
    static final class Reading {
        private final long nanos;
        private final long progress;
        private final long cpuStallMicros;
        private final long memoryStallMicros;
        private final int attendance;

        /** Of each task that is followed; negative for one that is gone. */
        private final long[] runNanos;

        private final long[] waitNanos;

        private Reading(JobMeter meter, long nanos) {
            this.nanos = nanos;
            this.progress = meter.progress == null ? -1 : meter.progress.read();
            this.cpuStallMicros =
                    meter.hasPressure && meter.inside ? meter.stallMicros("cpu.pressure") : -1;
            this.memoryStallMicros = meter.hasPressure ? meter.stallMicros("memory.pressure") : -1;
            this.attendance = meter.attendance;
            int count = meter.inside ? meter.tasks.size() : 0;
            this.runNanos = new long[count];
            this.waitNanos = new long[count];
            for (int i = 0; i < count; i++) {
                TaskDelay task = meter.tasks.get(i);
                runNanos[i] = task.look() ? task.runNanos() : -1;
                waitNanos[i] = task.waitNanos();
            }
        }

        Pace since(Reading before) {
            double seconds = (nanos - before.nanos) / 1e9;
            return seconds <= 0
                    ? Pace.UNKNOWN
                    : new Pace(
                            rate(before.progress, progress, seconds),
                            waiting(before, seconds),
                            rate(before.cpuStallMicros, cpuStallMicros, 1e6 * seconds),
                            rate(before.memoryStallMicros, memoryStallMicros, 1e6 * seconds));
        }

        private static double rate(long before, long now, double per) {
            return before < 0 || now < before ? Double.NaN : (now - before) / per;
        }

        private double waiting(Reading before, double seconds) {
            if (attendance != before.attendance || runNanos.length != before.runNanos.length) {
                return Double.NaN;
            }
            double run = 0;
            double wait = 0;
            for (int i = 0; i < runNanos.length; i++) {
                if (runNanos[i] >= 0 && before.runNanos[i] >= 0) {
                    run += runNanos[i] - before.runNanos[i];
                    wait += waitNanos[i] - before.waitNanos[i];
                }
            }
            return run + wait < LEAST_ACTIVE * seconds * 1e9 ? Double.NaN : wait / (run + wait);
        }
    }

    /**
     * @param now whether functions are on its cores; on others they keep no thread of it waiting
     */
    void inside(boolean now) {
        inside = now;
    }

    /** Looks at its threads and its pressure from now on, at no more threads than this. */
    void attend(JobGroups groups, int mostThreads) {
        leave();
        if (inside) {
            List<TaskDelay> followed = new ArrayList<>();
            for (Path thread : groups.threads(group, mostThreads)) {
                TaskDelay task = TaskDelay.open(thread);
                if (task != null) {
                    followed.add(task);
                }
            }
            tasks = followed;
        }
        hasPressure = stallMicros("memory.pressure") >= 0;
    }

    /** Looks at its own counter alone. */
    void leave() {
        tasks.forEach(TaskDelay::close);
        tasks = List.of();
        hasPressure = false;
        attendance++;
    }

    /** Whether there is anything by which the job could be seen to be slowed. */
    boolean isTelling() {
        return hasPressure
                || (inside && !tasks.isEmpty())
                || (progress != null && progress.read() > 0);
    }

    Reading read() {
        return new Reading(this, System.nanoTime());
    }

    private long stallMicros(String file) {
        return Psi.parse(KernelFile.readOrEmpty(group.resolve(file)))
                .map(Psi::someTotalMicros)
                .orElse(-1L);
    }

    /** The job has ended. */
    void end() {
        close();
        if (progress != null) {
            progress.delete();
        }
    }

    @Override
    public void close() {
        leave();
        if (progress != null) {
            progress.close();
        }
    }
}
