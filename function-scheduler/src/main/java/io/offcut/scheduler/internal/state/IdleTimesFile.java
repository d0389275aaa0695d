package io.offcut.scheduler.internal.state;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.scheduler.idle.IdleTimes;
import io.offcut.scheduler.internal.Json;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long nodes were idle, kept in {@code idle-times.json}: by partition, the number of intervals
 * in each bucket of {@link IdleTimes}. Blocks on the disk.
 */
public final class IdleTimesFile {
    private static final Logger LOG = LoggerFactory.getLogger(IdleTimesFile.class);
    private static final String FILE = "idle-times.json";

    private final StateFolder folder;

    public IdleTimesFile(StateFolder folder) {
        this.folder = folder;
    }

    /** What was kept; nothing when there is no file, or a damaged one. */
    public Map<String, IdleTimes> load() {
        return folder.read(FILE).map(this::parse).orElseGet(Map::of);
    }

    private Map<String, IdleTimes> parse(byte[] text) {
        Map<String, IdleTimes> partitions = new TreeMap<>();
        try {
            for (var partition : Json.tree(text).properties()) {
                Map<Integer, Integer> counts = new TreeMap<>();
                for (var bucket : partition.getValue().properties()) {
                    counts.put(Integer.valueOf(bucket.getKey()), count(bucket.getValue()));
                }
                partitions.put(partition.getKey(), IdleTimes.of(counts));
            }
            return partitions;
        } catch (Json.BadJson | IllegalArgumentException e) {
            LOG.warn(
                    "{} is damaged and ignored: how long nodes stay idle is learnt anew",
                    folder.path(FILE));
            return Map.of();
        }
    }

    private static int count(JsonNode value) {
        if (!value.canConvertToInt()) {
            throw new IllegalArgumentException("not a number");
        }
        return value.intValue();
    }

    /**
     * Replaces what was kept.
     *
     * @throws io.offcut.core.OffcutException {@code EXHAUSTED} if the disk is full
     */
    public void save(Map<String, IdleTimes> partitions) {
        Map<String, Map<Integer, Integer>> counts = new TreeMap<>();
        partitions.forEach((name, times) -> counts.put(name, times.counts()));
        folder.write(FILE, Json.bytes(counts));
    }
}
