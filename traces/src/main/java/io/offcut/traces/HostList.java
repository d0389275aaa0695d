package io.offcut.traces;

import java.util.ArrayList;
import java.util.List;

/**
 * The names in a list of hosts as Slurm writes it: {@code cpn-q06-[01-02,07],gpu1}. Several
 * brackets in a name are expanded all.
 */
public final class HostList {
    /** More than any cluster has: a list of more is none. */
    private static final int MAX_HOSTS = 100_000;

    private static final int MAX_BRACKETS = 4;
    private static final int MAX_DIGITS = 9;

    private HostList() {}

    /** The names in their order; empty if it is no list of hosts. */
    public static List<String> expand(String list) {
        List<String> hosts = new ArrayList<>();
        int from = 0;
        int depth = 0;
        for (int at = 0; at <= list.length(); at++) {
            char c = at < list.length() ? list.charAt(at) : ',';
            depth += c == '[' ? 1 : (c == ']' ? -1 : 0);
            if (c == ',' && depth == 0) {
                if (at > from && !one(list.substring(from, at), 0, hosts)) {
                    return List.of();
                }
                from = at + 1;
            }
        }
        return depth == 0 ? hosts : List.of();
    }

    /** Expands the first bracket and what follows it; false if that is not of the form. */
    private static boolean one(String name, int bracketsBefore, List<String> into) {
        int open = bracketsBefore == MAX_BRACKETS ? -1 : name.indexOf('[');
        if (open < 0) {
            into.add(name);
            return into.size() <= MAX_HOSTS
                    && name.indexOf('[') < 0
                    && name.indexOf(']') < 0
                    && name.indexOf(' ') < 0;
        }
        int close = name.indexOf(']', open);
        if (close < 0) {
            return false;
        }
        String head = name.substring(0, open);
        String tail = name.substring(close + 1);
        for (String range : name.substring(open + 1, close).split(",", -1)) {
            if (!range(head, range, tail, bracketsBefore, into)) {
                return false;
            }
        }
        return true;
    }

    private static boolean range(
            String head, String range, String tail, int bracketsBefore, List<String> into) {
        int dash = range.indexOf('-');
        String first = dash < 0 ? range : range.substring(0, dash);
        String last = dash < 0 ? range : range.substring(dash + 1);
        if (!isNumber(first)
                || !isNumber(last)
                || Integer.parseInt(first) > Integer.parseInt(last)) {
            return false;
        }
        int end = Integer.parseInt(last);
        for (int number = Integer.parseInt(first); number <= end; number++) {
            String digits = Integer.toString(number);
            String padding = "0".repeat(Math.max(0, first.length() - digits.length()));
            if (!one(head + padding + digits + tail, bracketsBefore + 1, into)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNumber(String text) {
        if (text.isEmpty() || text.length() > MAX_DIGITS) {
            return false;
        }
        for (int at = 0; at < text.length(); at++) {
            if (text.charAt(at) < '0' || text.charAt(at) > '9') {
                return false;
            }
        }
        return true;
    }
}
