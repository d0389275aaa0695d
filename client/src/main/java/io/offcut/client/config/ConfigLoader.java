package io.offcut.client.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.offcut.core.ErrorCode;
import io.offcut.core.HomeFolder;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads configuration: defaults, over them one YAML file, over it the environment, over it flags.
 *
 * <p>The file is the one named, or else the first that exists of {@code
 * ~/.config/offcut/<component>.yaml} and {@code /etc/offcut/<component>.yaml}. A variable's name is
 * the component's prefix and the key, with underscores wherever one likes: {@code
 * OFFCUT_NODE_STATE_DIR} is {@code stateDir}. A key that is none, or a value of the wrong kind, is
 * refused with the name of the key and of the place it came from.
 */
public final class ConfigLoader {
    private static final int MAX_FILE_BYTES = 1 << 20;

    private final Map<String, String> environment;
    private final List<Path> folders;

    /** A loader that looks for default files in these folders, in this order. */
    public ConfigLoader(Map<String, String> environment, List<Path> folders) {
        this.environment = new TreeMap<>(environment);
        this.folders = List.copyOf(folders);
    }

    /** The loader of this process. */
    public static ConfigLoader system() {
        return new ConfigLoader(
                System.getenv(),
                List.of(HomeFolder.path().resolve(".config/offcut"), Path.of("/etc/offcut")));
    }

    /** A variable of the environment; null if it is not set or blank. */
    public @Nullable String variable(String name) {
        String value = environment.get(name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    /**
     * The configuration of a component.
     *
     * @param file the file to read instead of the default ones; null for none
     * @param flags values by key; those that are null are left out
     * @throws OffcutException {@link ErrorCode#USAGE} with key and place, {@link
     *     ErrorCode#NOT_FOUND} if the named file is not there
     */
    public <T extends Record> T load(
            Component<T> component,
            @Nullable Path file,
            Map<String, ? extends @Nullable Object> flags) {
        Reading<T> reading = new Reading<>(component);
        Path found = file != null ? file : defaultFile(component.name());
        if (found != null) {
            reading.file(found);
        }
        environment.forEach(reading::variable);
        flags.forEach(reading::flag);
        return reading.bind();
    }

    private @Nullable Path defaultFile(String component) {
        for (Path folder : folders) {
            Path file = folder.resolve(component + ".yaml");
            if (Files.exists(file)) {
                return file;
            }
        }
        return null;
    }

    /** One configuration as it grows, and where each of its values came from. */
    private static final class Reading<T extends Record> {
        private final Component<T> component;
        private final ConfigShape shape;
        private final ObjectNode tree;
        private final Map<String, String> places = new HashMap<>();

        Reading(Component<T> component) {
            this.component = component;
            this.shape = new ConfigShape(component.type());
            T defaults = component.defaults();
            this.tree =
                    defaults == null
                            ? Mappers.JSON.createObjectNode()
                            : Mappers.JSON.valueToTree(defaults);
        }

        void file(Path file) {
            JsonNode root = parse(file);
            if (root.isMissingNode() || root.isNull()) {
                return; // nothing but comments
            }
            if (!root.isObject()) {
                throw refused(file + ": is not a mapping of keys to values");
            }
            merge("", (ObjectNode) root, file.toString());
        }

        private JsonNode parse(Path file) {
            try {
                if (Files.size(file) > MAX_FILE_BYTES) {
                    throw refused(file + ": is over " + MAX_FILE_BYTES + " bytes");
                }
                return Mappers.YAML.readTree(Files.readAllBytes(file));
            } catch (JsonProcessingException e) {
                String line =
                        e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
                throw refused(file + line + ": is not YAML: " + firstLine(e.getOriginalMessage()));
            } catch (IOException e) {
                throw new OffcutException(
                        ErrorCode.NOT_FOUND,
                        what() + ": " + file + ": cannot be read: check its path and permissions",
                        e);
            }
        }

        private void merge(String prefix, ObjectNode from, String place) {
            from.properties()
                    .forEach(entry -> {
                        String path = prefix + entry.getKey();
                        JsonNode value = entry.getValue();
                        if (shape.leaf(path).isPresent()) {
                            put(path, value, place);
                        } else if (shape.isGroup(path) && value.isObject()) {
                            merge(path + ".", (ObjectNode) value, place);
                        } else {
                            throw unknown(path, place);
                        }
                    });
        }

        void variable(String name, String value) {
            if (!name.startsWith(component.environmentPrefix())) {
                return;
            }
            String rest = name.substring(component.environmentPrefix().length());
            String path = shape.byEnvironmentName(rest).orElse(null);
            if (path != null) {
                put(path, fromText(path, value), name);
            } else if (component.ownsPrefix() && !name.equals("OFFCUT_SCHEDULER_URL")) {
                throw unknown(rest, "environment variable " + name);
            }
        }

        void flag(String path, @Nullable Object value) {
            if (value == null) {
                return;
            }
            if (shape.leaf(path).isEmpty()) {
                throw unknown(path, "command line");
            }
            JsonNode node =
                    value instanceof String s ? fromText(path, s) : Mappers.JSON.valueToTree(value);
            put(path, node, "command line");
        }

        /** Lists are written with commas, mappings as k=v with commas. */
        private JsonNode fromText(String path, String text) {
            Class<?> type = shape.leaf(path).orElseThrow();
            if (Collection.class.isAssignableFrom(type)) {
                ArrayNode list = Mappers.JSON.createArrayNode();
                for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
                    list.add(part.strip());
                }
                return list;
            }
            if (Map.class.isAssignableFrom(type)) {
                ObjectNode map = Mappers.JSON.createObjectNode();
                for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
                    int equals = part.indexOf('=');
                    map.put(
                            part.substring(0, Math.max(0, equals)).strip(),
                            part.substring(equals + 1).strip());
                }
                return map;
            }
            return Mappers.JSON.getNodeFactory().textNode(text);
        }

        private void put(String path, JsonNode value, String place) {
            ObjectNode parent = tree;
            String rest = path;
            for (int dot = rest.indexOf('.'); dot > 0; dot = rest.indexOf('.')) {
                String group = rest.substring(0, dot);
                parent =
                        parent.get(group) instanceof ObjectNode known
                                ? known
                                : parent.putObject(group);
                rest = rest.substring(dot + 1);
            }
            parent.set(rest, value);
            places.put(path, place);
        }

        T bind() {
            try {
                return Mappers.JSON.treeToValue(tree, component.type());
            } catch (JsonMappingException e) {
                throw explained(e);
            } catch (JsonProcessingException e) {
                throw refused(firstLine(e.getOriginalMessage()));
            }
        }

        private OffcutException explained(JsonMappingException e) {
            if (e.getCause() instanceof OffcutException cause) {
                return new OffcutException(cause.code(), cause.getMessage() + from(), e);
            }
            if (e.getCause() instanceof IllegalArgumentException cause) {
                return refused(cause.getMessage() + from());
            }
            // A list is from one place as a whole.
            String path = JsonFaults.path(e).replaceAll("\\[[0-9]+]", "");
            String place = places.getOrDefault(path, "default");
            String expected =
                    e instanceof MismatchedInputException mismatch
                                    && mismatch.getTargetType() != null
                            ? JsonFaults.expected(mismatch.getTargetType())
                            : "another value";
            return refused(place + ": key " + path + ": " + shown(path) + " is not " + expected);
        }

        private String shown(String path) {
            JsonNode value = tree.at("/" + path.replace('.', '/'));
            return value.isMissingNode() ? "its value" : "'" + firstLine(value.asText()) + "'";
        }

        /** Where the values that were given came from, for a fault that lies between several. */
        private String from() {
            return places.isEmpty()
                    ? ""
                    : " (from "
                            + String.join(
                                    ", ", places.values().stream().distinct().sorted().toList())
                            + ")";
        }

        private OffcutException unknown(String key, String place) {
            return refused(place + ": unknown key '" + firstLine(key) + "': " + shape.hint(key));
        }

        private OffcutException refused(String text) {
            return new OffcutException(ErrorCode.USAGE, what() + ": " + text);
        }

        private String what() {
            return component.name() + " configuration";
        }

        private static String firstLine(String text) {
            return text.lines().findFirst().orElse("").strip();
        }
    }

    /** Made when there is something to read, which for most commands is never. */
    private static final class Mappers {
        static final ObjectMapper YAML =
                YAMLMapper.builder()
                        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                        // As in YAML 1.2: "slurm: on" is the word, not true.
                        .enable(YAMLParser.Feature.PARSE_BOOLEAN_LIKE_WORDS_AS_STRINGS)
                        .build();
        static final ObjectMapper JSON =
                JsonMapper.builder()
                        .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                        .build();

        private Mappers() {}
    }
}
