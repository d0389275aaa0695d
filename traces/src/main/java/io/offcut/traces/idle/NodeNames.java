package io.offcut.traces.idle;

import java.util.ArrayList;
import java.util.List;

/** Slurm's short form of many node names: {@code p[0001-0004,0007],q12} (scontrol(1)). */
final class NodeNames {
    /** More than any machine has. */
    private static final int MAX_NODES = 100_000;

    private NodeNames() {}

    /**
     * The names, in the order in which they are written.
     *
     * @throws IllegalArgumentException if the text is no list of nodes, or a list of too many
     */
    static List<String> expand(String text) {
        List<String> names = new ArrayList<>();
        int from = 0;
        int depth = 0;
        for (int at = 0; at <= text.length(); at++) {
            char c = at < text.length() ? text.charAt(at) : ',';
            depth += c == '[' ? 1 : c == ']' ? -1 : 0;
            if (depth < 0 || depth > 1) {
                throw new IllegalArgumentException("brackets do not match in " + text);
            }
            if (c == ',' && depth == 0) {
                expandOne("", text.substring(from, at).strip(), names);
                from = at + 1;
            }
        }
        if (depth != 0) {
            throw new IllegalArgumentException("brackets do not match in " + text);
        }
        return names;
    }

    /** One name, of which the first part is done. */
    private static void expandOne(String done, String rest, List<String> names) {
        int open = rest.indexOf('[');
        if (open < 0) {
            add(done + rest, names);
            return;
        }
        int close = rest.indexOf(']');
        String prefix = done + rest.substring(0, open);
        String suffix = rest.substring(close + 1);
        for (String part : rest.substring(open + 1, close).split(",", -1)) {
            int dash = part.indexOf('-');
            String first = dash < 0 ? part : part.substring(0, dash);
            int low = number(first);
            int high = dash < 0 ? low : number(part.substring(dash + 1));
            if (high < low || high - low >= MAX_NODES) {
                throw new IllegalArgumentException("no range of nodes: " + part);
            }
            for (int n = low; n <= high; n++) {
                expandOne(prefix + padded(n, first.length()), suffix, names);
            }
        }
    }

    private static void add(String name, List<String> names) {
        if (name.isEmpty() || name.chars().anyMatch(c -> c <= ' ')) {
            throw new IllegalArgumentException("no node name: " + name);
        }
        if (names.size() == MAX_NODES) {
            throw new IllegalArgumentException("more than " + MAX_NODES + " nodes");
        }
        names.add(name);
    }

    private static int number(String digits) {
        if (digits.isEmpty()
                || digits.length() > 9
                || !digits.chars().allMatch(NodeNames::isDigit)) {
            throw new IllegalArgumentException("no number: " + digits);
        }
        return Integer.parseInt(digits);
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static String padded(int number, int width) {
        String digits = Integer.toString(number);
        return "0".repeat(Math.max(0, width - digits.length())) + digits;
    }
}
