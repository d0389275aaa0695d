package io.offcut.cli.simulate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.offcut.cli.config.JsonFaults;
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
        } catch (IOException | IllegalArgumentException | ArithmeticException e) {
            throw unusable(file, String.valueOf(e.getMessage()), e);
        }
    }

    /** Of the same form, in another file. */
    static ClusterSpec of(ObjectNode tree) {
        try {
            return of(YAML.treeToValue(tree, Content.class));
        } catch (JsonProcessingException e) {
            throw unusable("scenario", JsonFaults.explained(e), e);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw unusable("scenario", String.valueOf(e.getMessage()), e);
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
        for (Nodes nodes : needed(content.nodes(), "nodes", "the file")) {
            String list = needed(nodes.names(), "names", "one of nodes");
            String where = "nodes " + list;
            List<String> names = ConfiguredNode.names(list);
            for (String name : names) {
                if (numbers.put(name, numbers.size()) != null) {
                    throw new IllegalArgumentException("node " + name + " is there twice");
                }
            }
            classes.add(
                    new NodeClass(
                            list,
                            names.size(),
                            needed(nodes.cores(), "cores", where),
                            Math.multiplyExact(
                                    needed(nodes.memoryMib(), "memoryMib", where), 1L << 20)));
        }
        List<Down> downs = content.outages();
        return new ClusterSpec(
                classes,
                outages(downs == null ? List.of() : downs, numbers),
                List.copyOf(numbers.keySet()));
    }

    private static List<Outage> outages(List<Down> downs, Map<String, Integer> numbers) {
        List<Outage> outages = new ArrayList<>();
        for (Down down : downs) {
            String list = needed(down.nodes(), "nodes", "one of outages");
            String where = "the outage of " + list;
            for (String name : ConfiguredNode.names(list)) {
                Integer number = numbers.get(name);
                if (number == null) {
                    throw new IllegalArgumentException("there is no node " + name);
                }
                outages.add(
                        new Outage(
                                number,
                                needed(down.from(), "from", where),
                                needed(down.to(), "to", where),
                                needed(down.kind(), "kind", where)));
            }
        }
        return outages;
    }

    private static <T> T needed(@Nullable T value, String key, String where) {
        if (value == null) {
            throw new IllegalArgumentException(where + " has no '" + key + "'");
        }
        return value;
    }
}
