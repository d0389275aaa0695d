package io.offcut.cli.simulate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.NodeClass;
import io.offcut.simulator.Outage;
import io.offcut.slurm.ConfiguredNode;
import java.io.IOException;
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
                    .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .build();

    /** The whole file. */
    record Content(@Nullable List<Nodes> nodes, @Nullable List<Down> outages) {}

    /** Equal nodes. */
    record Nodes(@Nullable String names, int cores, long memoryMib) {}

    /** An outage of some nodes, in seconds of the log. */
    record Down(@Nullable String nodes, long from, long to, Outage.@Nullable Kind kind) {}

    private NodesFile() {}

    static ClusterSpec read(Path file) {
        try {
            String text = Files.readString(file);
            List<String> lines = text.lines().toList();
            return lines.stream().anyMatch(ConfiguredNode::isDescribedBy)
                    ? ofSlurm(ConfiguredNode.read(lines))
                    : of(YAML.readValue(text, Content.class));
        } catch (NoSuchFileException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "no nodes file at " + file + "; check the path", e);
        } catch (JsonProcessingException e) {
            throw unusable(file, String.valueOf(e.getOriginalMessage()), e);
        } catch (IOException | IllegalArgumentException | ArithmeticException e) {
            throw unusable(file, String.valueOf(e.getMessage()), e);
        }
    }

    /** Of the same form, in another file. */
    static ClusterSpec of(ObjectNode tree) {
        try {
            return of(YAML.treeToValue(tree, Content.class));
        } catch (JsonProcessingException e) {
            throw unusable("scenario", String.valueOf(e.getOriginalMessage()), e);
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
        for (Nodes nodes : needed(content.nodes(), "nodes")) {
            String list = needed(nodes.names(), "names");
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
                            nodes.cores(),
                            Math.multiplyExact(nodes.memoryMib(), 1L << 20)));
        }
        List<Down> downs = content.outages();
        List<Outage> outages = new ArrayList<>();
        for (Down down : downs == null ? List.<Down>of() : downs) {
            for (String name : ConfiguredNode.names(needed(down.nodes(), "nodes"))) {
                Integer number = numbers.get(name);
                if (number == null) {
                    throw new IllegalArgumentException("there is no node " + name);
                }
                outages.add(
                        new Outage(number, down.from(), down.to(), needed(down.kind(), "kind")));
            }
        }
        return new ClusterSpec(classes, outages, List.copyOf(numbers.keySet()));
    }

    private static <T> T needed(@Nullable T value, String key) {
        if (value == null) {
            throw new IllegalArgumentException("'" + key + "' is missing");
        }
        return value;
    }
}
