package io.offcut.cli.simulate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.offcut.client.config.JsonFaults;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.NodeClass;
import io.offcut.simulator.Outage;
import io.offcut.slurm.ConfiguredNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A file that describes nodes: a {@code slurm.conf}, or YAML or JSON of this form, where {@code
 * outages} may be left out.
 *
 * <pre>{@code
 * nodes:
 *   - {names: "n[001-087]", cores: 32, memoryMib: 187000}
 *   - {names: "b[001-024]", cores: 40, memoryMib: 754000}
 * outages:
 *   - {nodes: "n[001-004]", from: 86400, to: 90000, kind: drain}
 *   - {nodes: "b007", from: 7200, to: 10800, kind: fail}
 * }</pre>
 */
final class NodesFile {
    private static final ObjectMapper YAML =
            YAMLMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
                    .build();

    /** The whole file. */
    record Content(@Nullable List<Nodes> nodes, @Nullable List<Down> outages) {}

    /** Equal nodes. */
    record Nodes(@Nullable String names, @Nullable Integer cores, @Nullable Long memoryMib) {}

    /** An outage of some nodes, in seconds of the log. */
    record Down(
            @Nullable String nodes,
            @Nullable Long from,
            @Nullable Long to,
            Outage.@Nullable Kind kind) {}

    private NodesFile() {}

    static ClusterSpec read(Path file) {
        try {
            String text = Files.readString(file);
            List<String> lines = text.lines().toList();
            if (lines.stream().anyMatch(ConfiguredNode::isDescribedBy)) {
                return ofSlurm(ConfiguredNode.read(lines));
            }
            Content content = YAML.readValue(text, Content.class);
            return of(content == null ? new Content(null, null) : content);
        } catch (NoSuchFileException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "no nodes file at " + file + "; check the path", e);
        } catch (JsonProcessingException e) {
            throw unusable(file, JsonFaults.explained(e), e);
        } catch (CharacterCodingException e) {
            throw unusable(file, "is not text", e);
        } catch (IOException | IllegalArgumentException e) {
            throw unusable(file, String.valueOf(e.getMessage()), e);
        }
    }

    /**
     * Of the same form, in another file.
     *
     * @throws OffcutException {@link ErrorCode#USAGE}; the message begins with the key
     */
    static ClusterSpec of(ObjectNode tree) {
        try {
            return of(YAML.treeToValue(tree, Content.class));
        } catch (JsonMappingException e) {
            String key = JsonFaults.path(e);
            String why = JsonFaults.explained(e).replace("key " + key + ": ", "");
            throw unusable(key, why, e);
        } catch (JsonProcessingException e) {
            throw unusable("nodes", JsonFaults.explained(e), e);
        } catch (Refused e) {
            throw unusable(e.key, e.why, e);
        }
    }

    /** What is wrong, and where. */
    private static final class Refused extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        private final String key;
        private final String why;

        Refused(String key, String why, @Nullable Exception cause) {
            super(key + ": " + why, cause);
            this.key = key;
            this.why = why;
        }
    }

    private static OffcutException unusable(Object file, String why, Exception cause) {
        return new OffcutException(
                ErrorCode.USAGE,
                file
                        + ": "
                        + why
                        + "; it must be a slurm.conf, or YAML with 'nodes' (names, cores,"
                        + " memoryMib) and 'outages' (nodes, from, to, kind)",
                cause);
    }

    private static ClusterSpec ofSlurm(List<ConfiguredNode> nodes) {
        List<NodeClass> classes = new ArrayList<>();
        for (ConfiguredNode node : nodes) {
            NodeClass last = classes.isEmpty() ? null : classes.getLast();
            if (last != null
                    && last.cores() == node.cores()
                    && last.memoryBytes() == node.memoryBytes()) {
                classes.removeLast();
                classes.add(
                        new NodeClass(
                                last.name(), last.count() + 1, last.cores(), last.memoryBytes()));
            } else {
                classes.add(new NodeClass(node.name(), 1, node.cores(), node.memoryBytes()));
            }
        }
        return new ClusterSpec(
                classes, List.of(), nodes.stream().map(ConfiguredNode::name).toList());
    }

    private static ClusterSpec of(Content content) {
        List<NodeClass> classes = new ArrayList<>();
        Map<String, Integer> numbers = new LinkedHashMap<>();
        List<Nodes> all = needed(content.nodes(), "nodes", "is missing");
        for (int at = 0; at < all.size(); at++) {
            String key = "nodes[" + (at + 1) + "]";
            Nodes nodes = needed(all.get(at), key, "is empty");
            String list = needed(nodes.names(), key, "has no 'names'");
            String of = list + " has no ";
            for (String name : names(key + ".names", list)) {
                if (numbers.put(name, numbers.size()) != null) {
                    throw new Refused(key + ".names", "node " + name + " is there twice", null);
                }
            }
            classes.add(
                    new NodeClass(
                            list,
                            names(key + ".names", list).size(),
                            (int)
                                    between(
                                            1,
                                            CpuSet.MAX_CPU + 1,
                                            key + ".cores",
                                            needed(nodes.cores(), key, of + "'cores'")),
                            between(
                                            0,
                                            Long.MAX_VALUE >> 20,
                                            key + ".memoryMib",
                                            needed(nodes.memoryMib(), key, of + "'memoryMib'"))
                                    << 20));
        }
        if (classes.isEmpty()) {
            throw new Refused("nodes", "is empty", null);
        }
        List<Down> downs = content.outages();
        return new ClusterSpec(
                classes,
                outages(downs == null ? List.of() : downs, numbers),
                List.copyOf(numbers.keySet()));
    }

    private static List<Outage> outages(List<Down> downs, Map<String, Integer> numbers) {
        List<Outage> outages = new ArrayList<>();
        for (int at = 0; at < downs.size(); at++) {
            String key = "outages[" + (at + 1) + "]";
            Down down = needed(downs.get(at), key, "is empty");
            String list = needed(down.nodes(), key, "has no 'nodes'");
            String of = list + " has no ";
            long from = seconds(key + ".from", needed(down.from(), key, of + "'from'"));
            long to = seconds(key + ".to", needed(down.to(), key, of + "'to'"));
            if (to <= from) {
                throw new Refused(key + ".to", to + " is not after 'from', " + from, null);
            }
            Outage.Kind kind = needed(down.kind(), key, of + "'kind'");
            for (String name : names(key + ".nodes", list)) {
                Integer number = numbers.get(name);
                if (number == null) {
                    throw new Refused(key + ".nodes", "there is no node " + name, null);
                }
                outages.add(new Outage(number, from, to, kind));
            }
        }
        return outages;
    }

    private static List<String> names(String key, String list) {
        try {
            return ConfiguredNode.names(list);
        } catch (IllegalArgumentException e) {
            throw new Refused(key, String.valueOf(e.getMessage()), e);
        }
    }

    private static long seconds(String key, long value) {
        return between(-Outage.LAST_SECONDS, Outage.LAST_SECONDS, key, value);
    }

    private static long between(long least, long most, String key, long value) {
        if (value < least || value > most) {
            throw new Refused(key, "is from " + least + " to " + most + "; not " + value, null);
        }
        return value;
    }

    private static <T> T needed(@Nullable T value, String key, String otherwise) {
        if (value == null) {
            throw new Refused(key, otherwise, null);
        }
        return value;
    }
}
