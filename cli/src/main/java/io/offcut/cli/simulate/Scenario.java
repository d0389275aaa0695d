package io.offcut.cli.simulate;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.offcut.client.config.ConfigShape;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * Options of a simulation in a file, YAML or JSON: {@code logs}, each option of the command in
 * camel case with the value that it has on the command line, and {@code nodes} and {@code outages}
 * as in a {@link NodesFile}. What is given on the command line goes before.
 */
final class Scenario {
    private static final String LOGS = "logs";
    private static final String NODES = "nodes";
    private static final String OUTAGES = "outages";
    private static final String NODES_FILE = "--nodes-file";

    /** What these say of the machine, {@link #NODES_FILE} and {@link #NODES} say too. */
    private static final Set<String> MACHINE =
            Set.of("--procs", "--cores-per-node", "--node-memory-mib");

    /** What cannot stand beside {@link #NODES} and {@link #OUTAGES}. */
    private static final List<String> EACH_A_MACHINE =
            Stream.concat(Stream.of(NODES_FILE), MACHINE.stream()).sorted().toList();

    /** At the beginning of a refusal of {@link NodesFile}: {@code nodes[2].cores}. */
    private static final Pattern MACHINE_KEY =
            Pattern.compile("(" + NODES + "|" + OUTAGES + ")(\\[[0-9]+\\](\\.[a-zA-Z]+)?)?(?=: )");

    /** Set up for those who read one alone. */
    private static final class Yaml {
        static final YAMLMapper MAPPER =
                YAMLMapper.builder()
                        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                        // As in YAML 1.2: "underused: on" is the word, not true.
                        .enable(YAMLParser.Feature.PARSE_BOOLEAN_LIKE_WORDS_AS_STRINGS)
                        .build();
    }

    private final Path file;
    private final ObjectNode tree;
    private final KeyLines lines;

    private Scenario(Path file, ObjectNode tree, KeyLines lines) {
        this.file = file;
        this.tree = tree;
        this.lines = lines;
    }

    /**
     * Reads a file.
     *
     * @throws OffcutException {@link ErrorCode#NOT_FOUND} or {@link ErrorCode#USAGE}
     */
    static Scenario read(Path file) {
        try {
            String text = Files.readString(file);
            if (Yaml.MAPPER.readTree(text) instanceof ObjectNode tree) {
                try (JsonParser parser = Yaml.MAPPER.createParser(text)) {
                    return new Scenario(file, tree, KeyLines.of(parser));
                }
            }
            throw new OffcutException(
                    ErrorCode.USAGE,
                    file + ":1: is not a mapping: give lines of the form 'scheduler: easy'");
        } catch (NoSuchFileException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "no scenario at " + file + "; check the path", e);
        } catch (JsonProcessingException e) {
            String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
            String why = e.getOriginalMessage().lines().findFirst().orElse("");
            throw new OffcutException(ErrorCode.USAGE, file + line + ": is not YAML: " + why, e);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.USAGE, file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * The words of a command line, of what it says and the command line that was given does not.
     *
     * @param options of the command
     */
    List<String> words(CommandSpec options, ParseResult given) {
        Map<String, String> names = names(options);
        List<String> words = new ArrayList<>();
        tree.properties()
                .forEach(entry -> {
                    String key = entry.getKey();
                    String option = names.get(key);
                    if (key.equals(LOGS)) {
                        if (given.matchedPositionals().isEmpty()) {
                            words.addAll(logs(entry.getValue()));
                        }
                    } else if (option != null) {
                        String value = scalar(key, entry.getValue());
                        if (!given.hasMatchedOption(option) && !isOutdone(option, given)) {
                            words.add(option + "=" + value);
                        }
                    } else if (!key.equals(NODES) && !key.equals(OUTAGES)) {
                        throw unknown(key, names);
                    }
                });
        return words;
    }

    /** Each value that is one word, whether the command line says otherwise or not. */
    List<String> values() {
        List<String> values = new ArrayList<>();
        for (JsonNode value : tree) {
            if (value instanceof ArrayNode list) {
                list.forEach(one -> values.add(one.asText()));
            } else {
                values.add(value.asText());
            }
        }
        return values;
    }

    /** By key. */
    private static Map<String, String> names(CommandSpec options) {
        Map<String, String> names = new HashMap<>();
        EffectiveOptions.names(options).forEach(name -> names.put(key(name), name));
        return names;
    }

    /** The key of an option. */
    static String key(String option) {
        StringBuilder key = new StringBuilder();
        for (String word : option.substring(2).split("-", -1)) {
            key.append(
                    key.isEmpty()
                            ? word
                            : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return key.toString();
    }

    private List<String> logs(JsonNode value) {
        List<String> logs = new ArrayList<>();
        if (value instanceof ArrayNode list) {
            list.forEach(log -> logs.add(scalar(LOGS, log)));
        } else {
            logs.add(scalar(LOGS, value));
        }
        return logs;
    }

    private String scalar(String key, JsonNode value) {
        if (!value.isValueNode() || value.isNull()) {
            throw refused(key, "is one value, as on the command line");
        }
        return value.asText();
    }

    /** The command line says otherwise what the machine is. */
    private static boolean isOutdone(String option, ParseResult given) {
        return option.equals(NODES_FILE)
                ? MACHINE.stream().anyMatch(given::hasMatchedOption)
                : MACHINE.contains(option) && given.hasMatchedOption(NODES_FILE);
    }

    private OffcutException unknown(String key, Map<String, String> names) {
        List<String> known = new ArrayList<>(names.keySet().stream().sorted().toList());
        known.addAll(List.of(LOGS, NODES, OUTAGES));
        return refused(key, "is no key: " + ConfigShape.hint(known, key));
    }

    OffcutException withoutLogs() {
        return refused(LOGS, "is missing: name the logs here or on the command line");
    }

    private OffcutException refused(String key, String why) {
        return new OffcutException(ErrorCode.USAGE, place(key) + ": " + key + ": " + why);
    }

    private String place(String key) {
        return file + ":" + lines.line(key);
    }

    /**
     * A refusal with the file, the line and the key that it is about, where that is said here and
     * not by the command line.
     *
     * @param e begins with an option, or a key of the machine; or names a file that is named here
     */
    OffcutException located(OffcutException e, CommandSpec options, ParseResult given) {
        String message = String.valueOf(e.getMessage());
        Matcher key = MACHINE_KEY.matcher(message);
        if (key.lookingAt() && tree.has(key.group(1))) {
            return new OffcutException(e.code(), place(key.group()) + ": " + message, e);
        }
        for (Map.Entry<String, String> name : names(options).entrySet()) {
            String option = name.getValue();
            boolean here = tree.has(name.getKey()) && !given.hasMatchedOption(option);
            if (here && message.matches("(?s)" + option + "(?![-a-z]).*")) {
                String why = message.substring(option.length()).replaceFirst("^:? ", "");
                return located(e, name.getKey(), why);
            }
        }
        return tree.properties().stream()
                .filter(entry -> words(entry.getValue()).anyMatch(message::contains))
                .findFirst()
                .map(entry -> located(e, entry.getKey(), message))
                .orElse(e);
    }

    private OffcutException located(OffcutException e, String key, String why) {
        return new OffcutException(e.code(), place(key) + ": " + key + ": " + why, e);
    }

    /** Those of a value, long enough to be a file's name, that are no model and no number. */
    private static Stream<String> words(JsonNode value) {
        Stream<JsonNode> all =
                value instanceof ArrayNode list ? list.valueStream() : Stream.of(value);
        return all.map(one -> one.asText().split(",", -1)[0])
                .filter(word -> word.contains(".") || word.contains("/"));
    }

    /**
     * Nodes and outages that are in it, unless the command line says what the machine is.
     *
     * @return empty if there are none
     * @throws OffcutException {@link ErrorCode#USAGE} if it describes the machine twice, or has
     *     outages of nodes that the command line replaces
     */
    ObjectNode machine(ParseResult given) {
        ObjectNode machine = tree.deepCopy().retain(List.of(NODES, OUTAGES));
        if (machine.isEmpty()) {
            return machine;
        }
        for (String option : EACH_A_MACHINE) {
            if (tree.has(key(option))) {
                throw refused(key(option), "says what 'nodes' and 'outages' do: leave it out");
            }
        }
        Optional<String> other =
                EACH_A_MACHINE.stream().filter(given::hasMatchedOption).findFirst();
        if (other.isPresent() && machine.has(OUTAGES)) {
            throw refused(
                    OUTAGES,
                    "these are outages of its own nodes, and "
                            + other.get()
                            + " gives others: leave out one of them");
        }
        return other.isPresent() ? machine.removeAll() : machine;
    }

    /** The scenario of a simulation, to be read again. */
    static String text(EffectiveOptions options, ObjectNode machine) {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        options.logs().forEach(all.putArray(LOGS)::add);
        options.values().forEach((option, value) -> all.put(key(option), value));
        all.setAll(machine);
        // Without a mapper: to set one up takes longer than many a simulation.
        StringWriter text = new StringWriter();
        try (JsonGenerator out = new JsonFactory().createGenerator(text);
                JsonParser tree = all.traverse()) {
            out.useDefaultPrettyPrinter();
            tree.nextToken();
            out.copyCurrentStructure(tree);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write " + all, e);
        }
        return text + "\n";
    }
}
