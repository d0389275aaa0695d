package io.offcut.traces;

import java.util.Locale;
import java.util.Set;

/**
 * What may stand in a column of {@code sacct -P}, by the column's name: enough to tell which of the
 * bars in a line part columns and which belong to a job's name or command line.
 */
enum SacctColumn {
    /** Free text of several lines: may hold bars and ends of lines. */
    LINES,
    /** Free text: may hold bars. */
    FREE,
    /** One word of any kind. */
    WORD,
    JOB,
    TIME,
    DURATION,
    NUMBER,
    STATE,
    TRES;

    private static final Set<String> SEVERAL_LINES =
            Set.of("comment", "admincomment", "systemcomment", "submitline", "extra");
    private static final Set<String> FREE_TEXT =
            Set.of(
                    "jobname",
                    "constraints",
                    "workdir",
                    "container",
                    "stdin",
                    "stdout",
                    "stderr",
                    "reason",
                    "wckey");
    private static final Set<String> TIMES = Set.of("submit", "start", "end", "eligible");
    private static final Set<String> DURATIONS =
            Set.of("elapsed", "timelimit", "totalcpu", "usercpu", "systemcpu", "cputime");
    private static final Set<String> NUMBERS =
            Set.of(
                    "alloccpus",
                    "allocnodes",
                    "ncpus",
                    "nnodes",
                    "reqcpus",
                    "reqnodes",
                    "elapsedraw",
                    "cputimeraw",
                    "dbindex",
                    "uid",
                    "gid",
                    "associd");

    /** States of a job in sacct(1). */
    static final Set<String> STATES =
            Set.of(
                    "BOOT_FAIL",
                    "CANCELLED",
                    "COMPLETED",
                    "COMPLETING",
                    "CONFIGURING",
                    "DEADLINE",
                    "FAILED",
                    "LAUNCH_FAILED",
                    "NODE_FAIL",
                    "OUT_OF_MEMORY",
                    "PENDING",
                    "PREEMPTED",
                    "RECONFIG_FAIL",
                    "REQUEUED",
                    "REQUEUE_FED",
                    "REQUEUE_HOLD",
                    "RESIZING",
                    "REVOKED",
                    "RUNNING",
                    "SIGNALING",
                    "SPECIAL_EXIT",
                    "STAGE_OUT",
                    "STOPPED",
                    "SUSPENDED",
                    "TIMEOUT");

    static SacctColumn of(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (SEVERAL_LINES.contains(lower)) {
            return LINES;
        } else if (FREE_TEXT.contains(lower)) {
            return FREE;
        } else if (lower.equals("jobid") || lower.equals("jobidraw")) {
            return JOB;
        } else if (TIMES.contains(lower)) {
            return TIME;
        } else if (DURATIONS.contains(lower)) {
            return DURATION;
        } else if (NUMBERS.contains(lower)) {
            return NUMBER;
        } else if (lower.equals("state")) {
            return STATE;
        }
        return lower.equals("alloctres") || lower.equals("reqtres") ? TRES : WORD;
    }

    /** Whether it may hold bars. */
    boolean isFree() {
        return this == FREE || this == LINES;
    }

    /** Whether this text may stand in the column. */
    boolean accepts(String text) {
        return switch (this) {
            case LINES -> true;
            case FREE, WORD -> text.indexOf('\n') < 0;
            case JOB -> isJob(text);
            case TIME -> text.isEmpty() || isWord(text) || isPoint(text);
            case DURATION -> text.isEmpty() || isWord(text) || Quantity.seconds(text) >= 0;
            case NUMBER -> text.isEmpty() || Quantity.kib(text, 10) >= 0;
            case STATE -> text.isEmpty() || STATES.contains(firstWord(text));
            case TRES -> text.isEmpty() || (text.indexOf('=') > 0 && text.indexOf('\n') < 0);
        };
    }

    /** The state itself, of {@code CANCELLED by 1000} or {@code CANCELLED+}. */
    static String firstWord(String state) {
        int end = 0;
        while (end < state.length() && state.charAt(end) != ' ' && state.charAt(end) != '+') {
            end++;
        }
        return state.substring(0, end);
    }

    /**
     * {@code 12}, {@code 12_3}, {@code 12_[3-5%2]}, {@code 12+1}, with or without {@code .step}.
     */
    private static boolean isJob(String text) {
        boolean digit = !text.isEmpty() && text.charAt(0) >= '0' && text.charAt(0) <= '9';
        return digit && text.indexOf(' ') < 0 && text.indexOf('\n') < 0;
    }

    /** {@code Unknown}, {@code None}, {@code UNLIMITED}, {@code Partition_Limit}. */
    private static boolean isWord(String text) {
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (!letter && c != '_') {
                return false;
            }
        }
        return true;
    }

    private static boolean isPoint(String text) {
        boolean iso = text.length() >= 16 && text.charAt(4) == '-' && text.charAt(7) == '-';
        return iso || Quantity.whole(text) >= 0;
    }
}
