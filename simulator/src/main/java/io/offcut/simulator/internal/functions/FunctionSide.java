package io.offcut.simulator.internal.functions;

import io.offcut.core.CpuSet;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.scheduler.NodeObservation;
import io.offcut.scheduler.brain.Brain;
import io.offcut.scheduler.brain.BrainCommand;
import io.offcut.scheduler.brain.BrainConfig;
import io.offcut.scheduler.brain.BrainEvent;
import io.offcut.scheduler.brain.PlacementPolicy;
import io.offcut.scheduler.brain.Placements;
import io.offcut.scheduler.idle.IdleDesk;
import io.offcut.simulator.EndedLease;
import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.FunctionConfig.Load;
import io.offcut.simulator.FunctionConfig.Policy.Leases;
import io.offcut.simulator.FunctionConfig.Policy.Reclaim;
import io.offcut.simulator.internal.cluster.Placement;
import io.offcut.simulator.internal.interference.JobPaces;
import io.offcut.simulator.internal.measure.CoreTime;
import io.offcut.simulator.internal.measure.CoreTime.Use;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Node daemons and clients around the real scheduling core, without delays between them: a message
 * arrives at the instant it is sent, in the order of sending. The nodes of one instant first all
 * take in what their jobs did, then tell; a grant that crosses such a message is refused by its
 * node, as in life. For one thread.
 */
public final class FunctionSide implements Harvester {
    private static final String BUNDLE = "0".repeat(64);
    private static final int PAYLOAD_BYTES = 1 << 20;

    /** Longer than any simulation, and far from overflow. */
    static final long FOR_EVER_MILLIS = 1L << 52;

    /** How often the batch system is asked what its nodes do, where that is done at all. */
    private static final long OBSERVE_MILLIS = 30_000;

    private static final List<String> ONE_PARTITION = List.of("all");

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

    private final HarvesterContext context;
    private final Leases policy;
    private final CoreTime coreTime;
    private final JobUse jobUse;
    private final JobPaces paces;
    private final Brain brain;
    private final NodeAgent[] agents;
    private final MemoryLeases memoryLeases;
    private final IdleDesk idleDesk;
    private final ClientModel client;
    private final FunctionCounts counts = new FunctionCounts();
    private final ArrayDeque<BrainEvent> mailbox = new ArrayDeque<>();

    /** Nodes whose jobs changed at this instant. */
    private final BitSet touched = new BitSet();

    /** Jobs that started at this instant. */
    private final List<Started> started = new ArrayList<>();

    private record Started(int job, Placement placement) {}

    /** Of every lease that is not over for the scheduling core. */
    private final Map<String, LeaseTerms> granted = new HashMap<>();

    private long leaseNumbers;

    public FunctionSide(HarvesterContext context, Leases policy) {
        this.context = context;
        this.policy = policy;
        this.coreTime = context.coreTime();
        this.jobUse = new JobUse(context.table(), context.jobs(), policy.underused());
        this.brain = Brain.create(BRAIN_CONFIG, placement(policy), "s");
        this.agents = new NodeAgent[context.nodes().size()];
        this.memoryLeases = new MemoryLeases(context, counts, () -> leaseNumbers++);
        this.idleDesk = new IdleDesk(mailbox::add, policy.idleQuantile(), Map.of(), learnt -> {});
        this.paces = newPaces();
        this.client = newClient();
    }

    private static PlacementPolicy placement(Leases policy) {
        return switch (policy.place()) {
            case DEFAULT -> Placements.defaultPolicy();
            case PACK -> Placements.pack();
        };
    }

    private JobPaces newPaces() {
        FunctionConfig config = context.config();
        return new JobPaces(
                context.table(),
                context.jobs(),
                config.interference(),
                config.functionClass(),
                agents.length,
                new JobPaces.Ends() {
                    @Override
                    public void endsAt(int job, long endMillis) {
                        context.jobEnds().endsAt(job, endMillis);
                    }

                    @Override
                    public void sharedAt(int job, long timeMillis) {
                        context.timers().at(timeMillis, FunctionTimers.SHARED, job);
                    }
                });
    }

    private ClientModel newClient() {
        return switch (context.config().load()) {
            case Load.Open open ->
                    new InvocationClient(
                            open,
                            policy.reclaim().freezeMillis(),
                            context,
                            counts,
                            mailbox::add,
                            paces::functionPermille);
            case Load.Offload offload ->
                    new OffloadClient(offload, context, paces, counts, mailbox::add);
            case Load.Standing standing ->
                    new StandingClient(
                            context.cores(),
                            context.config().memoryBytesPerWorker(),
                            counts,
                            mailbox::add);
            case Load.None none ->
                    throw new IllegalArgumentException("nothing to simulate for " + none);
        };
    }

    /** A wish of one who renews in time. */
    static LeaseRequest wish(
            int workers, long memoryBytesPerWorker, long queueMillis, boolean regrant) {
        return new LeaseRequest(
                BUNDLE,
                workers,
                1,
                memoryBytesPerWorker,
                PAYLOAD_BYTES,
                FOR_EVER_MILLIS,
                queueMillis,
                0,
                "",
                regrant);
    }

    @Override
    public void start(long nowMillis) {
        for (int node = 0; node < agents.length; node++) {
            agents[node] =
                    new NodeAgent(
                            node,
                            context.nodes().get(node).cores(),
                            context.nodes().get(node).memoryBytes(),
                            policy.underused(),
                            new ExecutorPool(context.config().executors(), counts),
                            nowMillis);
            mailbox.add(agents[node].snapshot());
            agents[node].offeredSinceMillis = nowMillis;
        }
        touched.set(0, agents.length);
        client.start(nowMillis);
        jobsMoved(nowMillis);
        if (policy.idleQuantile() > 0) {
            observe(nowMillis);
        }
    }

    private void observe(long nowMillis) {
        List<NodeObservation> seen = new ArrayList<>(agents.length);
        for (NodeAgent agent : agents) {
            seen.add(agent.observation(ONE_PARTITION));
        }
        idleDesk.observed(seen, nowMillis);
        context.timers().at(nowMillis + OBSERVE_MILLIS, FunctionTimers.OBSERVE, 0);
    }

    @Override
    public void jobStarted(long nowMillis, int job, Placement placement) {
        List<Placement.Part> parts = placement.parts();
        int[] nodes = new int[parts.size()];
        for (int at = 0; at < nodes.length; at++) {
            Placement.Part part = parts.get(at);
            NodeAgent agent = agents[part.node().index()];
            int computing = jobUse.computing(job, part.used());
            agent.jobStarted(part.cores(), computing, memoryOf(job, part));
            touched.set(agent.index);
            nodes[at] = agent.index;
        }
        paces.started(nowMillis, job, placement.coresUsed(), nodes);
        client.jobStarted(nowMillis, job, placement.coresUsed());
        started.add(new Started(job, placement));
    }

    @Override
    public int jobEnded(long nowMillis, int job, Placement placement) {
        int unused = 0;
        for (Placement.Part part : placement.parts()) {
            NodeAgent agent = agents[part.node().index()];
            agent.jobEnded(nowMillis, part.cores(), memoryOf(job, part));
            unused += part.used() - jobUse.computing(job, part.used());
            touched.set(agent.index);
        }
        context.jobEnds().ran(job, paces.ended(nowMillis, job));
        client.jobEnded(nowMillis, job);
        return unused;
    }

    @Override
    public void nodeDown(long nowMillis, int node, boolean begins) {
        agents[node].down(nowMillis, begins);
        touched.set(node);
    }

    private long memoryOf(int job, Placement.Part part) {
        int node = part.node().index();
        long nodeBytes = context.nodes().get(node).memoryBytes();
        long perCore =
                jobUse.memoryBytesPerCore(job, nodeBytes / context.nodes().get(node).cores());
        return part.used() * Math.min(perCore, nodeBytes);
    }

    @Override
    public void jobsMoved(long nowMillis) {
        List<BrainEvent> ends = new ArrayList<>();
        for (int node = touched.nextSetBit(0); node >= 0; node = touched.nextSetBit(node + 1)) {
            refresh(nowMillis, agents[node], ends);
        }
        mailbox.addAll(ends);
        delayStarted(nowMillis);
        deliver(nowMillis);
        for (int node = touched.nextSetBit(0); node >= 0; node = touched.nextSetBit(node + 1)) {
            agents[node].check();
            agents[node].instantOver();
        }
        touched.clear();
    }

    /**
     * A job begins its work when leases have left its cores. For memory it does not wait: it needs
     * its own later than that. Logs and batch schedulers count whole seconds: a fraction is counted
     * here, and moves no end, or every job of an exact estimate would outlast it.
     */
    private void delayStarted(long nowMillis) {
        long delay = policy.reclaim().freezeMillis();
        long moved = delay / 1000 * 1000;
        for (Started start : started) {
            if (delay > 0 && tookFromLease(start.placement())) {
                counts.jobDelayed(delay);
                if (moved > 0) {
                    paces.delay(nowMillis, start.job(), moved);
                }
            }
        }
        started.clear();
    }

    private boolean tookFromLease(Placement placement) {
        for (Placement.Part part : placement.parts()) {
            if (agents[part.node().index()].tookFromLease(part.cores())) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void event(long nowMillis, int kind, long payload) {
        switch (kind) {
            case FunctionTimers.OFFER -> offerDue(nowMillis, agents[(int) payload]);
            case FunctionTimers.OBSERVE -> observe(nowMillis);
            case FunctionTimers.EVICTED -> evicted(nowMillis, agents[(int) payload]);
            default -> client.event(nowMillis, kind, payload);
        }
        deliver(nowMillis);
    }

    private void offerDue(long nowMillis, NodeAgent agent) {
        if (agent.dueMillis == nowMillis) {
            refresh(nowMillis, agent);
        }
    }

    private void evicted(long nowMillis, NodeAgent agent) {
        agent.evicted(nowMillis);
        refresh(nowMillis, agent);
    }

    private void refresh(long nowMillis, NodeAgent agent) {
        List<BrainEvent> ends = new ArrayList<>(0);
        refresh(nowMillis, agent, ends);
        mailbox.addAll(ends);
    }

    @Override
    public long nextDeadlineMillis() {
        return brain.nextDeadlineMillis();
    }

    @Override
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

    /** What is still offered and leased is counted up to now. */
    @Override
    public FunctionCounts finish(long nowMillis) {
        int open = 0;
        for (NodeAgent agent : agents) {
            countOffered(nowMillis, agent);
            memoryLeases.finish(nowMillis, agent.index);
            for (OpenLease lease : agent.openLeases()) {
                count(nowMillis, lease, "open");
                open++;
            }
        }
        if (open != granted.size()) {
            throw new IllegalStateException(
                    "nodes run " + open + " leases, the core believes in " + granted.size());
        }
        client.finish(nowMillis);
        return counts;
    }

    /** Takes in what is idle on a node now, and ends the leases that lost a core. */
    private void refresh(long nowMillis, NodeAgent agent, List<BrainEvent> ends) {
        CpuSet idle = agent.idleSince(nowMillis - policy.holdOffMillis());
        countOffered(nowMillis, agent);
        List<OpenLease> lostLeases = agent.leasesWithout(idle);
        if (!lostLeases.isEmpty()) {
            reclaim(nowMillis, agent, lostLeases);
        }
        BrainEvent changed = agent.offer(idle);
        if (changed != null) {
            counts.offerChanges++;
            mailbox.add(changed);
        }
        for (OpenLease lost : lostLeases) {
            ends.add(close(nowMillis, agent, lost, EndReason.RECLAIMED));
        }
        agent.executors.room(nowMillis, agent.spareMemoryBytes());
        if (context.config().memoryLeases()) {
            memoryLeases.free(nowMillis, agent.index, agent.memoryWithoutCores());
        }
        scheduleOffer(nowMillis, agent);
    }

    private void reclaim(long nowMillis, NodeAgent agent, List<OpenLease> lost) {
        Reclaim reclaim = policy.reclaim();
        for (OpenLease lease : lost) {
            agent.reclaimed(lease, nowMillis, nowMillis + reclaim.evictMillis());
        }
        if (reclaim.evictMillis() > 0) {
            long freeMillis = nowMillis + reclaim.evictMillis();
            context.timers().at(freeMillis, FunctionTimers.EVICTED, agent.index);
        }
    }

    private void scheduleOffer(long nowMillis, NodeAgent agent) {
        long due = agent.nextIdleFor(policy.holdOffMillis(), nowMillis);
        if (due != agent.dueMillis && due != Long.MAX_VALUE) {
            context.timers().at(due, FunctionTimers.OFFER, agent.index);
        }
        agent.dueMillis = due;
    }

    private void countOffered(long nowMillis, NodeAgent agent) {
        coreTime.add(Use.OFFERED, agent.offeredSinceMillis, nowMillis, agent.offeredCores());
        agent.offeredSinceMillis = nowMillis;
    }

    private void deliver(long nowMillis) {
        do {
            for (BrainEvent event = mailbox.poll(); event != null; event = mailbox.poll()) {
                for (BrainCommand command : brain.apply(nowMillis, event)) {
                    obey(nowMillis, command);
                }
            }
            client.settle(nowMillis);
        } while (!mailbox.isEmpty());
        paces.tell(nowMillis);
    }

    private void obey(long nowMillis, BrainCommand command) {
        switch (command) {
            case BrainCommand.Granted(LeaseTerms terms, boolean _) -> granted(nowMillis, terms);
            case BrainCommand.ToNode(String nodeName, SchedulerMessage message) ->
                    obeyOnNode(nowMillis, agents[NodeAgent.indexOf(nodeName)], message);
            case BrainCommand.LeaseEnded ended -> granted.remove(ended.terms().leaseId());
            case BrainCommand.RequestEnded ended -> {
                counts.requestEnded(ended.reason());
                client.requestEnded(nowMillis, ended.requestId());
            }
            case BrainCommand.RequestChanged(String requestId) ->
                    client.requestChanged(nowMillis, requestId);
            case BrainCommand.Renewed _, BrainCommand.Served _ -> {}
        }
    }

    private void granted(long nowMillis, LeaseTerms terms) {
        granted.put(terms.leaseId(), terms);
        NodeAgent agent = agents[NodeAgent.indexOf(terms.nodeName())];
        if (!agent.honours(terms)) {
            counts.leaseEnded(EndReason.REFUSED);
            mailbox.add(agent.ended(terms, EndReason.REFUSED, 0));
            client.refused(nowMillis, terms);
            return;
        }
        long startMillis = agent.executors.startMillis(nowMillis, terms);
        OpenLease lease =
                new OpenLease(
                        leaseNumbers++,
                        terms,
                        agent.index,
                        nowMillis,
                        nowMillis + startMillis,
                        paces.functionsLostMicros(nowMillis, agent.index));
        counts.leases++;
        mailbox.add(agent.open(lease));
        leasesMoved(nowMillis, agent);
        client.opened(nowMillis, lease);
    }

    private void leasesMoved(long nowMillis, NodeAgent agent) {
        agent.executors.room(nowMillis, agent.spareMemoryBytes());
        paces.functionsOn(nowMillis, agent.index, agent.hasLeases());
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
        if (reason == EndReason.RELEASED && lease.readyMillis() <= nowMillis) {
            agent.executors.keep(nowMillis, lease.terms());
        }
        leasesMoved(nowMillis, agent);
        counts.leaseEnded(reason);
        count(nowMillis, lease, FunctionCounts.name(reason));
        client.closed(nowMillis, lease, reason);
        return agent.ended(lease.terms(), reason, nowMillis - lease.openedMillis());
    }

    /** Evenly over the lease, its start-up not: it is short beside it. */
    private void countLost(long nowMillis, OpenLease lease) {
        if (client.isSlowed() && lease.readyMillis() < nowMillis) {
            long lost =
                    paces.functionsLostMicros(nowMillis, lease.node()) - lease.lostBeforeMicros();
            double computed = nowMillis - lease.readyMillis();
            counts.slowed(
                    Math.round(lost * computed / (nowMillis - lease.openedMillis()))
                            * lease.cores());
        }
    }

    private void count(long nowMillis, OpenLease lease, String reason) {
        LeaseTerms terms = lease.terms();
        counts.leaseMillis += nowMillis - lease.openedMillis();
        counts.leaseMemory.add(terms.memoryBytes(), nowMillis - lease.openedMillis());
        coreTime.add(Use.LEASED, lease.openedMillis(), nowMillis, lease.cores());
        if (client.computesAlways()) {
            coreTime.add(Use.HARVESTED, lease.readyMillis(), nowMillis, lease.cores());
            countLost(nowMillis, lease);
        }
        context.leaseLog()
                .ended(
                        new EndedLease(
                                lease.number(),
                                terms.user(),
                                lease.node(),
                                lease.openedMillis(),
                                nowMillis,
                                lease.cores(),
                                terms.memoryBytes(),
                                reason));
    }
}
