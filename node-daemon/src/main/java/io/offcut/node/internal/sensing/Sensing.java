package io.offcut.node.internal.sensing;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.linux.CpuMap;
import io.offcut.linux.CpuTopology;
import io.offcut.monitor.AllocationSource;
import io.offcut.monitor.IdleEstimator;
import io.offcut.monitor.MonitorConfig;
import io.offcut.monitor.NodeSample;
import io.offcut.monitor.NodeSampler;
import io.offcut.monitor.OwnExecutor;
import io.offcut.node.NodeConfig;
import io.offcut.node.internal.loop.EventLoop;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the node once per period, and at once when a job comes, on a thread of its own; tells
 * what is to be offered.
 */
public final class Sensing implements AutoCloseable {
    /** Who acts on it. */
    public interface Watcher {
        /**
         * These are the offers from now on. Called on the sensing thread; returns when executors on
         * cores that are not among them have been told to stand still.
         */
        void offers(List<Offer> offers);

        /** Waits until all that was told to stand still does; false when it does not in time. */
        boolean awaitFrozen(long timeoutMillis);

        /** Once per period, after the offers. */
        void sampled();
    }

    private static final Logger log = LoggerFactory.getLogger(Sensing.class);
    private static final long MEMORY_SHARE_FOR_OVERHEAD = 8;

    private final Watcher watcher;
    private final EventLoop loop = new EventLoop("node-sensing");
    private final NodeSampler sampler;
    private final IdleEstimator estimator;
    private final StartGrace grace;
    private final @Nullable SlurmSide slurm;

    /**
     * Begins to look. Blocks while Slurm is asked for the first time.
     *
     * @param cores logical CPUs of the node
     * @param earlier offers of an earlier daemon that leases still hold
     */
    public Sensing(
            NodeConfig config,
            CpuSet cores,
            long memoryBytes,
            CpuMap cpus,
            List<Offer> earlier,
            Supplier<List<OwnExecutor>> own,
            Watcher watcher) {
        this.watcher = watcher;
        this.slurm =
                config.slurmOn()
                        ? new SlurmSide(config, cores, memoryBytes, cpus, this::jobsChanged)
                        : null;
        AllocationSource source = slurm == null ? AllocationSource.NONE : slurm;
        this.sampler =
                new NodeSampler(NodeSampler.Sources.live(config.name(), own, source), cores, cpus);
        this.estimator =
                new IdleEstimator(
                        monitorConfig(config, cores, memoryBytes),
                        cpus.isIdentity()
                                ? CpuTopology.read(CpuTopology.SYS_CPU)
                                : CpuTopology.unknown());
        this.grace =
                new StartGrace(
                        earlier,
                        config.busyThreshold(),
                        config.offerAfterSamples() + 2,
                        config.underusedAfterSamples() + 2);
        loop.execute(this::look);
        var _ =
                loop.every(
                        config.samplePeriodMillis(),
                        () -> {
                            look();
                            watcher.sampled();
                        });
    }

    private static MonitorConfig monitorConfig(NodeConfig config, CpuSet cores, long memoryBytes) {
        // The virtual machines of executors need memory that no lease pays for.
        long overhead =
                Math.min(
                        config.executorOverheadBytes() * cores.size(),
                        memoryBytes / MEMORY_SHARE_FOR_OVERHEAD);
        long limit =
                config.memoryBytes() == 0
                        ? 0
                        : Math.max(1, config.memoryBytes() - config.reserveMemoryBytes());
        MonitorConfig defaults = MonitorConfig.defaults();
        return defaults.withCpus(cores)
                .withReserve(config.reserveCores(), config.reserveMemoryBytes() + overhead, limit)
                .withIdleness(config.busyThreshold(), config.offerAfterSamples())
                .withUnderused(
                        config.offerSiblings().equals("on"),
                        new MonitorConfig.Underused(
                                config.underusedAfterSamples(),
                                defaults.underused().marginCores(),
                                config.jobMemoryMarginBytes(),
                                defaults.underused().memoryStall()));
    }

    private void look() {
        NodeSample sample = sampler.sample();
        List<Offer> estimated = estimator.update(sample, System.currentTimeMillis());
        watcher.offers(grace.apply(estimated, sample));
    }

    private void jobsChanged(long timeoutMillis) throws InterruptedException {
        try {
            loop.submit(
                            () -> {
                                look();
                                return true;
                            })
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the node cannot be looked at", e.getCause());
        }
        if (!watcher.awaitFrozen(timeoutMillis)) {
            log.warn("an executor does not stand still; its job starts beside it");
        }
    }

    /** Looks no more. */
    @Override
    public void close() {
        if (slurm != null) {
            slurm.close();
        }
        loop.close();
        sampler.close();
    }
}
