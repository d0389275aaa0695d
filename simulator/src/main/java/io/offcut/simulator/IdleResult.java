package io.offcut.simulator;

import java.util.Arrays;
import java.util.List;

/**
 * What a policy makes of a record's idle nodes. Not changed; for any thread.
 *
 * <p>Pilots are counted in samples of nodes, leases in milliseconds of nodes, read as {@link
 * IdleReading#HELD}: shares of either compare, sums do not.
 */
public final class IdleResult {
    /**
     * Idle node-time, and what it was used for.
     *
     * @param idle all of it: the ideal
     * @param ready functions could be called
     * @param warmUp a pilot or executor started
     */
    public record Use(long idle, long ready, long warmUp) {
        public double readyShare() {
            return share(ready);
        }

        public double warmUpShare() {
            return share(warmUp);
        }

        /** Neither ready nor on the way to it. */
        public double unusedShare() {
            return idle == 0 ? 0 : 1 - share(ready + warmUp);
        }

        private double share(long part) {
            return idle == 0 ? 0 : (double) part / idle;
        }
    }

    /**
     * The same by another reading of the record.
     *
     * @param leases granted
     */
    public record Read(IdleReading reading, Use use, long leases) {}

    private final IdlePolicy policy;
    private final Use use;
    private final double readyNodeHours;
    private final long workers;
    private final int[] readyNodes;
    private final List<Read> readings;

    /**
     * @param use of idle node-time
     * @param readyNodeHours that time in hours
     * @param workers pilots started or leases granted
     * @param readyNodes nodes that were ready at each sample
     * @param readings of the record, from the shortest; none for pilots, which are placed by sample
     */
    public IdleResult(
            IdlePolicy policy,
            Use use,
            double readyNodeHours,
            long workers,
            int[] readyNodes,
            List<Read> readings) {
        this.policy = policy;
        this.use = use;
        this.readyNodeHours = readyNodeHours;
        this.workers = workers;
        this.readyNodes = readyNodes.clone();
        this.readings = List.copyOf(readings);
    }

    public IdlePolicy policy() {
        return policy;
    }

    public Use use() {
        return use;
    }

    public double readyNodeHours() {
        return readyNodeHours;
    }

    /** Pilots started or leases granted. */
    public long workers() {
        return workers;
    }

    /** Nodes on which functions could be called at a sample. */
    public int readyNodes(int sample) {
        return readyNodes[sample];
    }

    /** Ready nodes of all samples together. */
    public long readySamples() {
        return Arrays.stream(readyNodes).asLongStream().sum();
    }

    /** Samples at which functions could be called nowhere. */
    public int samplesWithoutReady() {
        return (int) Arrays.stream(readyNodes).filter(ready -> ready == 0).count();
    }

    public double meanReadyNodes() {
        return (double) readySamples() / readyNodes.length;
    }

    /** By every reading of what happened between samples, from the shortest. */
    public List<Read> readings() {
        return readings;
    }
}
