package io.offcut.slurm.internal.site;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code Key = value} lines: what {@code scontrol show config} prints, or a file such as
 * cgroup.conf. Keys are found whatever their case; the first of several counts. Pure, lenient.
 */
final class ConfigTable {
    private static final int MAX_LINES = 20_000;

    private final Map<String, String> values = new HashMap<>();

    private ConfigTable() {}

    /** Reads the output of {@code scontrol show config}. */
    static ConfigTable ofOutput(@Nullable String text) {
        return parse(text, false);
    }

    /** Reads a file, in which {@code #} begins a comment. */
    static ConfigTable ofFile(@Nullable String text) {
        return parse(text, true);
    }

    private static ConfigTable parse(@Nullable String text, boolean comments) {
        ConfigTable table = new ConfigTable();
        if (text != null) {
            text.lines().limit(MAX_LINES).forEach(line -> table.add(line, comments));
        }
        return table;
    }

    private void add(String line, boolean comments) {
        int hash = comments ? line.indexOf('#') : -1;
        String used = hash < 0 ? line : line.substring(0, hash);
        int equals = used.indexOf('=');
        if (equals > 0) {
            String value = used.substring(equals + 1).strip();
            values.putIfAbsent(
                    lower(used.substring(0, equals).strip()), value.equals("(null)") ? "" : value);
        }
    }

    boolean has(String key) {
        return values.containsKey(lower(key));
    }

    /** The value; empty if there is none. */
    String get(String key) {
        return values.getOrDefault(lower(key), "");
    }

    /** The comma-separated words of the value, in lower case. */
    List<String> words(String key) {
        return Arrays.stream(lower(get(key)).split("[,|]", -1))
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .toList();
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
