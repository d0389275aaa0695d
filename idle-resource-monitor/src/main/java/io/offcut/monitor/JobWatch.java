package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import java.util.Arrays;

/**
 * What one job was seen to use: the most of its CPUs within the last samples, and the most memory
 * ever.
 */
final class JobWatch {
    private static final int MARGIN_DIVISOR = 4;

    private final MonitorConfig config;
    private final double[] busyCores;
    private int readings;
    private int memoryReadings;
    private long mostBytes;
    final SteadyBytes memory;

    /** What of it is offered now. */
    CpuSet offered = CpuSet.empty();

    JobWatch(MonitorConfig config) {
        this.config = config;
        this.busyCores = new double[config.underused().afterSamples()];
        this.memory = new SteadyBytes(config);
    }

    /** Takes in what was seen of it. */
    void look(JobUse use) {
        if (use.busyCores() < 0) {
            readings = 0;
        } else if (!Double.isNaN(use.busyCores())) {
            busyCores[readings % busyCores.length] = use.busyCores();
            // Keeps the place in the ring, and does not overflow.
            readings = readings + 1 == 2 * busyCores.length ? busyCores.length : readings + 1;
        }
        mostBytes = Math.max(mostBytes, use.workingSetBytes());
        boolean trusted =
                use.workingSetBytes() >= 0 && use.memoryStall() <= config.underused().memoryStall();
        memoryReadings = trusted ? Math.min(memoryReadings + 1, busyCores.length) : 0;
    }

    /** Nobody knows what it does meanwhile: what is offered of it goes back. */
    void restart() {
        readings = 0;
        memoryReadings = 0;
        withdraw();
    }

    /** Nothing of it is offered. */
    void withdraw() {
        offered = CpuSet.empty();
        memory.clear();
    }

    /** How many of so many cores it has left alone in all the samples that count. */
    int spareCores(int held) {
        if (readings < busyCores.length) {
            return 0;
        }
        double most = Arrays.stream(busyCores).max().orElse(held);
        return Math.max(0, held - (int) Math.ceil(most - config.busyThreshold()));
    }

    /** Whether its memory was watched for long enough, and it has not waited for any. */
    boolean knowsMemory() {
        return memoryReadings >= busyCores.length;
    }

    /** Memory it was promised and does not need: what it may be made to lend. */
    long spareBytes(JobShare job) {
        if (!knowsMemory() || !job.policy().shared()) {
            return 0;
        }
        long spare = Math.max(0, job.memoryBytes() - keptBytes());
        return Math.min(spare, job.policy().maxMemoryBytes());
    }

    /** What it needs with room to grow. */
    long keptBytes() {
        return mostBytes
                + Math.max(config.underused().memoryMarginBytes(), mostBytes / MARGIN_DIVISOR);
    }
}
