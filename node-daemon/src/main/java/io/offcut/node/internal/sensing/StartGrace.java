package io.offcut.node.internal.sensing;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.monitor.Allocations;
import io.offcut.monitor.NodeSample;
import java.util.ArrayList;
import java.util.List;

/**
 * A daemon that starts anew has seen nothing yet and would withdraw what its executors run on.
 * Where only load tells what is idle, the offers of the earlier daemon stay for the first samples,
 * as far as leases hold them and nobody else uses them. A batch system's word counts at once. For
 * one thread.
 */
final class StartGrace {
    private final List<Offer> earlier;
    private final double busyThreshold;
    private int samplesLeft;

    /**
     * @param earlier what was offered and is still leased
     * @param samples how many samples the estimator needs to trust a core
     */
    StartGrace(List<Offer> earlier, double busyThreshold, int samples) {
        this.earlier = earlier;
        this.busyThreshold = busyThreshold;
        this.samplesLeft = samples;
    }

    /** What to advertise, given what the estimator says of this sample. */
    List<Offer> apply(List<Offer> estimated, NodeSample sample) {
        if (samplesLeft <= 0 || !(sample.allocations() instanceof Allocations.NoBatchSystem)) {
            return estimated;
        }
        samplesLeft--;
        List<Offer> merged = new ArrayList<>(estimated);
        for (Offer offer : earlier) {
            CpuSet quiet =
                    CpuSet.of(
                            offer.cores().stream()
                                    .filter(sample.cores()::contains)
                                    .filter(core -> !busy(core, sample))
                                    .toArray());
            merge(merged, offer, quiet);
        }
        return merged;
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
        if (kept.isEmpty()) {
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
                        earlier.untilEpochMillis()));
    }
}
