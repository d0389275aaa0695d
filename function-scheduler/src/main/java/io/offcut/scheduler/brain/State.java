package io.offcut.scheduler.brain;

import io.offcut.core.IdleEnd;
import io.offcut.core.lease.EndReason;
import io.offcut.core.link.SchedulerMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The tables of the core, its counters, and the commands of the event at hand. No rules. */
final class State {
    final BrainConfig config;
    final PlacementPolicy policy;
    final String epoch;

    final TreeMap<String, Node> nodes = new TreeMap<>();

    /** Nodes by host, then by name. */
    final Map<String, TreeMap<String, Node>> hosts = new HashMap<>();

    /** Why nodes are out of service, known or not. */
    final Map<String, String> drained = new HashMap<>();

    /** When idleness is expected to end, by node, known or not; without empty lists. */
    final Map<String, List<IdleEnd>> idleEnds = new HashMap<>();

    /** Granted, active and revoking ones. */
    final Map<String, Lease> leases = new HashMap<>();

    /** In the order they came, those that ended lately too. */
    final LinkedHashMap<String, Request> requests = new LinkedHashMap<>();

    final Map<String, User> users = new HashMap<>();
    final Map<String, Tombstone> tombstones = new HashMap<>();
    final OfferIndex index = new OfferIndex();

    /** Of nodes, offers, leases and tombstones. */
    final Deadlines deadlines = new Deadlines();

    /** Of requests: they get their chance before their time is over. */
    final Deadlines requestDeadlines = new Deadlines();

    int queuedRequests;

    /** Of these, those that want memory and no workers. */
    int queuedForMemory;

    /** Someone's quota became free, or someone lost workers: the queue is to be looked at again. */
    boolean queueChanged;

    long nowMillis;
    private long ids;
    private long arrivals;
    private long openings;
    private List<BrainCommand> commands = new ArrayList<>();
    private final LinkedHashSet<Request> changed = new LinkedHashSet<>();

    State(BrainConfig config, PlacementPolicy policy, String epoch) {
        this.config = config;
        this.policy = policy;
        this.epoch = epoch;
    }

    String newLeaseId() {
        return epoch + "-" + ++ids;
    }

    /** Whether an id can only have come from {@link #newLeaseId} of this very core. */
    boolean isOwnId(String leaseId) {
        int start = epoch.length() + 1;
        return leaseId.length() > start
                && leaseId.startsWith(epoch)
                && leaseId.charAt(start - 1) == '-'
                && isNumber(leaseId, start);
    }

    private static boolean isNumber(String text, int start) {
        for (int at = start; at < text.length(); at++) {
            if (text.charAt(at) < '0' || text.charAt(at) > '9') {
                return false;
            }
        }
        return true;
    }

    long nextArrival() {
        return arrivals++;
    }

    long nextOpening() {
        return openings++;
    }

    /** How far clocks may differ, and how often an order is repeated. */
    long slackMillis() {
        return config.nodeTimeoutMillis();
    }

    void bury(String id, long untilMillis) {
        deadlines.set(tombstones.computeIfAbsent(id, Tombstone::new), untilMillis);
    }

    void emit(BrainCommand command) {
        commands.add(command);
    }

    void send(Node node, SchedulerMessage message) {
        commands.add(new BrainCommand.ToNode(node.name, message));
    }

    void sendEnd(Lease lease, EndReason reason) {
        lease.endSentAtMillis = nowMillis;
        send(lease.node, new SchedulerMessage.EndLease(lease.terms.leaseId(), reason));
    }

    /** Tells those who wait, once per event. */
    void changed(Request request) {
        changed.add(request);
    }

    List<BrainCommand> takeCommands() {
        for (Request request : changed) {
            request.version++;
            commands.add(new BrainCommand.RequestChanged(request.id));
        }
        changed.clear();
        List<BrainCommand> taken = commands;
        commands = new ArrayList<>();
        return taken;
    }
}
