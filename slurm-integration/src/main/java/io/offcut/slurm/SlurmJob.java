package io.offcut.slurm;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One job as {@code scontrol show job -d -o} shows it.
 *
 * <p>Users choose names and comments freely, and Slurm prints them unquoted between its own fields.
 * A record in which such a text could be mistaken for a field is not {@link #certain()}: treat the
 * job as one that wants every core of its nodes.
 *
 * @param jobId the number of this job; each element of an array has its own
 * @param arrayJobId the number of the array, or null
 * @param arrayTaskId the element, for example {@code 3}, or while it waits {@code 3-9%2}; or null
 * @param name as the user chose it, without control characters, cut to 256
 * @param user login name
 * @param uid user number, -1 if unreadable
 * @param state now; {@link JobState#UNKNOWN} in a record that is not certain
 * @param partition where it was submitted or runs
 * @param startTime when it started, or is expected to; null if unknown
 * @param endTime when it ended, or its time limit ends; null if unknown
 * @param exclusive whether no other job may use its nodes ({@code OverSubscribe=NO})
 * @param nodes the names of its nodes, empty while it waits
 * @param allocations what it holds, by node; a node may be missing if Slurm did not say
 * @param certain whether every field was there once and readable
 */
public record SlurmJob(
        String jobId,
        @Nullable String arrayJobId,
        @Nullable String arrayTaskId,
        String name,
        String user,
        int uid,
        JobState state,
        String partition,
        @Nullable Instant startTime,
        @Nullable Instant endTime,
        boolean exclusive,
        List<String> nodes,
        Map<String, NodeAllocation> allocations,
        boolean certain) {
    public SlurmJob {
        nodes = List.copyOf(nodes);
        allocations = Map.copyOf(allocations);
    }

    /**
     * What the job holds of the node; empty if the record does not say so beyond doubt, which a
     * caller must take as the whole node.
     */
    public Optional<NodeAllocation> allocationOn(String node) {
        return certain ? Optional.ofNullable(allocations.get(node)) : Optional.empty();
    }

    /** The same record, marked as one that may not be relied on. */
    public SlurmJob doubted() {
        return new SlurmJob(
                jobId,
                arrayJobId,
                arrayTaskId,
                name,
                user,
                uid,
                JobState.UNKNOWN,
                partition,
                startTime,
                endTime,
                exclusive,
                nodes,
                allocations,
                false);
    }
}
