package io.offcut.client.config;

import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The keys that a configuration record has: dotted paths of its leaves, with their types. */
public final class ConfigShape {
    private static final int NEAR = 3;

    private final Map<String, Class<?>> leaves = new LinkedHashMap<>();

    ConfigShape(Class<? extends Record> type) {
        collect("", type);
    }

    private void collect(String prefix, Class<?> type) {
        for (RecordComponent component : type.getRecordComponents()) {
            String path = prefix + component.getName();
            if (component.getType().isRecord()) {
                collect(path + ".", component.getType());
            } else {
                leaves.put(path, component.getType());
            }
        }
    }

    Optional<Class<?>> leaf(String path) {
        return Optional.ofNullable(leaves.get(path));
    }

    boolean isGroup(String path) {
        return leaves.keySet().stream().anyMatch(leaf -> leaf.startsWith(path + "."));
    }

    /** The leaf that an environment variable means by its name without prefix. */
    Optional<String> byEnvironmentName(String name) {
        String wanted = squeezed(name);
        return leaves.keySet().stream().filter(leaf -> squeezed(leaf).equals(wanted)).findFirst();
    }

    private static String squeezed(String name) {
        return name.replace("_", "").replace(".", "").toLowerCase(Locale.ROOT);
    }

    /** The key that was probably meant, to be added to a message. */
    String hint(String unknown) {
        return hint(leaves.keySet(), unknown);
    }

    /** Which of these keys was probably meant, to be added to a message. */
    public static String hint(Collection<String> known, String unknown) {
        return nearest(known, unknown)
                .map(nearest -> "did you mean '" + nearest + "'?")
                .orElse("known keys: " + String.join(", ", known));
    }

    /** Which of these words was probably meant; empty if none is near. */
    public static Optional<String> nearest(Collection<String> known, String unknown) {
        String nearest = null;
        int distance = Math.min(NEAR, unknown.length() / 2) + 1;
        for (String key : known) {
            int d = distance(squeezed(key), squeezed(unknown));
            if (d < distance) {
                nearest = key;
                distance = d;
            }
        }
        return Optional.ofNullable(nearest);
    }

    /** Edits between two words (Levenshtein 1966). */
    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                current[j] =
                        Math.min(
                                previous[j - 1] + change,
                                Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
