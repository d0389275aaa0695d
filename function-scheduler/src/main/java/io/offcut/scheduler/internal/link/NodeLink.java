package io.offcut.scheduler.internal.link;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.scheduler.internal.Json;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node's connection. Everything it says is checked before the core sees it; what is wrong
 * closes the link with a reason (RFC 6455, section 7.4).
 */
public final class NodeLink implements Session.Listener {
    static final int GOING_AWAY = 1001;
    static final int PROTOCOL_ERROR = 1002;
    static final int BAD_DATA = 1007;
    static final int DEFECT = 1011;
    static final int TRY_AGAIN = 1013;
    static final int WRONG_VERSION = 4426;
    static final int REPLACED = 4409;

    private static final Logger LOG = LoggerFactory.getLogger(NodeLink.class);
    private static final int MAX_REASON_BYTES = 120;
    private static final int MAX_UNSENT_MESSAGES = 1_024;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final Pattern URL =
            Pattern.compile("https?://[A-Za-z0-9._\\-\\[\\]:]{1,255}(/[A-Za-z0-9._~/-]{0,255})?");

    private final NodeLinks links;
    private volatile @Nullable Session session;

    /** Set by the first snapshot. Only the thread that delivers messages writes them. */
    private volatile String nodeName = "";

    private volatile long incarnation;

    NodeLink(NodeLinks links) {
        this.links = links;
    }

    @Override
    public void onWebSocketOpen(Session opened) {
        opened.setMaxOutgoingFrames(MAX_UNSENT_MESSAGES);
        session = opened;
        send(links.welcome());
        opened.demand();
    }

    @Override
    public void onWebSocketText(String text) {
        try {
            JsonNode tree = Json.tree(text);
            if (nodeName.isEmpty() || tree.path("type").asText().equals("snapshot")) {
                receiveSnapshot(tree);
            } else {
                links.received(this, nodeName, incarnation, Json.read(tree, NodeMessage.class));
            }
        } catch (Json.BadJson e) {
            refuse(BAD_DATA, "not a message of this protocol: " + e.getMessage());
        }
    }

    private void receiveSnapshot(JsonNode tree) throws Json.BadJson {
        if (!tree.path("type").asText().equals("snapshot")) {
            refuse(PROTOCOL_ERROR, "the first message must be a snapshot");
            return;
        }
        int version = tree.path("protocolVersion").asInt();
        if (version != NodeMessage.PROTOCOL_VERSION) {
            refuse(
                    WRONG_VERSION,
                    "the node speaks link protocol "
                            + version
                            + ", the scheduler "
                            + NodeMessage.PROTOCOL_VERSION
                            + "; upgrade the older one");
            return;
        }
        if (!(Json.read(tree, NodeMessage.class) instanceof NodeMessage.Snapshot snapshot)) {
            refuse(PROTOCOL_ERROR, "the first message must be a snapshot");
            return;
        }
        String name = snapshot.node().name();
        if (!NAME.matcher(name).matches() || !URL.matcher(snapshot.node().url()).matches()) {
            refuse(BAD_DATA, "the node's name or url is not an acceptable one");
        } else if (!nodeName.isEmpty() && !nodeName.equals(name)) {
            refuse(PROTOCOL_ERROR, "a link belongs to one node");
        } else {
            accept(name, snapshot);
        }
    }

    private void accept(String name, NodeMessage.Snapshot snapshot) {
        boolean first = nodeName.isEmpty();
        incarnation = snapshot.incarnation();
        nodeName = name;
        if (first) {
            links.named(name, this);
        }
        links.received(this, name, snapshot.incarnation(), snapshot);
    }

    private void refuse(int status, String reason) {
        LOG.warn(
                "closing the link of node '{}' at {}: {}",
                Json.printable(nodeName),
                address(),
                reason);
        close(status, reason);
    }

    private String address() {
        Session present = session;
        return present == null ? "?" : String.valueOf(present.getRemoteSocketAddress());
    }

    @Override
    public void onWebSocketBinary(ByteBuffer payload, Callback callback) {
        callback.succeed();
        refuse(PROTOCOL_ERROR, "messages are text");
    }

    @Override
    public void onWebSocketClose(int status, String reason, Callback callback) {
        callback.succeed();
        if (!nodeName.isEmpty()) {
            links.closed(this, nodeName, incarnation);
        }
    }

    @Override
    public void onWebSocketError(Throwable cause) {
        LOG.debug("link of node '{}' failed: {}", nodeName, cause.toString());
    }

    void readNext() {
        Session present = session;
        if (present != null && present.isOpen()) {
            present.demand();
        }
    }

    void send(SchedulerMessage message) {
        Session present = session;
        if (present != null) {
            present.sendText(
                    Json.text(message), Callback.from(() -> {}, failure -> present.disconnect()));
        }
    }

    void close(int status, String reason) {
        Session present = session;
        if (present != null) {
            present.close(status, shortened(reason), Callback.NOOP);
        }
    }

    /** A close frame has room for 123 bytes. */
    private static String shortened(String reason) {
        String text = reason;
        while (text.getBytes(StandardCharsets.UTF_8).length > MAX_REASON_BYTES) {
            text = text.substring(0, text.length() - 1);
        }
        return text;
    }
}
