package io.offcut.simulator.internal.functions;

import io.offcut.core.CpuSet;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.scheduler.brain.Brain;
import io.offcut.scheduler.brain.BrainCommand;
import io.offcut.scheduler.brain.BrainConfig;
import io.offcut.scheduler.brain.BrainEvent;
import io.offcut.scheduler.brain.Placements;
import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.internal.cluster.Cluster;
import io.offcut.simulator.internal.cluster.Node;
import io.offcut.simulator.internal.measure.CoreTime;
import io.offcut.simulator.internal.measure.CoreTime.Use;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Node daemons and clients around the real scheduling core, without delays between them: a message
 * arrives at the instant it is sent, in the order of sending. The nodes of one instant first all
 * take in what their jobs did, then tell; a grant that crosses such a message is refused by its
 * node, as in life. For one thread.
 */
public final class FunctionSide {
    static final String BUNDLE = "0".repeat(64);
    static final int PAYLOAD_BYTES = 1 << 20;

    /** Longer than any simulation, and far from overflow. */
    static final long FOR_EVER_MILLIS = 1L << 52;

    /** Nodes and links never fail here, so no heartbeats are needed. */
    private static final BrainConfig BRAIN_CONFIG =
            new BrainConfig(
                    FOR_EVER_MILLIS,
                    FOR_EVER_MILLIS,
                    FOR_EVER_MILLIS,
                    FOR_EVER_MILLIS,
                    Integer.MAX_VALUE,
                    1_000_000,
                    1_000_000,
                    0);

    private final FunctionConfig config;
    private final FunctionTimers timers;
    private final CoreTime coreTime;
    private final Brain brain;
    private final NodeAgent[] agents;
    private final long[] dueMillis;
    private final ClientModel client;
    private final FunctionCounts counts = new FunctionCounts();
    private final ArrayDeque<BrainEvent> mailbox = new ArrayDeque<>();

    /** Of every lease that is not over for the scheduling core. */
    private final Map<String, LeaseTerms> granted = new HashMap<>();

    private long leaseNumbers;

    /**
     * @param cores of the whole cluster
     * @param seed of the clients
     */
    public FunctionSide(
            FunctionConfig config,
            Cluster cluster,
            int cores,
            long seed,
            FunctionTimers timers,
            CoreTime coreTime) {
        this.config = config;
        this.timers = timers;
        this.coreTime = coreTime;
        this.brain = newBrain();
        this.agents = new NodeAgent[cluster.size()];
        this.dueMillis = new long[cluster.size()];
        for (int index = 0; index < agents.length; index++) {
            agents[index] = new NodeAgent(cluster.node(index));
        }
        this.client = newClient(cores, seed);
    }

    private static Brain newBrain() {
        return Brain.create(BRAIN_CONFIG, Placements.defaultPolicy(), "s");
    }

    private ClientModel newClient(int cores, long seed) {
        return switch (config.load()) {
            case FunctionConfig.Load.Poisson poisson ->
                    new PoissonClient(
                            poisson,
                            config.memoryBytesPerWorker(),
                            seed,
                            timers,
                            counts,
                            mailbox::add);
            case FunctionConfig.Load.Standing standing ->
                    new StandingClient(cores, config.memoryBytesPerWorker(), counts, mailbox::add);
            case FunctionConfig.Load.None none ->
                    throw new IllegalArgumentException("nothing to simulate for " + none);
        };
    }

    /** Nodes connect, the client begins. Idleness counts from now. */
    public void start(long nowMillis) {
        for (NodeAgent agent : agents) {
            mailbox.add(agent.snapshot());
        }
        client.start(nowMillis);
        List<Node> nodes = new ArrayList<>();
        for (NodeAgent agent : agents) {
            nodes.add(agent.node);
        }
        nodesChanged(nowMillis, nodes);
    }

    /** Jobs of these nodes started or ended. */
    public void nodesChanged(long nowMillis, List<Node> nodes) {
        List<BrainEvent> ends = new ArrayList<>();
        for (Node node : nodes) {
            refresh(nowMillis, agents[node.index()], ends);
        }
        mailbox.addAll(ends);
        deliver(nowMillis);
        for (Node node : nodes) {
            agents[node.index()].check();
        }
    }

    /** An event that was asked for. */
    public void event(long nowMillis, int kind, long payload) {
        switch (kind) {
            case FunctionTimers.OFFER -> offerDue(nowMillis, (int) payload);
            case FunctionTimers.ARRIVAL -> client.arrival(nowMillis);
            case FunctionTimers.DONE -> client.done(nowMillis, payload);
            default -> throw new IllegalArgumentException("event of kind " + kind);
        }
        deliver(nowMillis);
    }

    private void offerDue(long nowMillis, int node) {
        if (dueMillis[node] == nowMillis) {
            List<BrainEvent> ends = new ArrayList<>();
            refresh(nowMillis, agents[node], ends);
            mailbox.addAll(ends);
        }
    }

    /** When {@link #tick} is needed at the latest. */
    public long nextDeadlineMillis() {
        return brain.nextDeadlineMillis();
    }

    public void tick(long nowMillis) {
        mailbox.add(new BrainEvent.Tick());
        deliver(nowMillis);
    }

    /** Cores of leases that have finished their start-up. */
    public long readyCores(long nowMillis) {
        long cores = 0;
        for (NodeAgent agent : agents) {
            cores += agent.readyCores(nowMillis);
        }
        return cores;
    }

    /** The simulation is over: what is still offered and leased is counted up to now. */
    public FunctionCounts finish(long nowMillis) {
        int open = 0;
        for (NodeAgent agent : agents) {
            countOffered(nowMillis, agent);
            for (OpenLease lease : agent.openLeases()) {
                count(nowMillis, lease);
                open++;
            }
        }
        if (open != granted.size()) {
            throw new IllegalStateException(
                    "nodes run " + open + " leases, the core believes in " + granted.size());
        }
        return counts;
    }

    /** Takes in what is idle on a node now, and ends the leases that lost a core. */
    private void refresh(long nowMillis, NodeAgent agent, List<BrainEvent> ends) {
        CpuSet idle = agent.node.idleSince(nowMillis - config.holdOffMillis());
        countOffered(nowMillis, agent);
        BrainEvent changed = agent.offer(idle);
        if (changed != null) {
            mailbox.add(changed);
        }
        for (OpenLease lost : agent.leasesWithout(idle)) {
            ends.add(close(nowMillis, agent, lost, EndReason.RECLAIMED));
        }
        scheduleOffer(nowMillis, agent.node);
    }

    private void scheduleOffer(long nowMillis, Node node) {
        long due = node.nextIdleFor(config.holdOffMillis(), nowMillis);
        if (due != dueMillis[node.index()] && due != Long.MAX_VALUE) {
            timers.at(due, FunctionTimers.OFFER, node.index());
        }
        dueMillis[node.index()] = due;
    }

    private void countOffered(long nowMillis, NodeAgent agent) {
        coreTime.add(Use.OFFERED, agent.offeredSinceMillis, nowMillis, agent.offeredCores());
        agent.offeredSinceMillis = nowMillis;
    }

    private void deliver(long nowMillis) {
        for (BrainEvent event = mailbox.poll(); event != null; event = mailbox.poll()) {
            for (BrainCommand command : brain.apply(nowMillis, event)) {
                obey(nowMillis, command);
            }
        }
    }

    private void obey(long nowMillis, BrainCommand command) {
        switch (command) {
            case BrainCommand.Granted(LeaseTerms terms) -> granted(nowMillis, terms);
            case BrainCommand.ToNode(String nodeName, SchedulerMessage message) ->
                    obeyOnNode(nowMillis, agents[NodeAgent.indexOf(nodeName)], message);
            case BrainCommand.LeaseEnded ended -> granted.remove(ended.terms().leaseId());
            case BrainCommand.RequestEnded ended -> {
                counts.requestEnded(ended.reason());
                client.requestEnded(ended.requestId());
            }
            case BrainCommand.Renewed _, BrainCommand.RequestChanged _ -> {}
        }
    }

    private void granted(long nowMillis, LeaseTerms terms) {
        granted.put(terms.leaseId(), terms);
        NodeAgent agent = agents[NodeAgent.indexOf(terms.nodeName())];
        if (!agent.honours(terms)) {
            counts.leaseEnded(EndReason.REFUSED);
            mailbox.add(agent.ended(terms, EndReason.REFUSED, 0));
            return;
        }
        OpenLease lease =
                new OpenLease(leaseNumbers++, terms, nowMillis, nowMillis + config.startUpMillis());
        counts.leases++;
        mailbox.add(agent.open(lease));
        client.opened(nowMillis, lease);
    }

    private void obeyOnNode(long nowMillis, NodeAgent agent, SchedulerMessage message) {
        switch (message) {
            case SchedulerMessage.EndLease(String leaseId, EndReason reason) ->
                    end(nowMillis, agent, leaseId, reason);
            case SchedulerMessage.SendSnapshot _ -> mailbox.add(agent.snapshot());
            case SchedulerMessage.Welcome _,
                    SchedulerMessage.OpenLease _,
                    SchedulerMessage.ExtendLease _ -> {}
        }
    }

    /** Ends a lease by order; one that the node does not run is reported ended as well. */
    private void end(long nowMillis, NodeAgent agent, String leaseId, EndReason reason) {
        OpenLease lease = agent.close(leaseId);
        LeaseTerms terms = granted.get(leaseId);
        if (lease != null) {
            mailbox.add(close(nowMillis, agent, lease, reason));
        } else if (terms != null) {
            mailbox.add(agent.ended(terms, reason, 0));
        }
    }

    private BrainEvent close(long nowMillis, NodeAgent agent, OpenLease lease, EndReason reason) {
        agent.close(lease.terms().leaseId());
        counts.leaseEnded(reason);
        count(nowMillis, lease);
        client.closed(nowMillis, lease, reason);
        return agent.ended(lease.terms(), reason, nowMillis - lease.openedMillis());
    }

    private void count(long nowMillis, OpenLease lease) {
        counts.leaseMillis += nowMillis - lease.openedMillis();
        coreTime.add(Use.LEASED, lease.openedMillis(), nowMillis, lease.cores());
        coreTime.add(Use.HARVESTED, lease.readyMillis(), nowMillis, lease.cores());
    }
}
