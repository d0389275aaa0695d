package io.offcut.slurm.internal.parse;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of {@code scontrol show … -o}, cut into {@code Key=value} fields.
 *
 * <p>Slurm quotes nothing: a job name or comment may contain spaces, {@code Key=value} pairs of its
 * own and even line ends. So a line tells how often each key occurs; whoever reads it decides what
 * a repeated key means. Work and memory are linear in the line and bounded by {@link #MAX_FIELDS}.
 */
public final class FieldLine {
    /** Fields read of one line; a job over 10,000 nodes has at most about 40,000. */
    public static final int MAX_FIELDS = 200_000;

    /** One field: its key, its value without surrounding blanks, and its place in the line. */
    public record Field(String key, String value) {}

    private final List<Field> fields = new ArrayList<>();
    private final Map<String, Integer> firstIndex = new HashMap<>();
    private final Map<String, Integer> counts = new HashMap<>();
    private boolean complete = true;

    private FieldLine() {}

    /** Cuts the line. Text before the first field is ignored. */
    public static FieldLine parse(String line) {
        FieldLine result = new FieldLine();
        int keyStart = nextField(line, 0);
        while (keyStart >= 0) {
            int equals = line.indexOf('=', keyStart);
            int next = nextField(line, equals + 1);
            int end = next < 0 ? line.length() : next;
            if (!result.add(line.substring(keyStart, equals), line.substring(equals + 1, end))) {
                break;
            }
            keyStart = next;
        }
        return result;
    }

    private boolean add(String key, String value) {
        if (fields.size() == MAX_FIELDS) {
            complete = false;
            return false;
        }
        firstIndex.putIfAbsent(key, fields.size());
        counts.merge(key, 1, Integer::sum);
        fields.add(new Field(key, value.strip()));
        return true;
    }

    /** Where the next {@code Key=} begins at or after {@code from}; -1 if there is none. */
    private static int nextField(String line, int from) {
        int word = from;
        while (word < line.length()) {
            boolean wordStart = word == 0 || line.charAt(word - 1) == ' ';
            int at = word;
            while (wordStart && at < line.length() && isKeyCharacter(line.charAt(at))) {
                at++;
            }
            if (at > word && at < line.length() && line.charAt(at) == '=') {
                return word;
            }
            int space = line.indexOf(' ', at);
            if (space < 0) {
                return -1;
            }
            word = space + 1;
        }
        return -1;
    }

    private static boolean isKeyCharacter(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '_'
                || c == ':'
                || c == '/';
    }

    /** All fields in their order. */
    public List<Field> fields() {
        return List.copyOf(fields);
    }

    /** False if the line had more fields than are read. */
    public boolean complete() {
        return complete;
    }

    /** How often the key occurs. */
    public int count(String key) {
        return counts.getOrDefault(key, 0);
    }

    /** Position of the first such field, or -1. */
    public int indexOf(String key) {
        return firstIndex.getOrDefault(key, -1);
    }

    /** The first value of the key, or null if the line has no such field. */
    public @Nullable String first(String key) {
        Integer index = firstIndex.get(key);
        return index == null ? null : fields.get(index).value();
    }

    /** The first value of the key, or the other text. */
    public String firstOr(String key, String otherwise) {
        String value = first(key);
        return value == null ? otherwise : value;
    }
}
