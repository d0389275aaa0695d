package io.offcut.node.internal.sensing;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.monitor.Allocations;
import io.offcut.monitor.IdleEstimator;
import io.offcut.monitor.NodeSample;
import java.util.ArrayList;
import java.util.List;

/**
 * A daemon that starts anew has seen nothing yet and would withdraw what its executors run on. So
 * the offers of the earlier daemon stay for the first samples, as far as leases hold them and
 * nobody else uses them: where only load tells what is idle, and of what a job leaves unused, while
 * a batch system says that this job still holds and shares it. Its word on everything else counts
 * at once. For one thread.
 */
final class StartGrace {
    private final double busyThreshold;
    private final int samples;
    private final int underusedSamples;
    private List<Offer> earlier;
    private int seen;

    /**
     * @param earlier what was offered and is still leased
     * @param samples how many samples the estimator needs to trust a core that nobody holds
     * @param underusedSamples and one that a job holds
     */
    StartGrace(List<Offer> earlier, double busyThreshold, int samples, int underusedSamples) {
        this.earlier = earlier;
        this.busyThreshold = busyThreshold;
        this.samples = samples;
        this.underusedSamples = underusedSamples;
    }

    /** What to advertise, given what the estimator says of this sample. */
    List<Offer> apply(List<Offer> estimated, NodeSample sample) {
        seen++;
        List<Offer> kept = new ArrayList<>();
        for (Offer offer : earlier) {
            CpuSet cores = kept(offer, sample);
            if (!cores.isEmpty() || isMemoryKept(offer, sample)) {
                kept.add(offer.withCores(cores));
            }
        }
        // What was once used by others has no grace any more.
        earlier = kept;
        List<Offer> merged = new ArrayList<>(estimated);
        kept.forEach(offer -> merge(merged, offer, offer.cores()));
        return merged;
    }

    private CpuSet kept(Offer offer, NodeSample sample) {
        CpuSet cores =
                switch (sample.allocations()) {
                    case Allocations.NoBatchSystem none when seen <= samples ->
                            offer.cores().intersect(sample.cores());
                    case Allocations.Known known when seen <= underusedSamples ->
                            lent(offer, known)
                                    .intersect(sample.cores())
                                    // There only a job's CPU time tells, and that takes long.
                                    .minus(sample.unjudgedCores());
                    default -> CpuSet.empty();
                };
        return CpuSet.of(cores.stream().filter(core -> !busy(core, sample)).toArray());
    }

    /** Of which only leases of memory were there: nobody's load says that it is not idle. */
    private boolean isMemoryKept(Offer offer, NodeSample sample) {
        return offer.cores().isEmpty()
                && sample.allocations() instanceof Allocations.NoBatchSystem
                && seen <= samples;
    }

    /** What of the offer its job holds and shares. */
    private static CpuSet lent(Offer offer, Allocations.Known known) {
        boolean underused = offer.reason() == Offer.Reason.UNDERUSED && !known.drained();
        for (Allocations.JobShare job :
                underused ? known.jobs() : List.<Allocations.JobShare>of()) {
            if (offer.offerId().equals(IdleEstimator.underusedId(job.jobId()))
                    && job.policy().shared()) {
                return offer.cores().intersect(job.cores());
            }
        }
        return CpuSet.empty();
    }

    private boolean busy(int core, NodeSample sample) {
        return sample.foreignLoads().of(core) > busyThreshold;
    }

    private static void merge(List<Offer> into, Offer earlier, CpuSet cores) {
        CpuSet others = CpuSet.empty();
        Offer same = null;
        for (Offer offer : into) {
            if (offer.offerId().equals(earlier.offerId())) {
                same = offer;
            } else {
                others = others.plus(offer.cores());
            }
        }
        CpuSet kept = cores.minus(others);
        if (kept.isEmpty() && !cores.isEmpty()) {
            return;
        }
        into.remove(same);
        into.add(
                new Offer(
                        earlier.offerId(),
                        same == null ? kept : same.cores().plus(kept),
                        same == null
                                ? earlier.memoryBytes()
                                : Math.max(same.memoryBytes(), earlier.memoryBytes()),
                        earlier.reason(),
                        earlier.untilEpochMillis(),
                        earlier.gpus()));
    }
}
