package io.offcut.bundle;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.offcut.core.function.BundleManifest;
import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * From the text of {@code offcut.yaml} to a {@link BundleManifest}; every objection names its key.
 */
final class ManifestReader {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Pattern C_SYMBOL = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,255}");
    private static final Pattern CLASS_NAME =
            Pattern.compile("[\\p{L}_$][\\p{L}\\p{N}_$]*(\\.[\\p{L}_$][\\p{L}\\p{N}_$]*)*");
    private static final int MAX_FUNCTIONS = 1024;
    private static final int MAX_ARGUMENTS = 256;
    private static final int MAX_TEXT_CHARS = 4096;
    private static final long MAX_TIMEOUT_MILLIS = 24L * 3600 * 1000;
    private static final long DEFAULT_TIMEOUT_MILLIS = 60_000;

    private static final ObjectMapper YAML =
            new ObjectMapper(
                            YAMLFactory.builder()
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .enable(YAMLParser.Feature.PARSE_BOOLEAN_LIKE_WORDS_AS_STRINGS)
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private ManifestReader() {}

    static BundleManifest read(byte[] text) {
        JsonNode root = parse(text);
        if (!root.isObject()) {
            throw bad("", "expected the keys name and functions");
        }
        onlyKeys(root, "", Set.of("name", "functions"));
        String name = name(root, "");
        if (BundleHash.isHash(name)) {
            throw bad("name", "looks like a SHA-256, which would be ambiguous; choose another");
        }
        JsonNode list = root.get("functions");
        if (list == null || !list.isArray() || list.isEmpty() || list.size() > MAX_FUNCTIONS) {
            throw bad("functions", "expected a list of 1 to " + MAX_FUNCTIONS + " functions");
        }
        List<FunctionSpec> functions = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            FunctionSpec function = function(list.get(i), "functions[" + i + "].");
            if (!names.add(function.name())) {
                throw bad("functions[" + i + "].name", "'" + function.name() + "' is there twice");
            }
            functions.add(function);
        }
        return new BundleManifest(name, functions);
    }

    private static JsonNode parse(byte[] text) {
        try {
            return YAML.readTree(text);
        } catch (JacksonException e) {
            String line = e.getLocation() == null ? "" : " in line " + e.getLocation().getLineNr();
            String[] said = e.getOriginalMessage().strip().split("\n", 2);
            throw Refusal.invalid(
                    BundleArchive.MANIFEST
                            + " is not valid YAML"
                            + line
                            + ": "
                            + Refusal.quoted(said[0]));
        } catch (IOException | StackOverflowError e) {
            throw Refusal.invalid(BundleArchive.MANIFEST + " cannot be read as YAML");
        }
    }

    private static FunctionSpec function(JsonNode node, String at) {
        if (!node.isObject()) {
            throw bad(at + "name", "expected a function with its keys");
        }
        String kindText = text(node, at, "kind");
        return switch (kindText.toLowerCase(Locale.ROOT)) {
            case "native" -> nativeFunction(node, at);
            case "java" -> javaFunction(node, at);
            case "command" -> commandFunction(node, at);
            default ->
                    throw bad(
                            at + "kind",
                            Refusal.quoted(kindText) + " is not one of native, java, command");
        };
    }

    private static FunctionSpec nativeFunction(JsonNode node, String at) {
        onlyKeys(node, at, keys("file", "symbol", "checked"));
        String symbol = text(node, at, "symbol");
        if (!C_SYMBOL.matcher(symbol).matches()) {
            throw bad(at + "symbol", Refusal.quoted(symbol) + " is not a C symbol");
        }
        boolean checked = flag(node, at, "checked");
        return spec(node, at, FunctionKind.NATIVE, path(node, at), symbol, checked, List.of());
    }

    private static FunctionSpec javaFunction(JsonNode node, String at) {
        onlyKeys(node, at, keys("file", "symbol"));
        String symbol = text(node, at, "symbol");
        if (!CLASS_NAME.matcher(symbol).matches()) {
            throw bad(at + "symbol", Refusal.quoted(symbol) + " is not a class name");
        }
        return spec(node, at, FunctionKind.JAVA, path(node, at), symbol, false, List.of());
    }

    private static FunctionSpec commandFunction(JsonNode node, String at) {
        onlyKeys(node, at, keys("command"));
        JsonNode list = node.get("command");
        if (list == null || !list.isArray() || list.isEmpty() || list.size() > MAX_ARGUMENTS) {
            throw bad(
                    at + "command",
                    "expected a list: the program and at most "
                            + (MAX_ARGUMENTS - 1)
                            + " arguments");
        }
        List<String> command = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            command.add(text(list.get(i), at + "command[" + i + "]"));
        }
        if (command.getFirst().isBlank()) {
            throw bad(at + "command[0]", "the program is missing");
        }
        return spec(node, at, FunctionKind.COMMAND, "", "", false, command);
    }

    private static FunctionSpec spec(
            JsonNode node,
            String at,
            FunctionKind kind,
            String file,
            String symbol,
            boolean checked,
            List<String> command) {
        return new FunctionSpec(
                name(node, at),
                kind,
                file,
                symbol,
                checked,
                command,
                flag(node, at, "idempotent"),
                timeoutMillis(node, at));
    }

    private static Set<String> keys(String... ofKind) {
        Set<String> keys = new HashSet<>(Set.of("name", "kind", "idempotent", "timeoutMillis"));
        keys.addAll(List.of(ofKind));
        return keys;
    }

    private static void onlyKeys(JsonNode node, String at, Set<String> known) {
        node.fieldNames()
                .forEachRemaining(key -> {
                    if (!known.contains(key)) {
                        throw Refusal.invalid(
                                BundleArchive.MANIFEST
                                        + ": unknown key "
                                        + Refusal.quoted(at + key)
                                        + "; known here: "
                                        + String.join(", ", known.stream().sorted().toList()));
                    }
                });
    }

    private static String name(JsonNode node, String at) {
        String name = text(node, at, "name");
        if (!NAME.matcher(name).matches()) {
            throw bad(
                    at + "name",
                    Refusal.quoted(name)
                            + " is not a name: letters, digits, . _ -, at most 64, a letter or digit first");
        }
        return name;
    }

    private static String path(JsonNode node, String at) {
        String file = text(node, at, "file");
        String plain = file.startsWith("./") ? file.substring(2) : file;
        String objection = EntryNames.objection(plain);
        if (!objection.isEmpty()) {
            throw bad(at + "file", Refusal.quoted(file) + " " + objection);
        }
        return plain.endsWith("/") ? plain.substring(0, plain.length() - 1) : plain;
    }

    private static String text(JsonNode node, String at, String key) {
        return text(node.get(key), at + key);
    }

    private static String text(@Nullable JsonNode value, String key) {
        if (value == null || value.isNull()) {
            throw bad(key, "is missing");
        }
        if (value.isNumber() || value.isBoolean()) {
            throw bad(
                    key,
                    "is a " + (value.isNumber() ? "number" : "boolean") + "; put it in quotes");
        }
        String text = value.isTextual() ? value.textValue() : "\0";
        if (text.length() > MAX_TEXT_CHARS || text.indexOf('\0') >= 0) {
            throw bad(key, "is not a text of at most " + MAX_TEXT_CHARS + " characters");
        }
        return text;
    }

    private static boolean flag(JsonNode node, String at, String key) {
        JsonNode value = node.get(key);
        if (value == null) {
            return false;
        }
        if (!value.isBoolean()) {
            throw bad(at + key, "is not true or false");
        }
        return value.booleanValue();
    }

    private static long timeoutMillis(JsonNode node, String at) {
        JsonNode value = node.get("timeoutMillis");
        if (value == null) {
            return DEFAULT_TIMEOUT_MILLIS;
        }
        if (!value.isIntegralNumber()
                || !value.canConvertToLong()
                || value.longValue() < 1
                || value.longValue() > MAX_TIMEOUT_MILLIS) {
            throw bad(
                    at + "timeoutMillis",
                    "is not a number of milliseconds from 1 to " + MAX_TIMEOUT_MILLIS);
        }
        return value.longValue();
    }

    private static RuntimeException bad(String key, String why) {
        return Refusal.invalid(
                BundleArchive.MANIFEST + (key.isEmpty() ? "" : ", key " + key) + ": " + why);
    }
}
