package io.offcut.slurm.internal.parse;

import io.offcut.core.HostList;
import io.offcut.slurm.PlannedStart;
import io.offcut.slurm.SlurmReservation;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads what Slurm means to do: pending jobs as {@code squeue} prints them in {@link
 * #START_FORMAT}, and {@code scontrol show reservation -o}. Pure and lenient: a line that is not
 * understood is no plan.
 */
public final class PlanRecords {
    /**
     * Job id, expected start, nodes it is expected to get (squeue(1)); of Slurm 20.11 to 25.05.
     * Nothing in it is a user's text.
     */
    public static final String START_FORMAT = "%A|%S|%Y";

    private PlanRecords() {}

    /**
     * Reads one line; null of a job without a time or without nodes, which is Slurm's answer for
     * held and dependent jobs, for those it has not planned yet, and for jobs with a begin time.
     */
    public static @Nullable PlannedStart parseStart(String line) {
        String[] parts = line.strip().split("\\|", -1);
        if (parts.length != 3 || !SlurmText.isJobId(parts[0])) {
            return null;
        }
        Instant startsAt = SlurmText.time(parts[1]);
        List<String> nodes = HostList.expandOrNone(parts[2]);
        return startsAt == null || nodes.isEmpty()
                ? null
                : new PlannedStart(parts[0], startsAt, nodes);
    }

    /** Reads one line; null if it is no reservation, or one without times. */
    public static @Nullable SlurmReservation parseReservation(String line) {
        if (!line.startsWith("ReservationName=")) {
            return null;
        }
        FieldLine fields = FieldLine.parse(line);
        Instant startsAt = SlurmText.time(fields.first("StartTime"));
        Instant endsAt = SlurmText.time(fields.first("EndTime"));
        if (startsAt == null || endsAt == null) {
            return null;
        }
        return new SlurmReservation(
                SlurmText.free(fields.first("ReservationName")),
                startsAt,
                endsAt,
                flags(fields.firstOr("Flags", "")),
                HostList.expandOrNone(fields.firstOr("Nodes", "")));
    }

    private static Set<String> flags(String text) {
        return Arrays.stream(text.split(",", -1))
                .map(flag -> SlurmText.upper(flag.strip()))
                .filter(flag -> !flag.isEmpty())
                .collect(Collectors.toSet());
    }
}
