package io.offcut.simulator.internal.batch;

import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Fit;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.internal.cluster.RecordedPlaces;
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
    private final int[] cores;
    private final int[] slots;
    private final int[] estimatesSeconds;
    private final int size;
    private final boolean needsMemory;

    /** Jobs left out because the log does not say how long, how large, or when they were. */
    public final int unknown;

    /** Jobs left out because the machine is too small. */
    public final int tooLarge;

    public BatchJobs(JobTable table, ClusterSpec cluster, BatchConfig config) {
        this.table = table;
        this.needsMemory = config.fit() == Fit.MEMORY;
        boolean recorded = config.scheduler() == Scheduler.RECORDED;
        int[] ordered = table.rowsBySubmission();
        int kept = 0;
        int unknownJobs = 0;
        int largeJobs = 0;
        for (int row : ordered) {
            if (isUnknown(row, recorded)) {
                unknownJobs++;
            } else if (!recorded && isTooLarge(row, cluster)) {
                largeJobs++;
            } else {
                ordered[kept++] = row;
            }
        }
        this.rows = kept == ordered.length ? ordered : Arrays.copyOf(ordered, kept);
        this.size = kept;
        this.unknown = unknownJobs;
        this.tooLarge = largeJobs;
        this.cores = new int[kept];
        this.estimatesSeconds = new int[kept];
        boolean exact = config.estimates() == Estimates.EXACT;
        for (int job = 0; job < kept; job++) {
            int run = table.runSeconds(rows[job]);
            cores[job] = coresOf(rows[job]);
            estimatesSeconds[job] = exact ? run : Math.max(run, table.requestedSeconds(rows[job]));
        }
        this.slots = inSlots(config.allocation() == Allocation.NODES ? cluster.coresPerNode() : 1);
    }

    private boolean isUnknown(int row, boolean recorded) {
        return Math.abs(table.submitSeconds(row)) > MAX_SUBMIT_SECONDS
                || table.runSeconds(row) < 0
                || coresOf(row) < 1
                || (recorded && table.waitSeconds(row) < 0);
    }

    private boolean isTooLarge(int row, ClusterSpec cluster) {
        return coresOf(row) > cluster.coresFor(needsMemory ? requestedBytes(row) : 0);
    }

    private int coresOf(int row) {
        return table.procs(row) > 0 ? table.procs(row) : table.requestedProcs(row);
    }

    private int[] inSlots(int coresPerSlot) {
        if (coresPerSlot == 1) {
            return cores;
        }
        int[] result = new int[size];
        Arrays.setAll(result, job -> Math.ceilDiv(cores[job], coresPerSlot));
        return result;
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

    public long submitSeconds(int job) {
        return table.submitSeconds(rows[job]);
    }

    public long submitMillis(int job) {
        return table.submitSeconds(rows[job]) * MILLIS;
    }

    public long runMillis(int job) {
        return table.runSeconds(rows[job]) * MILLIS;
    }

    /** Of the time it runs, how long the log measured that it used no core; 0 if it did not. */
    public double unusedShare(int job) {
        double cpuSeconds = table.averageCpuSeconds(rows[job]);
        int runSeconds = table.runSeconds(rows[job]);
        return cpuSeconds < 0 || runSeconds <= 0 ? 0 : Math.max(0, 1 - cpuSeconds / runSeconds);
    }

    /** Whether the log measured what it used. */
    public boolean isMeasured(int job) {
        return table.averageCpuSeconds(rows[job]) >= 0 || table.usedMemoryKib(rows[job]) > 0;
    }

    /** Recorded wait; negative when the log does not say. */
    public long waitMillis(int job) {
        return table.waitSeconds(rows[job]) * MILLIS;
    }

    /** What the scheduler takes for the run time: never less than it. */
    public int estimateSeconds(int job) {
        return estimatesSeconds[job];
    }

    /** The same in milliseconds. */
    public long estimateMillis(int job) {
        return estimatesSeconds[job] * MILLIS;
    }

    /** Cores it computes on: those it got, or where that is unknown those it asked for. */
    public int cores(int job) {
        return cores[job];
    }

    /** What it takes of a machine of equal nodes, in the scheduler's unit: cores, or nodes. */
    public int slots(int job) {
        return slots[job];
    }

    /** Memory that must be free for each core of it, in bytes; 0 where memory does not decide. */
    public long neededBytesPerCore(int job) {
        return needsMemory ? requestedBytes(rows[job]) : 0;
    }

    /** Whether there is a job for which memory decides. */
    public boolean needMemory() {
        for (int job = 0; job < size; job++) {
            if (neededBytesPerCore(job) > 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether the log tells of any of them what memory it asked for or had. */
    public boolean tellMemory() {
        for (int row : rows) {
            if (table.requestedMemoryKib(row) > 0 || table.usedMemoryKib(row) > 0) {
                return true;
            }
        }
        return false;
    }

    /**
     * Memory that no other may have, for each core: what it asked for; where the log does not say,
     * the share of the core, or what was resident if that is more.
     *
     * @param share of a core in its node's memory
     */
    public long heldBytesPerCore(int job, long share) {
        long requested = requestedBytes(rows[job]);
        return requested > 0 ? requested : Math.max(share, residentBytes(rows[job]));
    }

    /**
     * Memory it fills, for each core: what was resident; where the log does not say, all it holds.
     */
    public long usedBytesPerCore(int job, long share) {
        long resident = residentBytes(rows[job]);
        return resident > 0 ? resident : heldBytesPerCore(job, share);
    }

    private long residentBytes(int row) {
        return Math.max(0, bytes(table.usedMemoryKib(row)));
    }

    private long requestedBytes(int row) {
        return Math.max(0, bytes(table.requestedMemoryKib(row)));
    }

    private static long bytes(long kib) {
        return Math.min(kib, Long.MAX_VALUE >> 30) * 1024;
    }

    /** Where they ran, by the log. */
    RecordedPlaces recordedPlaces(ClusterSpec cluster) {
        return new RecordedPlaces(table.placements(), cluster);
    }

    /** When the first of them to start did, by the log. */
    public long firstRecordedStartMillis() {
        long first = Long.MAX_VALUE;
        for (int job = 0; job < size(); job++) {
            first = Math.min(first, submitMillis(job) + waitMillis(job));
        }
        return first;
    }
}
