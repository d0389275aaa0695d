package io.offcut.traces;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers for the names in a log, from 1 in the order they are met. For one thread. */
final class NameBook {
    /** So that a field that is different for every job does not fill the memory. */
    static final int MAX_NAMES = 100_000;

    private static final int MAX_CHARS = 200;

    private final Map<SwfField, Map<String, Integer>> numbers = new EnumMap<>(SwfField.class);
    private final Map<SwfField, List<String>> names = new EnumMap<>(SwfField.class);

    /** Number of a name; −1 if it is empty, 0 if there are too many. */
    int number(SwfField field, String name) {
        if (name.isEmpty()) {
            return -1;
        }
        String kept = name.length() > MAX_CHARS ? name.substring(0, MAX_CHARS) : name;
        Map<String, Integer> known = numbers.computeIfAbsent(field, f -> new HashMap<>());
        Integer number = known.get(kept);
        if (number == null) {
            if (known.size() == MAX_NAMES) {
                return 0;
            }
            number = known.size() + 1;
            known.put(kept, number);
            names.computeIfAbsent(field, f -> new ArrayList<>()).add(kept);
        }
        return number;
    }

    Map<SwfField, List<String>> names() {
        Map<SwfField, List<String>> copy = new EnumMap<>(SwfField.class);
        names.forEach((field, list) -> copy.put(field, List.copyOf(list)));
        return copy;
    }
}
