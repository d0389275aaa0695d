package io.offcut.scheduler.internal;

import io.offcut.core.Offer;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.scheduler.brain.BrainCommand;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import io.prometheus.client.exporter.common.TextFormat;
import io.prometheus.client.hotspot.DefaultExports;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Predicate;

/** What monitoring sees, in the text format of Prometheus. No user names. Safe for any thread. */
public final class Metrics {
    private final CollectorRegistry registry = new CollectorRegistry();

    private final Gauge nodes =
            Gauge.build("offcut_nodes", "Nodes by state.").labelNames("state").register(registry);
    private final Gauge links =
            Gauge.build("offcut_node_links", "Nodes that are connected.").register(registry);
    private final Gauge offeredCores =
            Gauge.build("offcut_offered_cores", "Cores in offers of usable nodes.")
                    .register(registry);
    private final Gauge offeredBytes =
            Gauge.build("offcut_offered_memory_bytes", "Memory in offers of usable nodes.")
                    .register(registry);
    private final Gauge leasedCores =
            Gauge.build("offcut_leased_cores", "Cores that leases hold.").register(registry);
    private final Gauge leasedBytes =
            Gauge.build("offcut_leased_memory_bytes", "Memory that leases hold.")
                    .register(registry);
    private final Gauge requests =
            Gauge.build("offcut_open_requests", "Requests that are not over.").register(registry);
    private final Gauge waitingRequests =
            Gauge.build("offcut_waiting_requests", "Open requests that miss workers.")
                    .register(registry);
    private final Gauge waitingWorkers =
            Gauge.build("offcut_waiting_workers", "Workers wanted and not granted yet.")
                    .register(registry);
    private final Counter grants =
            Counter.build("offcut_leases_granted_total", "Leases granted.").register(registry);
    private final Counter grantedWorkers =
            Counter.build("offcut_workers_granted_total", "Workers granted.").register(registry);
    private final Counter leaseEnds =
            Counter.build("offcut_leases_ended_total", "Leases ended, by reason.")
                    .labelNames("reason")
                    .register(registry);
    private final Counter requestEnds =
            Counter.build("offcut_requests_ended_total", "Requests ended, by reason.")
                    .labelNames("reason")
                    .register(registry);
    private final Histogram grantSeconds =
            Histogram.build(
                            "offcut_grant_seconds",
                            "From the arrival of a request at the core's queue to its grant, if it"
                                    + " was granted at once.")
                    .buckets(0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25)
                    .register(registry);
    private final Histogram httpSeconds =
            Histogram.build(
                            "offcut_http_seconds",
                            "Time to answer an HTTP request; long polls excepted.")
                    .labelNames("method", "route", "status")
                    .buckets(0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1, 5)
                    .register(registry);

    public Metrics() {
        DefaultExports.register(registry);
    }

    /** Counts what the core did. */
    public void count(BrainCommand command) {
        switch (command) {
            case BrainCommand.Granted granted -> {
                grants.inc();
                grantedWorkers.inc(granted.terms().cores().size());
            }
            case BrainCommand.LeaseEnded ended -> leaseEnds.labels(ended.reason().name()).inc();
            case BrainCommand.RequestEnded ended -> requestEnds.labels(ended.reason().name()).inc();
            case BrainCommand.Renewed renewed -> {}
            case BrainCommand.Served served -> {}
            case BrainCommand.RequestChanged changed -> {}
            case BrainCommand.ToNode toNode -> {}
        }
    }

    /** A request was granted something at once. */
    public void granted(long nanos) {
        grantSeconds.observe(nanos / 1e9);
    }

    /** One answered request; the route is the template, never the path that was sent. */
    public void answered(String method, String route, int status, long nanos) {
        httpSeconds.labels(method, route, Integer.toString(status)).observe(nanos / 1e9);
    }

    /** Everything as text, with the gauges set from this picture. */
    public synchronized String text(
            List<NodeView> nodeViews, List<RequestView> requestViews, int connected) {
        for (NodeView.State state : NodeView.State.values()) {
            nodes.labels(state.name()).set(count(nodeViews, n -> n.state() == state));
        }
        links.set(connected);
        List<Offer> offers =
                nodeViews.stream()
                        .filter(n -> n.state() == NodeView.State.UP)
                        .flatMap(n -> n.offers().stream())
                        .toList();
        offeredCores.set(offers.stream().mapToDouble(o -> o.cores().size()).sum());
        offeredBytes.set(offers.stream().mapToDouble(Offer::memoryBytes).sum());
        leasedCores.set(nodeViews.stream().mapToDouble(NodeView::leasedCores).sum());
        leasedBytes.set(nodeViews.stream().mapToDouble(NodeView::leasedMemoryBytes).sum());
        requests.set(requestViews.size());
        waitingRequests.set(count(requestViews, r -> r.pendingWorkers() > 0));
        waitingWorkers.set(requestViews.stream().mapToDouble(RequestView::pendingWorkers).sum());
        return written();
    }

    private static <T> double count(List<T> items, Predicate<T> wanted) {
        return (double) items.stream().filter(wanted).count();
    }

    private String written() {
        StringWriter text = new StringWriter();
        try {
            TextFormat.write004(text, registry.metricFamilySamples());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
