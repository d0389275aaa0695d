package io.offcut.traces;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where jobs ran, in primitive columns: for each job some parts, each a run of nodes that are
 * numbered one after the other, and the processors it got on each of them. 4 bytes a job and 8 a
 * part, so that a job on one node, or on nodes side by side, takes 12. Immutable, for use by any
 * thread.
 */
public final class Placements {
    /** The number of the first processor when the log names nodes only. */
    public static final int UNKNOWN_CPU = 0xfff;

    /** A log that does not tell. */
    static final Placements NONE = new Placements(List.of(), new int[0], new long[0]);

    private static final int MAX_NODES = 1 << 24;
    private static final int MAX_RUN = 0xffff;
    private static final int MAX_CPUS = 0xffe;
    private static final int RUN_SHIFT = 24;
    private static final int CPU_SHIFT = 12;
    private static final int NODE_SHIFT = 40;

    private final List<String> nodes;
    // Parts of a job are [starts[row], starts[row + 1]).
    private final int[] starts;
    private final long[] parts;

    private Placements(List<String> nodes, int[] starts, long[] parts) {
        this.nodes = nodes;
        this.starts = starts;
        this.parts = parts;
    }

    /** Takes one part of a job's placement. */
    @FunctionalInterface
    public interface Part {
        /**
         * Takes it.
         *
         * @param node number of the first node, an index of {@link #nodes()}
         * @param nodes how many nodes, numbered one after the other
         * @param firstCpu number of the first processor on each, or {@link #UNKNOWN_CPU}
         * @param cpus how many processors on each, side by side
         */
        void at(int node, int nodes, int firstCpu, int cpus);
    }

    /** Whether the log tells of no job where it ran. */
    public boolean isEmpty() {
        return parts.length == 0;
    }

    /** Names of the nodes, in the order they were first met. */
    public List<String> nodes() {
        return nodes;
    }

    /** Whether it is known where this job ran. */
    public boolean isKnown(int row) {
        return starts.length > 0 && starts[row] < starts[row + 1];
    }

    /** The parts of one job. */
    public void forEach(int row, Part part) {
        if (starts.length == 0) {
            return;
        }
        for (int at = starts[row]; at < starts[row + 1]; at++) {
            long packed = parts[at];
            part.at(
                    (int) (packed >>> NODE_SHIFT),
                    (int) ((packed >>> RUN_SHIFT) & MAX_RUN),
                    (int) ((packed >>> CPU_SHIFT) & UNKNOWN_CPU),
                    (int) (packed & UNKNOWN_CPU));
        }
    }

    /** These placements with the nodes called otherwise. */
    Placements renamed(List<String> names) {
        return new Placements(List.copyOf(names), starts, parts);
    }

    long columnBytes() {
        return 4L * starts.length + 8L * parts.length;
    }

    void copy(int row, Builder into) {
        forEach(row, into::part);
    }

    /** The same into those of other logs, where equal names are one node. */
    void copyByName(int row, Builder into) {
        forEach(
                row,
                (first, count, firstCpu, cpus) -> {
                    for (int node = first; node < first + count; node++) {
                        into.part(nodes.get(node), firstCpu, cpus);
                    }
                });
    }

    /** Collects the parts of one job after the other. For one thread. */
    static final class Builder {
        private final Map<String, Integer> numbers = new HashMap<>();
        private List<String> names = new ArrayList<>();
        private int[] starts = new int[0];
        private long[] parts = new long[0];
        private int jobs;
        private int size;

        /** Numbers the nodes as another table does. */
        void nodesOf(Placements other) {
            names = new ArrayList<>(other.nodes);
            for (int node = 0; node < names.size(); node++) {
                numbers.put(names.get(node), node);
            }
        }

        /** One more part of the next job on a node. */
        void part(String node, int firstCpu, int cpus) {
            Integer known = numbers.get(node);
            if (known == null && names.size() == MAX_NODES) {
                return;
            }
            if (known == null) {
                known = names.size();
                numbers.put(node, known);
                names.add(node);
            }
            if (!extended(known, firstCpu, cpus)) {
                part(known, 1, firstCpu, cpus);
            }
        }

        /** Whether the node could be joined to the part before: the next node, the same cores. */
        private boolean extended(int node, int firstCpu, int cpus) {
            int jobStart = starts.length == 0 ? 0 : starts[jobs];
            if (size <= jobStart) {
                return false;
            }
            long last = parts[size - 1];
            int run = (int) ((last >>> RUN_SHIFT) & MAX_RUN);
            if (run == MAX_RUN
                    || (last >>> NODE_SHIFT) + run != node
                    || ((last >>> CPU_SHIFT) & UNKNOWN_CPU) != firstCpu
                    || (last & UNKNOWN_CPU) != Math.clamp(cpus, 0, MAX_CPUS)) {
                return false;
            }
            parts[size - 1] = last + (1L << RUN_SHIFT);
            return true;
        }

        void part(int node, int run, int firstCpu, int cpus) {
            if (size == parts.length) {
                parts = Arrays.copyOf(parts, Math.max(64, size + (size >> 1)));
            }
            if (starts.length == 0) {
                starts = new int[Math.max(64, jobs + (jobs >> 1) + 2)];
            }
            parts[size++] =
                    ((long) node << NODE_SHIFT)
                            | ((long) run << RUN_SHIFT)
                            | ((long) Math.min(firstCpu, UNKNOWN_CPU) << CPU_SHIFT)
                            | Math.clamp(cpus, 0, MAX_CPUS);
        }

        /** The next parts are another job's. */
        void endJob() {
            jobs++;
            if (starts.length > 0) {
                if (jobs == starts.length) {
                    starts = Arrays.copyOf(starts, jobs + (jobs >> 1));
                }
                starts[jobs] = size;
            }
        }

        Placements build(int rows) {
            return size == 0
                    ? NONE
                    : new Placements(
                            List.copyOf(names),
                            Arrays.copyOf(starts, rows + 1),
                            Arrays.copyOf(parts, size));
        }
    }
}
