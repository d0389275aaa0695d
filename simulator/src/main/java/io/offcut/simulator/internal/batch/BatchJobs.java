package io.offcut.simulator.internal.batch;

import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.ClusterSpec;
import io.offcut.traces.JobTable;
import java.util.Arrays;

/**
 * The jobs of a log that can be simulated, in the order of submission, then job number. A job is
 * known by its index in this order. Left out are jobs without a run time or processors, of a
 * recorded schedule those without a wait, and where a scheduler decides those that do not fit the
 * machine. Immutable.
 */
public final class BatchJobs {
    private static final long MILLIS = 1000;

    /** Later than any log: until the year 2286, counted from the epoch. */
    private static final long MAX_SUBMIT_SECONDS = 10_000_000_000L;

    private final JobTable table;
    private final int[] rows;
    private final int size;
    private final boolean exactEstimates;
    private final int coresPerSlot;

    /** Jobs left out because the log does not say how long, how large, or when they were. */
    public final int unknown;

    /** Jobs left out because the machine is too small. */
    public final int tooLarge;

    public BatchJobs(JobTable table, ClusterSpec cluster, BatchConfig config) {
        this.table = table;
        this.exactEstimates = config.estimates() == Estimates.EXACT;
        this.coresPerSlot = config.allocation() == Allocation.NODES ? cluster.coresPerNode() : 1;
        boolean recorded = config.scheduler() == Scheduler.RECORDED;
        int maxCores = recorded ? Integer.MAX_VALUE : cluster.cores();
        int[] ordered = table.rowsBySubmission();
        int kept = 0;
        int unknownJobs = 0;
        int largeJobs = 0;
        for (int row : ordered) {
            if (Math.abs(table.submitSeconds(row)) > MAX_SUBMIT_SECONDS
                    || table.runSeconds(row) < 0
                    || cores(table, row) < 1
                    || (recorded && table.waitSeconds(row) < 0)) {
                unknownJobs++;
            } else if (cores(table, row) > maxCores) {
                largeJobs++;
            } else {
                ordered[kept++] = row;
            }
        }
        this.rows = Arrays.copyOf(ordered, kept);
        this.size = kept;
        this.unknown = unknownJobs;
        this.tooLarge = largeJobs;
    }

    private static int cores(JobTable table, int row) {
        return table.procs(row) > 0 ? table.procs(row) : table.requestedProcs(row);
    }

    public int size() {
        return size;
    }

    /** Row of the job in its table. */
    public int row(int job) {
        return rows[job];
    }

    /** Number of the job in the log. */
    public long number(int job) {
        return table.job(rows[job]);
    }

    public long submitMillis(int job) {
        return table.submitSeconds(rows[job]) * MILLIS;
    }

    public long runMillis(int job) {
        return table.runSeconds(rows[job]) * MILLIS;
    }

    /** Recorded wait; negative when the log does not say. */
    public long waitMillis(int job) {
        return table.waitSeconds(rows[job]) * MILLIS;
    }

    /** What the scheduler takes for the run time: never less than it. */
    public long estimateMillis(int job) {
        return exactEstimates
                ? runMillis(job)
                : Math.max(runMillis(job), table.requestedSeconds(rows[job]) * MILLIS);
    }

    /** Cores it computes on: those it got, or where that is unknown those it asked for. */
    public int cores(int job) {
        return cores(table, rows[job]);
    }

    /** What it takes of the machine, in the scheduler's unit: cores, or whole nodes. */
    public int slots(int job) {
        return Math.ceilDiv(cores(job), coresPerSlot);
    }

    /** Memory it needs for each core: measured, else requested, else −1. In bytes. */
    public long memoryBytesPerCore(int job) {
        int row = rows[job];
        long kib =
                table.usedMemoryKib(row) > 0
                        ? table.usedMemoryKib(row)
                        : table.requestedMemoryKib(row);
        return kib > 0 ? Math.min(kib, Long.MAX_VALUE >> 30) * 1024 : -1;
    }
}
