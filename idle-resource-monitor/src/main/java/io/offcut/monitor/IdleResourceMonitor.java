package io.offcut.monitor;

import io.offcut.core.Offer;
import java.util.List;

/** Looks and decides: what the node daemon calls once per period. One thread at a time. */
public final class IdleResourceMonitor {
    private final NodeSampler sampler;
    private final IdleEstimator estimator;

    public IdleResourceMonitor(NodeSampler sampler, IdleEstimator estimator) {
        this.sampler = sampler;
        this.estimator = estimator;
    }

    /** A sample and what follows from it. */
    public record Observation(NodeSample sample, List<Offer> offers) {}

    /**
     * Takes one sample; reads small files and does not otherwise block.
     *
     * @param nowEpochMillis the time
     * @return the sample and everything that should be advertised from now on
     */
    public Observation observe(long nowEpochMillis) {
        NodeSample sample = sampler.sample();
        return new Observation(sample, estimator.update(sample, nowEpochMillis));
    }
}
