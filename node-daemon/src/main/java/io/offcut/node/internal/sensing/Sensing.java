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
import io.offcut.monitor.guard.ColocationGuard;
import io.offcut.monitor.guard.JobMeters;
import io.offcut.node.NodeConfig;
import io.offcut.node.NodeStatus;
import io.offcut.node.internal.link.JobAnnouncer;
import io.offcut.node.internal.loop.EventLoop;
import io.offcut.node.internal.store.Folders;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
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

        /**
         * Executors on exactly these cores stand still from now on, beside those that end. Returns
         * when they have been told.
         */
        void standStill(CpuSet cores);

        /** Waits until all that was told to stand still does; false when it does not in time. */
        boolean awaitFrozen(long timeoutMillis);

        /** A job was kept waiting so long: at its {@code prolog} or for its {@code allocation}. */
        void jobWaited(String event, long nanos);

        /**
         * What the guard decided.
         *
         * @param withdrawn cores that it keeps out of the offers now
         * @param reasons why functions stand still or are withdrawn now
         */
        void guarded(ColocationGuard.Finding finding, CpuSet withdrawn, List<String> reasons);

        /** Once per period, after the offers. */
        void sampled();
    }

    private static final Logger log = LoggerFactory.getLogger(Sensing.class);
    private static final long MEMORY_SHARE_FOR_OVERHEAD = 8;

    /**
     * What was seen, and what is to be offered for it.
     *
     * @param sample null where there is nothing to look at
     */
    private record Look(List<Offer> offers, @Nullable NodeSample sample) {}

    private final Watcher watcher;
    private final EventLoop loop = new EventLoop("node-sensing");
    private final StandStill standStill;
    private final List<Runnable> closeables = new ArrayList<>();
    private final Supplier<Look> eyes;
    private final @Nullable SlurmSide slurm;
    private final @Nullable Guarding guarding;
    private boolean looked;

    /**
     * Begins to look. Blocks while Slurm is asked.
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
        this.standStill = new StandStill(watcher::standStill);
        this.slurm = config.slurmOn() ? slurmSide(config, secret, cores, memoryBytes, cpus) : null;
        this.guarding = slurm == null || config.maxSlowdown() >= 1 ? null : guarding(config);
        MonitorConfig monitor = monitorConfig(config, cores, memoryBytes);
        this.eyes =
                config.given()
                        ? () -> new Look(given(config, monitor, cores, memoryBytes), null)
                        : sensed(config, monitor, cores, cpus, earlier, own);
        if (slurm != null) {
            slurm.listen();
        }
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

    private Supplier<Look> sensed(
            NodeConfig config,
            MonitorConfig monitor,
            CpuSet cores,
            CpuMap cpus,
            List<Offer> earlier,
            Supplier<List<OwnExecutor>> own) {
        AllocationSource source = slurm == null ? AllocationSource.NONE : slurm;
        NodeSampler sampler =
                new NodeSampler(NodeSampler.Sources.live(config.name(), own, source), cores, cpus);
        closeables.add(sampler::close);
        IdleEstimator estimator =
                new IdleEstimator(
                        monitor,
                        cpus.isIdentity()
                                ? CpuTopology.read(CpuTopology.SYS_CPU)
                                : CpuTopology.unknown());
        StartGrace grace =
                new StartGrace(
                        earlier,
                        config.busyThreshold(),
                        config.offerAfterSamples() + 2,
                        config.underusedAfterSamples() + 2);
        return () -> {
            NodeSample sample = sampler.sample();
            List<Offer> estimated = estimator.update(sample, System.currentTimeMillis());
            return new Look(grace.apply(estimated, sample), sample);
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
        Look look = eyes.get();
        watcher.offers(guarding == null ? look.offers : guarding.allowed(look.offers));
        if (slurm != null) {
            slurm.afterLook(jobs, !looked);
        } else if (!looked) {
            standStill.want(StandStill.Side.JOBS, CpuSet.empty());
        }
        looked = true;
        // After the offers: what the guard lets go on is not what has just been withdrawn.
        if (slurm != null && look.sample != null) {
            slurm.looked(look.sample.allocations());
        }
        if (guarding != null && look.sample != null) {
            guarding.look(look.sample);
        }
    }

    private Guarding guarding(NodeConfig config) {
        return new Guarding(
                loop,
                new ColocationGuard(config.maxSlowdown(), new SplittableRandom()),
                new JobMeters(
                        Path.of("/proc"),
                        Path.of("/sys/fs/cgroup"),
                        config.name(),
                        progressFolder(config)),
                standStill,
                new FromGuard());
    }

    private static @Nullable Path progressFolder(NodeConfig config) {
        Path folder = config.progressPath();
        try {
            return Folders.makeOwn(folder, "rwx--x--x");
        } catch (IOException e) {
            log.warn(
                    "jobs have no progress counters: cannot make {} this daemon's own ({}); delete"
                            + " it",
                    folder,
                    e.getMessage());
            return null;
        }
    }

    private final class FromGuard implements Guarding.Watcher {
        @Override
        public boolean awaitFrozen(long timeoutMillis) {
            return watcher.awaitFrozen(timeoutMillis);
        }

        @Override
        public void guarded(
                ColocationGuard.Finding finding, CpuSet withdrawn, List<String> reasons) {
            watcher.guarded(finding, withdrawn, reasons);
        }

        @Override
        public void look() {
            loop.execute(Sensing.this::look);
        }
    }

    private final class FromSlurm implements SlurmSide.Watcher {
        @Override
        public void standStill(CpuSet still) {
            standStill.want(StandStill.Side.JOBS, still);
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

    /** The batch jobs that are known to be here. */
    public List<NodeStatus.Job> jobs() {
        return slurm == null ? List.of() : slurm.jobs();
    }

    /** Looks no more. */
    @Override
    public void close() {
        if (slurm != null) {
            slurm.close();
        }
        loop.close();
        if (guarding != null) {
            guarding.close();
        }
        closeables.forEach(Runnable::run);
    }
}
