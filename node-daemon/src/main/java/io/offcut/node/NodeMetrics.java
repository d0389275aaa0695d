package io.offcut.node;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.lease.EndReason;
import io.offcut.monitor.guard.ColocationGuard;
import io.offcut.node.internal.lease.HeldLease;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import io.prometheus.client.hotspot.DefaultExports;
import java.util.List;

/** The daemon's figures for Prometheus. Safe for use by any thread. */
final class NodeMetrics {
    final CollectorRegistry registry = new CollectorRegistry();

    private final Gauge offeredCores =
            gauge("offcut_node_offered_cores", "Cores offered now, leased ones included");
    private final Gauge offeredBytes =
            gauge("offcut_node_offered_memory_bytes", "Memory offered now");
    private final Gauge leasedCores = gauge("offcut_node_leased_cores", "Cores that leases hold");
    private final Gauge leases = gauge("offcut_node_leases", "Leases that have not ended");
    private final Gauge connected =
            gauge("offcut_node_scheduler_connected", "1 while the link to the scheduler stands");
    private final Counter executorsStarted =
            counter("offcut_node_executors_started_total", "Executors started");
    private final Counter executorsDied =
            counter("offcut_node_executors_died_total", "Executors that ended by themselves");
    private final Counter refused =
            counter("offcut_node_opens_refused_total", "Openings of leases that were refused");
    private final Gauge guardWithdrawn =
            gauge(
                    "offcut_node_guard_withdrawn_cores",
                    "Cores that the guard keeps out of the offers");
    private final Counter guardHolds =
            counter(
                    "offcut_node_guard_holds_total",
                    "Times that functions stood still because a job beside them was slowed");
    private final Counter guardWithdrawals =
            counter(
                    "offcut_node_guard_withdrawals_total",
                    "Times that cores left the offers because a job was slowed");
    private final Counter ended =
            Counter.build("offcut_node_leases_ended_total", "Leases that ended, by reason")
                    .labelNames("reason")
                    .register(registry);

    private final Histogram jobWait =
            Histogram.build(
                            "offcut_node_job_wait_seconds",
                            "From a message of Slurm's plugin until functions stood still on the job's cores")
                    .labelNames("event")
                    .buckets(.0005, .001, .002, .005, .01, .02, .05, .1, .5, 2)
                    .register(registry);
    private final Histogram evict =
            Histogram.build(
                            "offcut_node_evict_seconds",
                            "From the end of a lease until its executor was gone or put aside")
                    .labelNames("reason")
                    .buckets(.005, .01, .02, .05, .1, .2, .5, 1, 2, 10)
                    .register(registry);

    NodeMetrics() {
        DefaultExports.register(registry);
        for (EndReason reason : EndReason.values()) {
            ended.labels(reason.name());
        }
    }

    private Gauge gauge(String name, String help) {
        return Gauge.build(name, help).register(registry);
    }

    private Counter counter(String name, String help) {
        return Counter.build(name, help).register(registry);
    }

    void offers(List<Offer> offers) {
        offeredCores.set(offers.stream().mapToInt(o -> o.cores().size()).sum());
        offeredBytes.set(offers.stream().mapToDouble(Offer::memoryBytes).sum());
    }

    void leases(List<HeldLease> held) {
        leases.set(held.size());
        leasedCores.set(held.stream().mapToInt(l -> l.terms().cores().size()).sum());
    }

    void connected(boolean now) {
        connected.set(now ? 1 : 0);
    }

    void guarded(ColocationGuard.Finding finding, CpuSet withdrawn) {
        guardWithdrawn.set(withdrawn.size());
        switch (finding.verdict()) {
            case HOLD -> guardHolds.inc();
            case WITHDRAW -> guardWithdrawals.inc();
            case GO_ON -> {}
        }
    }

    void executorStarted() {
        executorsStarted.inc();
    }

    void executorDied() {
        executorsDied.inc();
    }

    void refused() {
        refused.inc();
    }

    void jobWaited(String event, long nanos) {
        jobWait.labels(event).observe(nanos / 1e9);
    }

    void evicted(EndReason reason, long nanos) {
        evict.labels(reason.name()).observe(nanos / 1e9);
    }

    void ended(EndReason reason) {
        ended.labels(reason.name()).inc();
    }
}
