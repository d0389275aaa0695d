package io.offcut.traces;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the numbers of one field become when logs are merged: the same number is to mean the same
 * user, queue and so on in all of them.
 *
 * <ul>
 *   <li>Where a log has names for its numbers, as {@code sacct} and accounting have, or two headers
 *       name one number differently, equal names get one number, in the order of the logs. A number
 *       that no name is known of is one in all logs of one machine, and another in each log else.
 *   <li>Else, where all logs are of one machine, numbers stay as they are: months of one log.
 *   <li>Else those of each log come after those of the logs before it.
 * </ul>
 *
 * Unknown and 0, which the Standard Workload Format gives a meaning, stay. For one thread.
 */
final class Renumbering {
    private final List<SwfLog> logs;
    private final SwfField field;

    /** By log, what headers say of numbers; empty for a field of which they say nothing. */
    private final List<Map<Long, String>> headerNames = new ArrayList<>();

    private final boolean oneMachine;
    private final boolean byName;
    private final NameBook book = new NameBook();

    /** By log, what is added to its numbers where they do not go by name. */
    private final long[] added;

    Renumbering(List<SwfLog> logs, SwfField field, boolean oneMachine) {
        this.logs = logs;
        this.field = field;
        this.oneMachine = oneMachine;
        logs.forEach(log -> headerNames.add(headerNames(log.header(), label(field))));
        this.byName =
                logs.stream().anyMatch(log -> log.names().containsKey(field))
                        || (oneMachine && isContradictory());
        this.added = new long[logs.size()];
        if (!byName && !oneMachine) {
            for (int log = 1; log < added.length; log++) {
                added[log] = added[log - 1] + greatest(logs.get(log - 1).jobs());
            }
        }
    }

    /** How headers call the field; empty for not at all. */
    static String label(SwfField field) {
        return switch (field) {
            case QUEUE -> "Queue";
            case PARTITION -> "Partition";
            default -> "";
        };
    }

    private static Map<Long, String> headerNames(SwfHeader header, String label) {
        Map<Long, String> names = new HashMap<>();
        for (String line : header.lines()) {
            String text = line.strip();
            if (isOf(text, label)) {
                String[] parts = text.substring(label.length() + 1).strip().split("\\s+", 2);
                if (parts.length == 2 && parts[0].matches("[0-9]{1,9}")) {
                    names.putIfAbsent(Long.valueOf(parts[0]), parts[1]);
                }
            }
        }
        return names;
    }

    /** Whether a header's line is of this label. */
    static boolean isOf(String line, String label) {
        String text = line.strip().toLowerCase(Locale.ROOT);
        return !label.isEmpty() && text.startsWith(label.toLowerCase(Locale.ROOT) + ":");
    }

    private boolean isContradictory() {
        Map<Long, String> all = new HashMap<>();
        for (Map<Long, String> names : headerNames) {
            for (Map.Entry<Long, String> name : names.entrySet()) {
                String before = all.putIfAbsent(name.getKey(), name.getValue());
                if (before != null && !before.equals(name.getValue())) {
                    return true;
                }
            }
        }
        return false;
    }

    private long greatest(JobTable jobs) {
        long greatest = 0;
        for (int row = 0; row < jobs.size(); row++) {
            greatest = Math.max(greatest, jobs.value(row, field));
        }
        return greatest;
    }

    /** Whether equal names are one, rather than equal numbers. */
    boolean goesByName() {
        return byName;
    }

    /** Whether numbers change at all. */
    boolean changes() {
        return byName || Arrays.stream(added).anyMatch(more -> more > 0);
    }

    /** What a number of a log becomes. */
    long number(int log, long number) {
        if (number <= 0) {
            return number;
        }
        return byName ? book.number(field, name(log, number)) : number + added[log];
    }

    private String name(int log, long number) {
        SwfLog of = logs.get(log);
        List<String> names = of.names().getOrDefault(field, List.of());
        if (number <= names.size()) {
            return of.name(field, number);
        }
        String header = names.isEmpty() ? headerNames.get(log).get(number) : null;
        if (header != null) {
            return header;
        }
        return oneMachine ? Long.toString(number) : number + "@" + (log + 1);
    }

    /** Names of the new numbers where they go by name, else none. */
    List<String> names() {
        return book.names().getOrDefault(field, List.of());
    }

    /** What a header says of the new numbers. */
    List<String> headerLines() {
        List<String> lines = new ArrayList<>();
        for (int number = 1; number <= names().size(); number++) {
            lines.add(line(number, names().get(number - 1)));
        }
        for (int log = 0; log < added.length && !byName; log++) {
            long more = added[log];
            headerNames.get(log).entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(name -> lines.add(line(name.getKey() + more, name.getValue())));
        }
        return lines;
    }

    private String line(long number, String name) {
        return " " + label(field) + ": " + number + " " + name;
    }
}
