package io.offcut.scheduler.brain;

import static java.util.Objects.requireNonNull;

import io.offcut.core.CpuSet;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.Offer;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A core, its time, and well-behaved nodes that speak only when told to. */
final class BrainFixture {
    static final long GIB = 1L << 30;
    static final String EPOCH = "e1";

    final StateMachine brain;
    long now = 1_000_000;

    /** What the last call brought forth. */
    List<BrainCommand> commands = new ArrayList<>();

    private final Map<String, Long> sequences = new TreeMap<>();
    private final Map<String, Long> incarnations = new TreeMap<>();
    private final TreeSet<String> beating = new TreeSet<>();

    BrainFixture() {
        this(BrainConfig.DEFAULT);
    }

    BrainFixture(BrainConfig config) {
        this(config, Placements.defaultPolicy());
    }

    BrainFixture(BrainConfig config, PlacementPolicy policy) {
        brain = new StateMachine(config, policy, EPOCH);
    }

    static BrainConfig quota(int maxWorkersPerUser) {
        return limits(maxWorkersPerUser, 10_000);
    }

    static BrainConfig limits(int maxWorkersPerUser, int maxQueuedRequests) {
        return limits(maxWorkersPerUser, maxQueuedRequests, maxQueuedRequests);
    }

    static BrainConfig limits(
            int maxWorkersPerUser, int maxQueuedRequests, int maxQueuedRequestsPerUser) {
        return new BrainConfig(
                1_000,
                3_000,
                30_000,
                3_600_000,
                maxWorkersPerUser,
                maxQueuedRequests,
                maxQueuedRequestsPerUser,
                60_000);
    }

    static Offer offer(String id, String cores, long memoryBytes) {
        return offer(id, cores, memoryBytes, Offer.UNKNOWN_UNTIL);
    }

    static Offer offer(String id, String cores, long memoryBytes, long untilMillis) {
        return new Offer(
                id, CpuSet.parse(cores), memoryBytes, Offer.Reason.UNALLOCATED, untilMillis);
    }

    List<BrainCommand> apply(BrainEvent event) {
        commands = brain.apply(now, event);
        return commands;
    }

    /** Lets time pass: ticks when the core wants them, and a heartbeat a second of every node. */
    List<BrainCommand> advance(long millis) {
        List<BrainCommand> all = new ArrayList<>();
        long end = now + millis;
        while (now < end) {
            long beat = (now / 1_000 + 1) * 1_000;
            now = Math.min(end, Math.min(beat, Math.max(now + 1, brain.nextDeadlineMillis())));
            if (now == beat) {
                beating.forEach(node -> all.addAll(say(node, new Beat())));
            }
            all.addAll(brain.apply(now, new BrainEvent.Tick()));
        }
        commands = all;
        return all;
    }

    /** A node connects with these offers; its host has its own name. */
    List<BrainCommand> up(String node, Offer... offers) {
        return snapshot(node, node, Arrays.asList(offers), List.of());
    }

    List<BrainCommand> up(String node, List<Offer> offers, List<LeaseReport> leases) {
        return snapshot(node, node, offers, leases);
    }

    List<BrainCommand> snapshot(
            String node, String host, List<Offer> offers, List<LeaseReport> leases) {
        beating.add(node);
        return say(node, new Whole(host, offers, leases));
    }

    /** The daemon of a node starts again; it says nothing yet. */
    void restart(String node) {
        incarnations.put(node, incarnationOf(node) + 1);
        sequences.put(node, 0L);
    }

    /** No more heartbeats. */
    void silence(String node) {
        beating.remove(node);
    }

    void skipMessage(String node) {
        sequences.merge(node, 1L, Long::sum);
    }

    long incarnationOf(String node) {
        return incarnations.getOrDefault(node, 1L);
    }

    long sequenceOf(String node) {
        return sequences.getOrDefault(node, 0L);
    }

    List<BrainCommand> beat(String node) {
        return say(node, new Beat());
    }

    List<BrainCommand> offers(String node, Offer... changed) {
        return say(node, new Offers(Arrays.asList(changed), List.of()));
    }

    List<BrainCommand> withdraw(String node, String... offerIds) {
        return say(node, new Offers(List.of(), Arrays.asList(offerIds)));
    }

    List<BrainCommand> opened(LeaseTerms terms) {
        return report(running(terms));
    }

    /** The node begins to end it, because a job comes. */
    List<BrainCommand> nodeEnds(LeaseTerms terms) {
        return report(new LeaseReport(terms, LeaseState.REVOKING, null, LeaseUsage.NONE));
    }

    List<BrainCommand> nodeEnded(LeaseTerms terms, EndReason reason) {
        return report(ended(terms, reason));
    }

    List<BrainCommand> report(LeaseReport report) {
        return say(report.terms().nodeName(), new Leases(report));
    }

    static LeaseReport running(LeaseTerms terms) {
        return new LeaseReport(terms, LeaseState.ACTIVE, null, LeaseUsage.NONE);
    }

    static LeaseReport ended(LeaseTerms terms, EndReason reason) {
        return new LeaseReport(terms, LeaseState.ENDED, reason, LeaseUsage.NONE);
    }

    List<BrainCommand> request(String requestId, String user, Wish wish) {
        return apply(new BrainEvent.WorkersRequested(requestId, user, wish.request()));
    }

    /** Asks for workers in one lease and returns it. */
    LeaseTerms lease(String requestId, String user, Wish wish) {
        request(requestId, user, wish);
        return granted().getFirst();
    }

    List<LeaseTerms> granted() {
        return of(BrainCommand.Granted.class).map(BrainCommand.Granted::terms).toList();
    }

    List<BrainCommand.LeaseEnded> leaseEnds() {
        return of(BrainCommand.LeaseEnded.class).toList();
    }

    List<BrainCommand.RequestEnded> requestEnds() {
        return of(BrainCommand.RequestEnded.class).toList();
    }

    List<SchedulerMessage> told(String node) {
        return of(BrainCommand.ToNode.class)
                .filter(command -> command.nodeName().equals(node))
                .map(BrainCommand.ToNode::message)
                .toList();
    }

    RequestView view(String requestId) {
        return requireNonNull(brain.request(requestId), requestId);
    }

    LeaseView leaseView(LeaseTerms terms) {
        return view(terms.requestId()).leases().stream()
                .filter(lease -> lease.leaseId().equals(terms.leaseId()))
                .findFirst()
                .orElseThrow();
    }

    NodeView nodeView(String node) {
        return brain.nodes(now).stream()
                .filter(view -> view.node().name().equals(node))
                .findFirst()
                .orElseThrow();
    }

    private <T extends BrainCommand> Stream<T> of(Class<T> type) {
        return commands.stream().filter(type::isInstance).map(type::cast);
    }

    private List<BrainCommand> say(String node, Saying saying) {
        long sequence = sequences.merge(node, 1L, Long::sum);
        return repeat(node, saying.message(node, incarnationOf(node), sequence));
    }

    /** Says exactly this, whatever its sequence number. */
    List<BrainCommand> repeat(String node, NodeMessage message) {
        return apply(new BrainEvent.FromNode(node, incarnationOf(node), message));
    }

    private sealed interface Saying {
        NodeMessage message(String node, long incarnation, long sequence);
    }

    private record Beat() implements Saying {
        @Override
        public NodeMessage message(String node, long incarnation, long sequence) {
            return new NodeMessage.Heartbeat(sequence);
        }
    }

    private record Offers(List<Offer> changed, List<String> withdrawn) implements Saying {
        @Override
        public NodeMessage message(String node, long incarnation, long sequence) {
            return new NodeMessage.OffersChanged(sequence, changed, withdrawn);
        }
    }

    private record Leases(LeaseReport report) implements Saying {
        @Override
        public NodeMessage message(String node, long incarnation, long sequence) {
            return new NodeMessage.LeaseChanged(sequence, report);
        }
    }

    private record Whole(String host, List<Offer> offers, List<LeaseReport> leases)
            implements Saying {
        @Override
        public NodeMessage message(String node, long incarnation, long sequence) {
            return new NodeMessage.Snapshot(
                    sequence,
                    NodeMessage.PROTOCOL_VERSION,
                    incarnation,
                    descriptor(node, host),
                    offers,
                    leases);
        }
    }

    static NodeDescriptor descriptor(String node, String host) {
        return new NodeDescriptor(
                node,
                "http://" + node + ":7071",
                host,
                CpuSet.range(0, 63),
                64 * GIB,
                List.of("shm", "tcp"),
                List.of(),
                Map.of());
    }
}
