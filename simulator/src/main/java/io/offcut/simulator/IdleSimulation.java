package io.offcut.simulator;

import io.offcut.simulator.IdleResult.Read;
import io.offcut.simulator.internal.idle.GreedyPilots;
import io.offcut.simulator.internal.idle.LeaseReplay;
import io.offcut.traces.idle.IdleRecord;
import java.util.ArrayList;
import java.util.List;

/**
 * What functions would gain from the idle nodes that a site recorded: every batch job stays as it
 * was. Pure: one record and policy always give one result. Each call is for one thread.
 */
public final class IdleSimulation {
    private static final double MILLIS_PER_HOUR = 3_600_000;

    private IdleSimulation() {}

    /** Replays a record. */
    public static IdleResult run(IdleRecord record, IdlePolicy policy) {
        return switch (policy) {
            case IdlePolicy.GreedyPilot pilots -> pilots(record, pilots);
            case IdlePolicy.Lease leases -> leases(record, leases);
        };
    }

    private static IdleResult pilots(IdleRecord record, IdlePolicy.GreedyPilot policy) {
        GreedyPilots placed = GreedyPilots.place(record, policy);
        return new IdleResult(
                policy,
                placed.use(),
                placed.use().ready() * record.meanGapMillis() / MILLIS_PER_HOUR,
                placed.pilots(),
                placed.readyNodes(),
                List.of());
    }

    private static IdleResult leases(IdleRecord record, IdlePolicy.Lease policy) {
        LeaseReplay replay = new LeaseReplay(record, policy, IdleReading.HELD);
        LeaseReplay.Outcome held = replay.run();
        List<Read> reads = new ArrayList<>();
        for (IdleReading reading : IdleReading.values()) {
            LeaseReplay.Outcome outcome =
                    reading == IdleReading.HELD
                            ? held
                            : new LeaseReplay(record, policy, reading).run();
            reads.add(new Read(reading, outcome.use(), outcome.leases()));
        }
        return new IdleResult(
                policy,
                held.use(),
                held.use().ready() / MILLIS_PER_HOUR,
                held.leases(),
                replay.readyNodes(),
                reads);
    }
}
