package io.offcut.slurm;

import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * A reservation of nodes, for users or for maintenance (scontrol(1), "SHOW").
 *
 * @param startsAt of a repeated one, its present or next time
 * @param flags for example {@code MAINT}, {@code DAILY}, in capitals
 * @param nodes empty for one of licences only
 */
public record SlurmReservation(
        String name, Instant startsAt, Instant endsAt, Set<String> flags, List<String> nodes) {
    public SlurmReservation {
        flags = Set.copyOf(flags);
        nodes = List.copyOf(nodes);
    }

    /** Whether its start moves on with the clock, so that it never begins by itself. */
    public boolean floats() {
        return flags.contains("TIME_FLOAT");
    }
}
