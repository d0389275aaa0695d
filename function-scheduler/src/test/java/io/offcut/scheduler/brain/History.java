package io.offcut.scheduler.brain;

import io.offcut.core.lease.LeaseTerms;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.TreeMap;

/**
 * One random life of a cluster in virtual time: a scheduler, nodes, clients, and a network that
 * loses, delays, repeats and reorders. Everything follows from the seed. After every step of the
 * core its tables and commands are checked.
 */
final class History {
    static final BrainConfig CONFIG = new BrainConfig(1_000, 3_000, 4_000, 20_000, 8, 4, 2, 5_000);

    /** Ticks come so late at most. */
    static final int LATE_MILLIS = 100;

    static final long CHAOS_MILLIS = 45_000;

    /** Longer than any lease, wait or memory of anything. */
    static final long CALM_MILLIS = 80_000;

    private static final long START_MILLIS = 1_000_000;

    final Random random;
    final Faults faults;
    final TreeMap<String, FakeNode> nodes = new TreeMap<>();
    final TreeMap<String, FakeClient> clients = new TreeMap<>();
    final List<BrainCommand> stream = new ArrayList<>();
    long now = START_MILLIS;
    boolean calm;
    StateMachine brain;
    private Ledger ledger;
    private final PriorityQueue<Step> agenda = new PriorityQueue<>();
    private long steps;
    private int brains;
    private long tickAt = Long.MAX_VALUE;
    private int restartsLeft;

    private record Step(long at, long order, Runnable action) implements Comparable<Step> {
        @Override
        public int compareTo(Step other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    History(long seed) {
        random = new Random(seed);
        faults = Faults.random(random);
        restartsLeft = faults.schedulerRestarts();
        brain = newBrain();
        ledger = new Ledger(this);
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            FakeNode node = new FakeNode(this, "n" + i, 1 + random.nextInt(8));
            nodes.put(node.name, node);
            in(random.nextInt(2_000), node::start);
        }
        for (int i = 0; i < 4 + random.nextInt(30); i++) {
            FakeClient client = new FakeClient(this, "r" + i);
            clients.put(client.requestId, client);
            in(random.nextInt((int) CHAOS_MILLIS), client::begin);
        }
        for (int i = 0; i < restartsLeft; i++) {
            in(5_000 + random.nextInt(35_000), this::restartScheduler);
        }
    }

    private StateMachine newBrain() {
        PlacementPolicy policy =
                random.nextBoolean() ? Placements.defaultPolicy() : Placements.pack();
        return new StateMachine(CONFIG, policy, "b" + brains++);
    }

    /** Lives through everything; throws {@link AssertionError} at the first wrong step. */
    void run() {
        runUntil(START_MILLIS + CHAOS_MILLIS);
        calm = true;
        clients.values().forEach(FakeClient::die);
        nodes.values().forEach(FakeNode::recover);
        nodes.keySet().forEach(name -> feed(new BrainEvent.NodeResumed(name)));
        nodes.keySet().forEach(name -> feed(new BrainEvent.IdleEndsExpected(name, List.of())));
        runUntil(now + CALM_MILLIS);
        ledger.everythingEnded();
        Invariants.onlyNodesLeft(brain.state());
        nodes.values().forEach(FakeNode::dieForGood);
        runUntil(now + CALM_MILLIS);
        Invariants.nothingLeft(brain.state());
    }

    private void runUntil(long end) {
        while (!agenda.isEmpty() && agenda.peek().at <= end) {
            Step step = agenda.poll();
            now = step.at;
            step.action.run();
        }
        now = end;
    }

    void in(long millis, Runnable action) {
        agenda.add(new Step(now + millis, steps++, action));
    }

    /** A time between events that come at random, this far apart on average. */
    long someTime(long meanMillis) {
        return 1 + (long) (-Math.log(1 - random.nextDouble()) * meanMillis);
    }

    boolean happens(double share) {
        return random.nextDouble() < share;
    }

    void feed(BrainEvent event) {
        List<BrainCommand> commands = brain.apply(now, event);
        stream.addAll(commands);
        for (BrainCommand command : commands) {
            ledger.see(command);
            obey(command);
        }
        Invariants.check(brain.state());
        wakeAt(brain.nextDeadlineMillis());
    }

    private void obey(BrainCommand command) {
        switch (command) {
            case BrainCommand.ToNode order -> {
                FakeNode node = nodes.get(order.nodeName());
                if (node != null) {
                    node.link.toNode(order.message());
                }
            }
            case BrainCommand.Granted granted -> client(granted.terms()).granted(granted.terms());
            case BrainCommand.Renewed renewed -> client(renewed.terms()).renewed(renewed.terms());
            case BrainCommand.LeaseEnded ended -> {}
            case BrainCommand.RequestEnded ended -> {}
            case BrainCommand.Served served -> {}
            case BrainCommand.RequestChanged changed -> {}
        }
    }

    FakeClient client(LeaseTerms terms) {
        return Objects.requireNonNull(clients.get(terms.requestId()), terms.requestId());
    }

    private void wakeAt(long deadline) {
        if (deadline <= now) {
            throw new AssertionError("wants to be woken at " + deadline + ", now is " + now);
        }
        if (deadline < tickAt) {
            tickAt = deadline;
            long late = !calm && happens(0.05) ? random.nextInt(LATE_MILLIS) : 0;
            in(deadline - now + late, () -> tick(deadline));
        }
    }

    private void tick(long deadline) {
        if (tickAt == deadline) {
            tickAt = Long.MAX_VALUE;
            feed(new BrainEvent.Tick());
        }
    }

    private void restartScheduler() {
        brain = newBrain();
        ledger = new Ledger(this);
        tickAt = Long.MAX_VALUE;
        nodes.values().forEach(node -> node.link.breakDown(false));
    }
}
