package io.offcut.slurm;

import io.offcut.core.IdleEnd;
import io.offcut.core.IdleEnd.Why;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * From what Slurm means to do to when its nodes stop being idle. Remembers since when a job is due:
 * Slurm says of an overdue one that it starts now, every time it is asked. For one thread.
 */
final class ClusterPlan {
    /** How far the controller's clock, and its answer, may be from ours. */
    private static final long TOLERANCE_MILLIS = 2_000;

    private Map<String, Long> dueSinceMillis = Map.of();

    /** What limits each node; nodes that nothing limits are missing. */
    Map<String, List<IdleEnd>> update(
            List<PlannedStart> starts, List<SlurmReservation> reservations, long nowMillis) {
        Map<String, IdleEnd> byPlan = new HashMap<>();
        Map<String, Long> due = new HashMap<>();
        for (PlannedStart start : starts) {
            long atMillis = start.startsAt().toEpochMilli();
            if (atMillis <= nowMillis + TOLERANCE_MILLIS) {
                atMillis = dueSinceMillis.getOrDefault(start.jobId(), atMillis);
                due.put(start.jobId(), atMillis);
            }
            note(start.nodes(), new IdleEnd(atMillis, Why.PLAN, start.jobId()), byPlan);
        }
        dueSinceMillis = due;
        Map<String, IdleEnd> byReservation = new HashMap<>();
        for (SlurmReservation reservation : reservations) {
            long atMillis = reservation.startsAt().toEpochMilli();
            // Once it has begun its nodes are for its users' jobs, and those are planned too; nodes
            // in maintenance are out of service by their state.
            if (atMillis > nowMillis && !reservation.floats()) {
                note(
                        reservation.nodes(),
                        new IdleEnd(atMillis, Why.RESERVATION, reservation.name()),
                        byReservation);
            }
        }
        Map<String, List<IdleEnd>> ends = new HashMap<>();
        byPlan.forEach((node, end) -> ends.computeIfAbsent(node, n -> new ArrayList<>()).add(end));
        byReservation.forEach(
                (node, end) -> ends.computeIfAbsent(node, n -> new ArrayList<>()).add(end));
        return ends;
    }

    private static void note(List<String> nodes, IdleEnd end, Map<String, IdleEnd> earliest) {
        for (String node : nodes) {
            earliest.merge(node, end, (a, b) -> a.atEpochMillis() <= b.atEpochMillis() ? a : b);
        }
    }
}
