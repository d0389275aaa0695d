package io.offcut.node.internal.sensing;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.linux.CpuMap;
import io.offcut.monitor.AllocationSource;
import io.offcut.monitor.IdleEstimator;
import io.offcut.monitor.MonitorConfig;
import io.offcut.monitor.NodeSample;
import io.offcut.monitor.NodeSampler;
import io.offcut.monitor.OwnExecutor;
import io.offcut.node.NodeConfig;
import io.offcut.node.internal.link.JobAnnouncer;
import io.offcut.node.internal.loop.EventLoop;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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

        /**
         * Executors on exactly these cores stand still from now on, beside those that end. Returns
         * when they have been told.
         */
        void standStill(CpuSet cores);

        /** Waits until all that was told to stand still does; false when it does not in time. */
        boolean awaitFrozen(long timeoutMillis);

        /** A job was kept waiting so long: at its {@code prolog} or for its {@code allocation}. */
        void jobWaited(String event, long nanos);

        /** Once per period, after the offers. */
        void sampled();
    }

    private static final long MEMORY_SHARE_FOR_OVERHEAD = 8;

    private final Watcher watcher;
    private final EventLoop loop = new EventLoop("node-sensing");
    private final Supplier<List<Offer>> offers;
    private final @Nullable SlurmSide slurm;
    private boolean looked;

    /**
     * Begins to look. Blocks while Slurm is asked for the first time.
     *
     * @param secret what nodes show to the scheduler; empty for none
     * @param cores logical CPUs of the node
     * @param earlier offers of an earlier daemon that leases still hold
     */
    public Sensing(
            NodeConfig config,
            String secret,
            CpuSet cores,
            long memoryBytes,
            CpuMap cpus,
            List<Offer> earlier,
            Supplier<List<OwnExecutor>> own,
            Watcher watcher) {
        this.watcher = watcher;
        this.slurm = config.slurmOn() ? slurmSide(config, secret, cores, memoryBytes, cpus) : null;
        MonitorConfig monitor = monitorConfig(config, cores, memoryBytes);
        this.offers =
                config.given()
                        ? () -> given(config, monitor, cores, memoryBytes)
                        : sensed(config, monitor, cores, cpus, earlier, own);
        loop.execute(this::look);
        var _ =
                loop.every(
                        config.samplePeriodMillis(),
                        () -> {
                            look();
                            watcher.sampled();
                        });
    }

    private SlurmSide slurmSide(
            NodeConfig config, String secret, CpuSet cores, long memoryBytes, CpuMap cpus) {
        return new SlurmSide(
                config,
                cores,
                memoryBytes,
                cpus,
                new JobAnnouncer(config.name(), config.schedulerUrl(), secret),
                new FromSlurm());
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
        return MonitorConfig.defaults()
                .withCpus(cores)
                .withReserve(config.reserveCores(), config.reserveMemoryBytes() + overhead, limit)
                .withIdleness(config.busyThreshold(), config.offerAfterSamples());
    }

    private Supplier<List<Offer>> sensed(
            NodeConfig config,
            MonitorConfig monitor,
            CpuSet cores,
            CpuMap cpus,
            List<Offer> earlier,
            Supplier<List<OwnExecutor>> own) {
        AllocationSource source = slurm == null ? AllocationSource.NONE : slurm;
        NodeSampler sampler =
                new NodeSampler(NodeSampler.Sources.live(config.name(), own, source), cores, cpus);
        IdleEstimator estimator = new IdleEstimator(monitor);
        StartGrace grace =
                new StartGrace(earlier, config.busyThreshold(), config.offerAfterSamples() + 2);
        return () -> {
            NodeSample sample = sampler.sample();
            return grace.apply(estimator.update(sample, System.currentTimeMillis()), sample);
        };
    }

    // Nobody else has them: there is nothing to look at, nor to wait for.
    private static List<Offer> given(
            NodeConfig config, MonitorConfig monitor, CpuSet cores, long memoryBytes) {
        CpuSet offered = cores.minus(cores.lowest(config.reserveCores()));
        long memory = memoryBytes - monitor.reserveMemoryBytes();
        long until = config.untilEpochMillis();
        return offered.isEmpty() || memory <= 0 || System.currentTimeMillis() >= until
                ? List.of()
                : List.of(
                        new Offer(
                                IdleEstimator.UNALLOCATED_ID,
                                offered,
                                memory,
                                Offer.Reason.UNALLOCATED,
                                until));
    }

    private void look() {
        Set<String> jobs = slurm == null ? Set.of() : slurm.beforeLook();
        watcher.offers(offers.get());
        if (slurm != null) {
            slurm.afterLook(jobs, !looked);
        } else if (!looked) {
            watcher.standStill(CpuSet.empty());
        }
        looked = true;
    }

    private final class FromSlurm implements SlurmSide.Watcher {
        @Override
        public void standStill(CpuSet still) {
            watcher.standStill(still);
        }

        @Override
        public boolean awaitStill(long timeoutMillis) {
            return watcher.awaitFrozen(timeoutMillis);
        }

        @Override
        public void jobWaited(String event, long nanos) {
            watcher.jobWaited(event, nanos);
        }

        @Override
        public void look() {
            loop.execute(Sensing.this::look);
        }
    }

    /** Looks no more. */
    @Override
    public void close() {
        if (slurm != null) {
            slurm.close();
        }
        loop.close();
    }
}
