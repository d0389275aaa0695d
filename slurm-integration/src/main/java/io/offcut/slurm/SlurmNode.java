package io.offcut.slurm;

import java.util.List;
import java.util.Set;

/**
 * One node as {@code scontrol show node -o} shows it.
 *
 * @param name the cluster's name of the node
 * @param state the base state
 * @param flags what is added to it, for example {@code DRAIN}, {@code NOT_RESPONDING}, in capitals
 * @param cpus logical CPUs, as configured
 * @param memoryBytes memory, as configured
 * @param allocatedCpus CPUs that jobs hold
 * @param allocatedMemoryBytes memory that jobs hold, in bytes
 * @param partitions the partitions it belongs to
 * @param reason why it is drained or down, empty if nobody said
 * @param gpus how many GPUs it has (gres), as configured
 */
public record SlurmNode(
        String name,
        State state,
        Set<String> flags,
        int cpus,
        long memoryBytes,
        int allocatedCpus,
        long allocatedMemoryBytes,
        List<String> partitions,
        String reason,
        int gpus) {
    /** Base state of a node (sinfo(1), "NODE STATE CODES"). */
    public enum State {
        IDLE,
        MIXED,
        ALLOCATED,
        DOWN,
        ERROR,
        FUTURE,
        UNKNOWN
    }

    /** What the state means for work on the node. */
    public enum Availability {
        /** Slurm would place jobs there. */
        AVAILABLE,
        /** It answers, but an administrator or a reservation keeps new work away. */
        DRAINED,
        /**
         * Slurm hears nothing of it right now. It may be lost, or its slurmd is being restarted
         * while everything on the node runs on: the node's own daemon knows better.
         */
        SILENT,
        /** It is off, or was declared down. */
        DOWN
    }

    private static final Set<String> DOWN_FLAGS =
            Set.of(
                    "POWERING_DOWN",
                    "POWERED_DOWN",
                    "POWERING_UP",
                    "POWER_DOWN",
                    "REBOOT_ISSUED",
                    "INVALID_REG",
                    "FUTURE");
    private static final Set<String> SILENT_FLAGS = Set.of("NOT_RESPONDING", "NO_RESPOND");
    private static final Set<String> DRAIN_FLAGS =
            Set.of(
                    "DRAIN",
                    "DRAINED",
                    "DRAINING",
                    "FAIL",
                    "FAILING",
                    "MAINT",
                    "MAINTENANCE",
                    "POWER_DRAIN",
                    "REBOOT_REQUESTED",
                    "REBOOT");

    /** A node without GPUs. */
    public SlurmNode(
            String name,
            State state,
            Set<String> flags,
            int cpus,
            long memoryBytes,
            int allocatedCpus,
            long allocatedMemoryBytes,
            List<String> partitions,
            String reason) {
        this(
                name,
                state,
                flags,
                cpus,
                memoryBytes,
                allocatedCpus,
                allocatedMemoryBytes,
                partitions,
                reason,
                0);
    }

    public SlurmNode {
        flags = Set.copyOf(flags);
        partitions = List.copyOf(partitions);
    }

    /** Whether work may go there. A state this version does not know counts as down. */
    public Availability availability() {
        boolean up = state == State.IDLE || state == State.MIXED || state == State.ALLOCATED;
        if (!up || flags.stream().anyMatch(DOWN_FLAGS::contains)) {
            return Availability.DOWN;
        }
        if (flags.stream().anyMatch(DRAIN_FLAGS::contains)) {
            return Availability.DRAINED;
        }
        return flags.stream().anyMatch(SILENT_FLAGS::contains)
                ? Availability.SILENT
                : Availability.AVAILABLE;
    }
}
