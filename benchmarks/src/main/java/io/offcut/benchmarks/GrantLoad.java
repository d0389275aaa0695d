package io.offcut.benchmarks;

import io.offcut.core.api.LeaseRequest;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.scheduler.brain.Brain;
import io.offcut.scheduler.brain.BrainCommand;
import io.offcut.scheduler.brain.BrainConfig;
import io.offcut.scheduler.brain.BrainEvent;
import io.offcut.scheduler.brain.Placements;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Nodes and clients around one scheduling core, in virtual time: heartbeats, offers that come, go
 * and shrink, grants that are opened, used, renewed and released. Only the core is timed.
 */
final class GrantLoad {
    private static final int USERS = 200;
    private static final int TTL_MILLIS = 60_000;
    private static final int MEAN_USE_MILLIS = 20_000;
    private static final long WORKER_BYTES = 2L << 30;
    private static final String BUNDLE = "ab".repeat(32);

    private record Later(long at, long order, Supplier<BrainEvent> event)
            implements Comparable<Later> {
        @Override
        public int compareTo(Later other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    private final Random random;
    private final Brain brain =
            Brain.create(BrainConfig.DEFAULT, Placements.defaultPolicy(), "bench");
    private final List<SimulatedNode> nodes = new ArrayList<>();
    private final Map<String, SimulatedNode> byName = new HashMap<>();
    private final PriorityQueue<Later> agenda = new PriorityQueue<>();
    private final Map<String, Long> bareTable = new HashMap<>();
    private final ArrayDeque<String> bareQueue = new ArrayDeque<>();
    private Meter meter = new Meter();
    private long nowMillis = 1_000_000;
    private long orders;
    private long requests;
    private int offeredCores;
    private long grantedWorkers;
    private long coreNanos;
    private long events;

    GrantLoad(int count, long seed) {
        random = new Random(seed);
        for (int i = 0; i < count; i++) {
            SimulatedNode node = new SimulatedNode("node-" + i, random);
            nodes.add(node);
            byName.put(node.name(), node);
            offeredCores += node.offeredCores();
            apply(node.snapshot(nowMillis));
        }
    }

    /** Time spent in the core so far. */
    long coreNanos() {
        return coreNanos;
    }

    /** Events so far. */
    long events() {
        return events;
    }

    /**
     * One phase.
     *
     * @param share of the offered cores that the requests together want; above 1 they queue
     * @param meanWorkers of one request
     */
    GrantResult.Phase run(String name, int seconds, double share, int meanWorkers) {
        meter = new Meter();
        grantedWorkers = 0;
        double perMilli = share * offeredCores / meanWorkers / MEAN_USE_MILLIS;
        double due = 0;
        for (long end = nowMillis + seconds * 1_000L; nowMillis < end; nowMillis++) {
            beats();
            for (due += perMilli; due >= 1; due--) {
                request(meanWorkers);
            }
            while (!agenda.isEmpty() && agenda.peek().at <= nowMillis) {
                apply(agenda.poll().event.get());
            }
            if (brain.nextDeadlineMillis() <= nowMillis) {
                apply(new BrainEvent.Tick());
            }
        }
        return phase(name);
    }

    private GrantResult.Phase phase(String name) {
        List<GrantResult.Row> rows = new ArrayList<>();
        for (Meter.Kind kind : Meter.Kind.values()) {
            rows.add(GrantResult.Row.of(kind, meter.of(kind)));
        }
        var open = brain.requests();
        int held =
                (int)
                        open.stream()
                                .flatMap(request -> request.leases().stream())
                                .filter(lease -> lease.state() != LeaseState.ENDED)
                                .count();
        int queued = (int) open.stream().filter(r -> r.pendingWorkers() > 0).count();
        return new GrantResult.Phase(name, grantedWorkers, held, queued, rows);
    }

    /** Each node once a second, spread evenly; one beat in a hundred brings other offers. */
    private void beats() {
        int slot = (int) (nowMillis % 1_000);
        for (int i = slot; i < nodes.size(); i += 1_000) {
            SimulatedNode node = nodes.get(i);
            if (random.nextInt(100) == 0) {
                offeredCores -= node.offeredCores();
                node.drawOffers(random, nowMillis);
                offeredCores += node.offeredCores();
                apply(node.offersChanged());
            } else {
                apply(node.heartbeat());
            }
        }
    }

    private void request(int meanWorkers) {
        String id = "r" + requests++;
        int workers = 1 + (int) (-Math.log(1 - random.nextDouble()) * meanWorkers);
        workers = Math.min(workers, 1_000);
        int least = random.nextInt(10) == 0 ? workers : 1;
        LeaseRequest wish =
                new LeaseRequest(
                        BUNDLE,
                        workers,
                        least,
                        WORKER_BYTES / (1 + random.nextInt(4)),
                        65_536,
                        TTL_MILLIS,
                        30_000,
                        100,
                        random.nextInt(4) == 0
                                ? nodes.get(random.nextInt(nodes.size())).name()
                                : "",
                        random.nextBoolean());
        apply(new BrainEvent.WorkersRequested(id, "user-" + random.nextInt(USERS), wish));
        long use = 1 + (long) (-Math.log(1 - random.nextDouble()) * MEAN_USE_MILLIS);
        for (long at = TTL_MILLIS / 3; at < use; at += TTL_MILLIS / 3) {
            later(at, () -> new BrainEvent.RequestRenewed(id));
        }
        later(use, () -> new BrainEvent.RequestReleased(id));
    }

    private void later(long millis, Supplier<BrainEvent> event) {
        agenda.add(new Later(nowMillis + millis, orders++, event));
    }

    private void apply(BrainEvent event) {
        long start = System.nanoTime();
        List<BrainCommand> commands = brain.apply(nowMillis, event);
        long nanos = System.nanoTime() - start;
        events++;
        coreNanos += nanos;
        boolean granted = false;
        for (BrainCommand command : commands) {
            switch (command) {
                case BrainCommand.Granted grant -> {
                    granted = true;
                    open(grant.terms());
                }
                case BrainCommand.ToNode order -> obey(order);
                default -> {}
            }
        }
        meter.record(Meter.Kind.ALL_EVENTS, nanos);
        meter.record(granted ? Meter.Kind.GRANT : Meter.Kind.OTHER_EVENT, nanos);
        bare(event);
    }

    /** The least that any core would do: find what the event is about, and queue something. */
    private void bare(BrainEvent event) {
        String key =
                event instanceof BrainEvent.FromNode said ? said.nodeName() : "r" + events % 1_000;
        long start = System.nanoTime();
        bareTable.merge(key, 1L, Long::sum);
        bareQueue.add(key);
        if (bareQueue.size() > 1_000) {
            bareQueue.poll();
        }
        meter.record(Meter.Kind.BARE, System.nanoTime() - start);
    }

    private void open(LeaseTerms terms) {
        grantedWorkers += terms.cores().size();
        SimulatedNode node = node(terms.nodeName());
        later(1 + random.nextInt(20), () -> node.running(terms));
        later(5_000 + random.nextInt(5_000), () -> node.running(terms));
    }

    private void obey(BrainCommand.ToNode order) {
        SimulatedNode node = node(order.nodeName());
        switch (order.message()) {
            case SchedulerMessage.EndLease end -> later(2, () -> node.ended(end));
            case SchedulerMessage.SendSnapshot ask -> later(2, () -> node.snapshot(nowMillis));
            case SchedulerMessage.OpenLease open -> {}
            case SchedulerMessage.ExtendLease extend -> {}
            case SchedulerMessage.Welcome welcome -> {}
        }
    }

    private SimulatedNode node(String name) {
        SimulatedNode node = byName.get(name);
        if (node == null) {
            throw new IllegalStateException("a command for " + name + ", which does not exist");
        }
        return node;
    }
}
