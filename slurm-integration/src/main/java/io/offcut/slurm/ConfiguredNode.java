package io.offcut.slurm;

import io.offcut.core.HostList;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A node as {@code slurm.conf} describes it (slurm.conf(5), "NODE CONFIGURATION").
 *
 * @param cores {@code CPUs}, else sockets times cores of a socket times threads of a core
 * @param memoryBytes {@code RealMemory}
 */
public record ConfiguredNode(String name, int cores, long memoryBytes) {
    private static final String LINE = "nodename=";

    /** Whether a line describes nodes. */
    public static boolean isDescribedBy(String line) {
        return line.strip().toLowerCase(Locale.ROOT).startsWith(LINE);
    }

    /**
     * The nodes of a {@code slurm.conf}, in its order; lines about other things are passed over.
     *
     * @throws IllegalArgumentException if a line cannot be read, with that line in the message
     */
    public static List<ConfiguredNode> read(List<String> lines) {
        Map<String, String> defaults = new HashMap<>();
        List<ConfiguredNode> nodes = new ArrayList<>();
        for (String line : lines) {
            if (isDescribedBy(line)) {
                Map<String, String> fields = fields(line);
                String names = fields.getOrDefault("nodename", "");
                if (names.equalsIgnoreCase("DEFAULT")) {
                    defaults.putAll(fields);
                } else {
                    Map<String, String> all = new HashMap<>(defaults);
                    all.putAll(fields);
                    add(names, all, line, nodes);
                }
            }
        }
        return nodes;
    }

    /**
     * The names that a list in Slurm's notation stands for: {@code n[1-3,7],m2}.
     *
     * @throws IllegalArgumentException if it is malformed or too long
     */
    public static List<String> names(String list) {
        return HostList.expand(list);
    }

    private static Map<String, String> fields(String line) {
        Map<String, String> fields = new HashMap<>();
        for (String word : line.replaceFirst("#.*", "").strip().split("\\s+", -1)) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                fields.put(
                        word.substring(0, equals).toLowerCase(Locale.ROOT),
                        word.substring(equals + 1));
            }
        }
        return fields;
    }

    private static void add(
            String names, Map<String, String> fields, String line, List<ConfiguredNode> nodes) {
        try {
            int parts =
                    number(fields, "sockets", 1)
                            * number(fields, "corespersocket", 1)
                            * number(fields, "threadspercore", 1);
            int cores = number(fields, "cpus", parts);
            long memoryBytes = (long) number(fields, "realmemory", 1) << 20;
            for (String name : names(names)) {
                nodes.add(new ConfiguredNode(name, cores, memoryBytes));
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "not a line about nodes: '" + line.strip() + "': " + e.getMessage(), e);
        }
    }

    private static int number(Map<String, String> fields, String key, int otherwise) {
        String text = fields.get(key);
        try {
            return text == null ? otherwise : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(key + " is a whole number, not '" + text + "'", e);
        }
    }
}
