package io.offcut.core;

import java.util.ArrayList;
import java.util.List;

/**
 * Slurm's notation for many host names: {@code n[1-3,7],m2}, {@code r[0-1]n[001-010]-ib}
 * (slurm.conf(5), "NodeName"; hostlist functions of the Slurm API).
 *
 * <p>Pure. What it makes is bounded, so that {@code n[0-999999999]} is refused and not expanded.
 */
public final class HostList {
    /** Names one list may stand for. */
    public static final int MAX_HOSTS = 100_000;

    private static final int MAX_TEXT = 4 << 20;
    private static final int MAX_BRACKETS = 4;
    private static final int MAX_DIGITS = 9;

    private HostList() {}

    /**
     * Expands the list in its order. Empty text, {@code (null)} and {@code None assigned} stand for
     * no host.
     *
     * @throws IllegalArgumentException if the text is malformed or stands for more than {@link
     *     #MAX_HOSTS} names
     */
    public static List<String> expand(String text) {
        String list = text.strip();
        if (list.isEmpty() || list.equals("(null)") || list.equals("None assigned")) {
            return List.of();
        }
        if (list.length() > MAX_TEXT) {
            throw malformed(list, "it is longer than " + MAX_TEXT + " characters");
        }
        List<String> hosts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int at = 0; at <= list.length(); at++) {
            char c = at == list.length() ? ',' : list.charAt(at);
            depth += c == '[' ? 1 : c == ']' ? -1 : 0;
            if (depth < 0 || depth > 1 || (at == list.length() && depth != 0)) {
                throw malformed(list, "its brackets do not match");
            }
            if (c == ',' && depth == 0) {
                expandItem("", list.substring(start, at), 0, hosts, list);
                start = at + 1;
            }
        }
        return List.copyOf(hosts);
    }

    /** The same, but no host at all if the text is no such list. */
    public static List<String> expandOrNone(String text) {
        try {
            return expand(text);
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }

    private static void expandItem(
            String prefix, String rest, int brackets, List<String> hosts, String list) {
        int open = rest.indexOf('[');
        if (open < 0) {
            addHost(prefix + rest, hosts, list);
            return;
        }
        if (brackets == MAX_BRACKETS) {
            throw malformed(list, "a name has more than " + MAX_BRACKETS + " brackets");
        }
        int close = rest.indexOf(']', open);
        String head = prefix + rest.substring(0, open);
        String tail = rest.substring(close + 1);
        for (String range : rest.substring(open + 1, close).split(",", -1)) {
            expandRange(head, range, tail, brackets, hosts, list);
        }
    }

    private static void expandRange(
            String head, String range, String tail, int brackets, List<String> hosts, String list) {
        int dash = range.indexOf('-');
        String lowText = dash < 0 ? range : range.substring(0, dash);
        int low = number(lowText, list);
        int high = dash < 0 ? low : number(range.substring(dash + 1), list);
        if (high < low || high - low >= MAX_HOSTS) {
            throw malformed(list, "the range " + clipped(range) + " is not usable");
        }
        for (int i = low; i <= high; i++) {
            String digits = Integer.toString(i);
            String padding = "0".repeat(Math.max(0, lowText.length() - digits.length()));
            expandItem(head + padding + digits, tail, brackets + 1, hosts, list);
        }
    }

    private static int number(String digits, String list) {
        if (digits.isEmpty()
                || digits.length() > MAX_DIGITS
                || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw malformed(list, "'" + clipped(digits) + "' is not a number");
        }
        return Integer.parseInt(digits);
    }

    private static void addHost(String host, List<String> hosts, String list) {
        if (host.isBlank() || host.indexOf(' ') >= 0) {
            throw malformed(list, host.isBlank() ? "a name is empty" : "a name has a space");
        }
        if (host.length() > 255 || hosts.size() >= MAX_HOSTS) {
            throw malformed(list, "it is too long to be expanded");
        }
        hosts.add(host);
    }

    private static IllegalArgumentException malformed(String list, String why) {
        return new IllegalArgumentException("not a host list: '" + clipped(list) + "': " + why);
    }

    private static String clipped(String text) {
        return text.length() <= 80 ? text : text.substring(0, 80) + "…";
    }
}
