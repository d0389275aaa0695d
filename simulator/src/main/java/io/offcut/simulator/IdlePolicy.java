package io.offcut.simulator;

import io.offcut.core.CpuSet;
import java.util.List;

/** How functions come to the idle nodes of a record. */
public sealed interface IdlePolicy {
    /** Short name, as on the command line and in files. */
    String name();

    /**
     * Pilot jobs of fixed lengths that the batch system starts on idle nodes, placed with knowledge
     * of the future: from the beginning of an idle interval the longest that fits, then again. What
     * real pilots reach is less, unless they may be preempted in the middle.
     *
     * <p>HPC-Whisk's model (Przybylski et al., SC 2022), which counts in samples.
     *
     * @param lengthSamples lengths of pilots, in samples, each at least 1
     * @param warmUpSamples samples of each pilot in which it is not ready yet
     */
    record GreedyPilot(List<Integer> lengthSamples, int warmUpSamples) implements IdlePolicy {
        /** 2 to 90 minutes, which the authors took; 20 s of warm-up; a sample each 10 s. */
        public static final GreedyPilot HPC_WHISK =
                new GreedyPilot(List.of(12, 24, 36, 48, 84, 132, 204, 336, 540), 2);

        public GreedyPilot {
            if (lengthSamples.isEmpty() || warmUpSamples < 0) {
                throw new IllegalArgumentException(
                        "pilots need lengths and no negative warm-up: "
                                + lengthSamples
                                + ", "
                                + warmUpSamples);
            }
            lengthSamples = lengthSamples.stream().sorted().distinct().toList();
            if (lengthSamples.getFirst() < 1) {
                throw new IllegalArgumentException(
                        "pilots of " + lengthSamples.getFirst() + " samples; give at least 1");
            }
        }

        @Override
        public String name() {
            return "greedy-pilot";
        }
    }

    /**
     * Offcut's own: a daemon on every node, leases granted by the scheduling core for as long as
     * the node is idle.
     *
     * @param holdOffMillis a node must be idle for so long before it is offered, above 0
     * @param startUpMillis from the grant of a lease until its functions can be called
     * @param coresPerNode cores of each node; shares of node-time do not depend on it
     */
    record Lease(long holdOffMillis, long startUpMillis, int coresPerNode) implements IdlePolicy {
        /** Three samples, one a second: the node daemon's defaults (docs/reference). */
        public static final long HOLD_OFF_MILLIS = 3_000;

        /** No executor waits: 89.3 ms at the median in docs/reference/performance.md. */
        public static final long COLD_START_MILLIS = 90;

        /** An executor waits: 14.6 ms at the median in docs/reference/performance.md. */
        public static final long PRE_WARMED_START_MILLIS = 15;

        private static final long MAX_MILLIS = 86_400_000;

        /** Every executor starts cold. */
        public static final Lease COLD = new Lease(HOLD_OFF_MILLIS, COLD_START_MILLIS, 1);

        public Lease {
            if (holdOffMillis < 1
                    || holdOffMillis > MAX_MILLIS
                    || startUpMillis < 0
                    || startUpMillis > MAX_MILLIS
                    || coresPerNode < 1
                    || coresPerNode > CpuSet.MAX_CPU + 1) {
                throw new IllegalArgumentException(
                        "leases need a hold-off above 0 and a start-up, a day at most, and 1 to "
                                + (CpuSet.MAX_CPU + 1)
                                + " cores of a node: "
                                + holdOffMillis
                                + " ms, "
                                + startUpMillis
                                + " ms, "
                                + coresPerNode
                                + " cores");
            }
        }

        @Override
        public String name() {
            return "lease";
        }
    }
}
