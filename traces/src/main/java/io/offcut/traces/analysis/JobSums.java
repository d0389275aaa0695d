package io.offcut.traces.analysis;

import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import io.offcut.traces.analysis.LogSummary.CpuUse;
import io.offcut.traces.analysis.LogSummary.MemoryUse;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sums over all jobs of a log, in no matter what order. For one thread. */
final class JobSums {
    private final JobTable jobs;
    private final Map<SwfField, Integer> missing = new EnumMap<>(SwfField.class);
    private long firstSubmit = Long.MAX_VALUE;
    private long lastSubmit = Long.MIN_VALUE;
    private boolean hasWaits;
    private int ran;
    private double coreSeconds;

    private int cpuJobs;
    private double cpuSeconds;
    private double cpuCoreSeconds;

    private final long[] usedKib;
    private int memoryJobs;
    private double usedKibSeconds;
    private double requestedKibSeconds;

    JobSums(JobTable jobs) {
        this.jobs = jobs;
        this.usedKib = new long[jobs.size()];
        for (int row = 0; row < jobs.size(); row++) {
            add(row);
        }
        Arrays.sort(usedKib, 0, memoryJobs);
    }

    private void add(int row) {
        firstSubmit = Math.min(firstSubmit, jobs.submitSeconds(row));
        lastSubmit = Math.max(lastSubmit, jobs.submitSeconds(row));
        hasWaits |= jobs.waitSeconds(row) >= 0;
        for (SwfField field : SwfField.values()) {
            boolean unknown =
                    field == SwfField.AVERAGE_CPU
                            ? jobs.averageCpuSeconds(row) < 0
                            : jobs.value(row, field) < 0;
            if (unknown) {
                missing.merge(field, 1, Integer::sum);
            }
        }
        if (jobs.runSeconds(row) > 0 && jobs.procs(row) > 0) {
            addRun(row, (double) jobs.runSeconds(row) * jobs.procs(row));
        }
        if (jobs.usedMemoryKib(row) > 0) {
            usedKib[memoryJobs++] = jobs.usedMemoryKib(row);
        }
    }

    private void addRun(int row, double coreSecondsOfJob) {
        ran++;
        coreSeconds += coreSecondsOfJob;
        if (jobs.averageCpuSeconds(row) >= 0) {
            cpuJobs++;
            cpuSeconds += jobs.averageCpuSeconds(row) * jobs.procs(row);
            cpuCoreSeconds += coreSecondsOfJob;
        }
        if (jobs.usedMemoryKib(row) >= 0 && jobs.requestedMemoryKib(row) > 0) {
            usedKibSeconds += jobs.usedMemoryKib(row) * coreSecondsOfJob;
            requestedKibSeconds += jobs.requestedMemoryKib(row) * coreSecondsOfJob;
        }
    }

    JobTable jobs() {
        return jobs;
    }

    boolean hasWaits() {
        return hasWaits;
    }

    int ran() {
        return ran;
    }

    double coreSeconds() {
        return coreSeconds;
    }

    long firstSubmit() {
        return jobs.size() == 0 ? 0 : firstSubmit;
    }

    long lastSubmit() {
        return jobs.size() == 0 ? 0 : lastSubmit;
    }

    Map<String, Integer> missing() {
        Map<String, Integer> named = new LinkedHashMap<>();
        missing.forEach((field, count) ->
                named.put(field.name().toLowerCase(Locale.ROOT).replace('_', '-'), count));
        return named;
    }

    @Nullable CpuUse cpu() {
        return cpuSeconds == 0
                ? null
                : new CpuUse(cpuJobs, cpuSeconds / coreSeconds, cpuSeconds / cpuCoreSeconds);
    }

    @Nullable MemoryUse memory() {
        return memoryJobs == 0
                ? null
                : new MemoryUse(
                        memoryJobs,
                        rank(.5),
                        rank(.9),
                        requestedKibSeconds == 0 ? -1 : usedKibSeconds / requestedKibSeconds);
    }

    private long rank(double quantile) {
        return usedKib[Math.max(0, (int) Math.ceil(quantile * memoryJobs) - 1)];
    }
}
