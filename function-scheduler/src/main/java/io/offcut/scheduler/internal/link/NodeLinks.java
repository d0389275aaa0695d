package io.offcut.scheduler.internal.link;

import io.offcut.core.OffcutException;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.scheduler.brain.BrainEvent;
import io.offcut.scheduler.internal.BrainLoop;
import io.offcut.scheduler.internal.Json;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.websocket.api.Session;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connected nodes by name. Safe for any thread; nothing blocks.
 *
 * <p>A link goes: open, welcome sent, first snapshot names it, deltas, closed. While the core has
 * not taken a message in, the next one is not read, so a talkative node slows down only itself.
 */
public final class NodeLinks {
    private static final Logger LOG = LoggerFactory.getLogger(NodeLinks.class);

    private final BrainLoop loop;
    private final SchedulerMessage.Welcome welcome;
    private final Map<String, NodeLink> links = new ConcurrentHashMap<>();

    public NodeLinks(BrainLoop loop, SchedulerMessage.Welcome welcome) {
        this.loop = loop;
        this.welcome = welcome;
    }

    /** What Jetty calls for one new connection. */
    public Session.Listener newLink() {
        return new NodeLink(this);
    }

    /** Sends if the node is connected; drops it otherwise, the next snapshot makes it good. */
    public void send(String nodeName, SchedulerMessage message) {
        NodeLink link = links.get(nodeName);
        if (link != null) {
            link.send(message);
        }
    }

    /** How many nodes are connected. */
    public int count() {
        return links.size();
    }

    /** Closes all links: the scheduler goes. */
    public void closeAll() {
        links.values().forEach(link -> link.close(NodeLink.GOING_AWAY, "the scheduler stops"));
    }

    SchedulerMessage.Welcome welcome() {
        return welcome;
    }

    /** The first snapshot of a link has named it: the same node's older link is replaced. */
    void named(String nodeName, NodeLink link) {
        NodeLink older = links.put(nodeName, link);
        if (older != null && older != link) {
            LOG.warn(
                    "node {} connected a second time; the older link is closed (two daemons with one name?)",
                    Json.printable(nodeName));
            older.close(NodeLink.REPLACED, "replaced by a newer link of this node");
        } else {
            LOG.info("node {} connected", Json.printable(nodeName));
        }
    }

    void received(NodeLink link, String nodeName, long incarnation, NodeMessage message) {
        loop.apply(
                new BrainEvent.FromNode(nodeName, incarnation, message),
                failure -> {
                    if (failure == null) {
                        link.readNext();
                    } else if (failure instanceof OffcutException) {
                        link.close(NodeLink.TRY_AGAIN, "the scheduler is overloaded or stopping");
                    } else {
                        LOG.error("a message of node {} failed", nodeName, failure);
                        link.close(NodeLink.DEFECT, "the scheduler failed on this message");
                    }
                });
    }

    void closed(NodeLink link, String nodeName, long incarnation) {
        if (links.remove(nodeName, link)) {
            LOG.info("node {} disconnected", Json.printable(nodeName));
            loop.apply(new BrainEvent.LinkLost(nodeName, incarnation));
        }
    }
}
