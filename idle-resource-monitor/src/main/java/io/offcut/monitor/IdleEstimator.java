package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.monitor.Allocations.JobShare;
import java.util.Arrays;
import java.util.List;

/**
 * Decides what is offered. Pure: the same samples give the same offers.
 *
 * <p>A core moves between three standings:
 *
 * <pre>
 *   BUSY ──enough idle samples──▶ OFFERED ──one busy sample──▶ SUSPECT ──offerAfterSamples──▶ OFFERED
 *     ▲                              │                            │
 *     └──────────── given to a job ──┴────────────────────────────┘
 * </pre>
 *
 * <p>Enough is {@code offerAfterSamples} where only load tells, and one where a batch system says
 * that nobody holds the core. Retreat never waits: a core that is busy, given out or not permitted
 * is not in the offers of that very sample, and neither is memory that is gone.
 *
 * <p>There is at most one offer, {@link #UNALLOCATED_ID}; its cores and memory change while it
 * lives. Cores that a job holds and leaves idle are not offered. Not safe for use by several
 * threads.
 */
public final class IdleEstimator {
    /** The offer of everything that no job holds; the same id for ever, also after a restart. */
    public static final String UNALLOCATED_ID = "unallocated";

    private static final int HEADROOM_DIVISOR = 4;

    private final MonitorConfig config;
    private CpuSet offered = CpuSet.empty();
    private CpuSet suspect = CpuSet.empty();
    private int[] idleSamples = new int[64];
    private long offeredMemoryBytes;

    public IdleEstimator(MonitorConfig config) {
        this.config = config;
    }

    /**
     * Takes in a sample.
     *
     * @param nowEpochMillis when it was taken
     * @return everything that should be advertised from now on
     */
    public List<Offer> update(NodeSample sample, long nowEpochMillis) {
        CpuSet candidates = candidates(sample);
        forget(sample.cores().minus(candidates));
        judge(candidates, sample.foreignLoads());
        boolean trusted = sample.allocations() instanceof Allocations.Known;
        offered =
                CpuSet.of(
                        candidates.stream()
                                .filter(core ->
                                        isIdle(core, sample.foreignLoads().of(core), trusted))
                                .toArray());
        offeredMemoryBytes = candidates.isEmpty() ? 0 : memory(sample);
        if (offered.isEmpty() || offeredMemoryBytes < Math.max(1, config.minOfferMemoryBytes())) {
            return List.of();
        }
        long until = until(sample.allocations(), nowEpochMillis);
        return List.of(
                new Offer(
                        UNALLOCATED_ID,
                        offered,
                        offeredMemoryBytes,
                        Offer.Reason.UNALLOCATED,
                        until));
    }

    /** Cores that may be offered if nobody uses them. */
    private CpuSet candidates(NodeSample sample) {
        CpuSet offerable = config.offerable(sample.cores());
        return switch (sample.allocations()) {
            case Allocations.NoBatchSystem none -> offerable;
            case Allocations.Unknown unknown -> CpuSet.empty();
            case Allocations.Known known -> {
                if (known.drained()
                        || known.jobs().stream().anyMatch(job -> job.cores().isEmpty())) {
                    yield CpuSet.empty();
                }
                CpuSet free = offerable;
                for (JobShare job : known.jobs()) {
                    free = free.minus(job.cores());
                }
                yield free;
            }
        };
    }

    /** Cores in other hands start anew when they come back. */
    private void forget(CpuSet cores) {
        suspect = suspect.minus(cores);
        cores.stream().filter(core -> core < idleSamples.length).forEach(c -> idleSamples[c] = 0);
    }

    private void judge(CpuSet candidates, CoreLoads loads) {
        int highest = candidates.stream().max().orElse(0);
        if (highest >= idleSamples.length) {
            idleSamples = Arrays.copyOf(idleSamples, highest + 64);
        }
        for (int core : candidates.toArray()) {
            double load = loads.of(core);
            if (load > config.busyThreshold()) {
                idleSamples[core] = 0;
                suspect = offered.contains(core) ? suspect.plus(CpuSet.of(core)) : suspect;
            } else if (!Double.isNaN(load)) {
                idleSamples[core] = Math.min(idleSamples[core], Integer.MAX_VALUE - 1) + 1;
            }
        }
    }

    /** Whether the core may be offered now, its latest load counted. */
    private boolean isIdle(int core, double load, boolean trusted) {
        if (idleSamples[core] >= config.offerAfterSamples()) {
            suspect = suspect.contains(core) ? suspect.minus(CpuSet.of(core)) : suspect;
            return true;
        }
        return trusted && !suspect.contains(core) && (idleSamples[core] > 0 || Double.isNaN(load));
    }

    /**
     * Memory to offer. Small swings of the machine's available memory must not move the offer: it
     * is set a little below the target, grows in steps, and shrinks when the target is below it.
     */
    private long memory(NodeSample sample) {
        long taken = config.reserveMemoryBytes();
        long bound = config.memoryLimitBytes() > 0 ? config.memoryLimitBytes() : Long.MAX_VALUE;
        if (sample.allocations() instanceof Allocations.Known known) {
            taken += known.jobs().stream().mapToLong(JobShare::memoryToComeBytes).sum();
            bound = Math.min(bound, unallocated(known));
        }
        long free = sample.memoryAvailableBytes() + sample.ownMemoryBytes() - taken;
        long headroom = config.memoryStepBytes() / HEADROOM_DIVISOR;
        long target = Math.max(0, Math.min(free, bound));
        long careful = Math.max(0, Math.min(free - headroom, bound));
        boolean shrink = target < offeredMemoryBytes;
        boolean grow = careful > offeredMemoryBytes && careful - offeredMemoryBytes >= step();
        return shrink || grow ? careful : offeredMemoryBytes;
    }

    private long step() {
        long fraction = (long) (config.memoryStepFraction() * offeredMemoryBytes);
        return Math.min(config.memoryStepBytes(), fraction);
    }

    private static long unallocated(Allocations.Known known) {
        if (known.memoryBytes() == 0) {
            return Long.MAX_VALUE;
        }
        return known.memoryBytes() - known.jobs().stream().mapToLong(JobShare::memoryBytes).sum();
    }

    /** A plan whose time has passed without the job is no plan. */
    private static long until(Allocations allocations, long nowEpochMillis) {
        return allocations instanceof Allocations.Known known
                        && known.idleUntilEpochMillis() > nowEpochMillis
                ? known.idleUntilEpochMillis()
                : Offer.UNKNOWN_UNTIL;
    }
}
