package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;

/**
 * What a node keeps for itself and how quickly it trusts idleness.
 *
 * @param cpus the only CPUs that may be offered; empty for all of the node
 * @param reserveCores how many of the lowest-numbered of them are never offered
 * @param reserveMemoryBytes memory that stays available whatever is offered
 * @param memoryLimitBytes most memory offered; 0 for no limit of its own
 * @param busyThreshold a core is busy when others use more than this fraction of it; 1: load never
 *     makes it busy
 * @param offerAfterSamples how many idle samples in a row make a core idle where no batch system
 *     vouches for it, and after it was found busy while offered
 * @param memoryStepBytes the offered memory grows by at least this or by {@code
 *     memoryStepFraction}, whichever is less; it shrinks at once
 * @param memoryStepFraction see {@code memoryStepBytes}; of the memory offered now
 * @param minOfferMemoryBytes with less there is no offer
 */
public record MonitorConfig(
        CpuSet cpus,
        int reserveCores,
        long reserveMemoryBytes,
        long memoryLimitBytes,
        double busyThreshold,
        int offerAfterSamples,
        long memoryStepBytes,
        double memoryStepFraction,
        long minOfferMemoryBytes) {
    private static final long MIB = 1 << 20;

    public MonitorConfig {
        check(reserveCores >= 0, "reserveCores", reserveCores, "0 or more");
        check(reserveMemoryBytes >= 0, "reserveMemoryBytes", reserveMemoryBytes, "0 or more");
        check(memoryLimitBytes >= 0, "memoryLimitBytes", memoryLimitBytes, "0 or more");
        check(
                busyThreshold > 0 && busyThreshold <= 1,
                "busyThreshold",
                busyThreshold,
                "a fraction over 0 and at most 1");
        check(offerAfterSamples >= 1, "offerAfterSamples", offerAfterSamples, "1 or more");
        check(memoryStepBytes >= 0, "memoryStepBytes", memoryStepBytes, "0 or more");
        check(
                memoryStepFraction >= 0 && memoryStepFraction < 1,
                "memoryStepFraction",
                memoryStepFraction,
                "a fraction from 0 to below 1");
        check(minOfferMemoryBytes >= 0, "minOfferMemoryBytes", minOfferMemoryBytes, "0 or more");
    }

    /** All CPUs, half a gigabyte kept back, a core idle after three samples under 20 %. */
    public static MonitorConfig defaults() {
        return new MonitorConfig(CpuSet.empty(), 0, 512 * MIB, 0, 0.2, 3, 64 * MIB, 0.05, 16 * MIB);
    }

    /** The same for these CPUs only; empty for all. */
    public MonitorConfig withCpus(CpuSet newCpus) {
        return new MonitorConfig(
                newCpus,
                reserveCores,
                reserveMemoryBytes,
                memoryLimitBytes,
                busyThreshold,
                offerAfterSamples,
                memoryStepBytes,
                memoryStepFraction,
                minOfferMemoryBytes);
    }

    /** The same with another reserve and limit. */
    public MonitorConfig withReserve(
            int newReserveCores, long newReserveMemoryBytes, long newMemoryLimitBytes) {
        return new MonitorConfig(
                cpus,
                newReserveCores,
                newReserveMemoryBytes,
                newMemoryLimitBytes,
                busyThreshold,
                offerAfterSamples,
                memoryStepBytes,
                memoryStepFraction,
                minOfferMemoryBytes);
    }

    /** The same with another idea of what idle is. */
    public MonitorConfig withIdleness(double newBusyThreshold, int newOfferAfterSamples) {
        return new MonitorConfig(
                cpus,
                reserveCores,
                reserveMemoryBytes,
                memoryLimitBytes,
                newBusyThreshold,
                newOfferAfterSamples,
                memoryStepBytes,
                memoryStepFraction,
                minOfferMemoryBytes);
    }

    /** Of the node's cores those that may ever be offered: permitted and not the reserve. */
    CpuSet offerable(CpuSet nodeCores) {
        CpuSet permitted = cpus.isEmpty() ? nodeCores : nodeCores.intersect(cpus);
        return permitted.minus(permitted.lowest(reserveCores));
    }

    private static void check(boolean good, String key, Number value, String expected) {
        if (!good) {
            throw new OffcutException(
                    ErrorCode.USAGE, "monitor." + key + " is " + value + ": expected " + expected);
        }
    }
}
