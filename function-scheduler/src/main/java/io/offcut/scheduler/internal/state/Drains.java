package io.offcut.scheduler.internal.state;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.scheduler.internal.Json;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Nodes that an operator took out of service, kept in {@code drained-nodes.json}: a restarted
 * scheduler must not put work on a node that is being repaired. Safe for any thread.
 */
public final class Drains {
    private static final Logger LOG = LoggerFactory.getLogger(Drains.class);
    private static final String FILE = "drained-nodes.json";

    private final StateFolder folder;
    private Map<String, String> reasons = new TreeMap<>();

    public Drains(StateFolder folder) {
        this.folder = folder;
        folder.read(FILE).ifPresent(this::load);
    }

    private void load(byte[] text) {
        try {
            JsonNode tree = Json.tree(text);
            tree.properties().forEach(e -> reasons.put(e.getKey(), e.getValue().asText()));
        } catch (Json.BadJson e) {
            LOG.warn(
                    "{} is damaged and ignored; drain the nodes again that must stay out of service",
                    folder.path(FILE));
        }
    }

    /** Reasons by node. */
    public synchronized Map<String, String> all() {
        return Map.copyOf(reasons);
    }

    /** Remembers it on disk. */
    public synchronized void add(String node, String reason) {
        Map<String, String> next = new TreeMap<>(reasons);
        next.put(node, reason);
        replace(next);
    }

    /** Forgets it on disk. */
    public synchronized void remove(String node) {
        Map<String, String> next = new TreeMap<>(reasons);
        if (next.remove(node) != null) {
            replace(next);
        }
    }

    private void replace(Map<String, String> next) {
        folder.write(FILE, Json.bytes(next));
        reasons = next;
    }
}
