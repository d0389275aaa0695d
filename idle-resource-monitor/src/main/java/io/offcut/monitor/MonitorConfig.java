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
 * @param offerSiblings whether a thread is offered while a job holds, or anybody uses, another
 *     thread of its core
 * @param underused how quickly it believes that a job leaves idle what it holds
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
        long minOfferMemoryBytes,
        boolean offerSiblings,
        Underused underused) {
    private static final long MIB = 1 << 20;

    /**
     * When something that a job holds may be offered. It is given back in the sample in which the
     * job uses it.
     *
     * @param afterSamples how many samples in a row the job must leave a core idle, and be watched
     *     before any of its memory is offered
     * @param marginCores how many more of its cores a job keeps where load cannot be told by core
     * @param memoryMarginBytes what a job keeps at least over the most memory it was seen to use; a
     *     quarter of that when it is more
     * @param memoryStall share of the time in which a task of the job waits for memory, above which
     *     it gets back what was offered of it
     */
    public record Underused(
            int afterSamples, int marginCores, long memoryMarginBytes, double memoryStall) {
        public Underused {
            check(afterSamples >= 1, "underused.afterSamples", afterSamples, "1 or more");
            check(marginCores >= 0, "underused.marginCores", marginCores, "0 or more");
            check(
                    memoryMarginBytes >= 0,
                    "underused.memoryMarginBytes",
                    memoryMarginBytes,
                    "0 or more");
            check(
                    memoryStall > 0 && memoryStall <= 1,
                    "underused.memoryStall",
                    memoryStall,
                    "a fraction over 0 and at most 1");
        }
    }

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

    /**
     * All CPUs, half a gigabyte kept back, a core idle after three samples under 20 %, one of a job
     * after 30.
     */
    public static MonitorConfig defaults() {
        return new MonitorConfig(
                CpuSet.empty(),
                0,
                512 * MIB,
                0,
                0.2,
                3,
                64 * MIB,
                0.05,
                16 * MIB,
                false,
                new Underused(30, 1, 256 * MIB, 0.01));
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
                minOfferMemoryBytes,
                offerSiblings,
                underused);
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
                minOfferMemoryBytes,
                offerSiblings,
                underused);
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
                minOfferMemoryBytes,
                offerSiblings,
                underused);
    }

    /** The same with another idea of what a job leaves unused. */
    public MonitorConfig withUnderused(boolean newOfferSiblings, Underused newUnderused) {
        return new MonitorConfig(
                cpus,
                reserveCores,
                reserveMemoryBytes,
                memoryLimitBytes,
                busyThreshold,
                offerAfterSamples,
                memoryStepBytes,
                memoryStepFraction,
                minOfferMemoryBytes,
                newOfferSiblings,
                newUnderused);
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
