package io.offcut.traces;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/**
 * Several logs as one, of one machine or of several that are to be seen as one. If each says when
 * it started ({@code UnixStartTime}), times count from the earliest start; else all are taken to
 * have started together. Jobs of the same second stay in the order of their numbers, then of the
 * logs. Logs are of one machine if their headers agree on {@code Computer} and {@code
 * Installation}, where they say them; see {@link Renumbering} for what that means to users, groups,
 * programs, queues and partitions. Nodes of equal names are one.
 */
public final class LogMerge {
    private static final List<SwfField> NUMBERED =
            List.of(
                    SwfField.USER,
                    SwfField.GROUP,
                    SwfField.EXECUTABLE,
                    SwfField.QUEUE,
                    SwfField.PARTITION);

    private static final String NODES = "MaxNodes";
    private static final String PROCS = "MaxProcs";

    private LogMerge() {}

    /**
     * The jobs of all logs, with the header of the one that started first; if jobs alone show the
     * machine, with the largest that any log shows.
     *
     * @param logs at least one
     * @throws IllegalArgumentException if there is none
     */
    public static SwfLog of(List<SwfLog> logs) {
        if (logs.isEmpty()) {
            throw new IllegalArgumentException("no logs to merge");
        }
        if (logs.size() == 1) {
            return logs.getFirst();
        }
        SwfLog first = logs.getFirst();
        boolean dated = logs.stream().allMatch(log -> start(log).isPresent());
        for (SwfLog log : logs) {
            first = dated && seconds(log) < seconds(first) ? log : first;
        }
        Map<SwfField, Renumbering> numbers = new EnumMap<>(SwfField.class);
        boolean oneMachine = areOfOneMachine(logs);
        NUMBERED.forEach(field -> numbers.put(field, new Renumbering(logs, field, oneMachine)));
        JobTable.Builder jobs = new JobTable.Builder();
        for (int at = 0; at < logs.size(); at++) {
            long laterSeconds = dated ? seconds(logs.get(at)) - seconds(first) : 0;
            add(logs.get(at).jobs(), at, laterSeconds, numbers, jobs);
        }
        Map<SwfField, List<String>> names = new EnumMap<>(SwfField.class);
        numbers.forEach((field, renumbering) -> {
            if (!renumbering.names().isEmpty()) {
                names.put(field, renumbering.names());
            }
        });
        return new SwfLog(
                header(machine(first.header(), logs), numbers),
                jobs.build(),
                first.complaints(),
                names,
                null);
    }

    /** Where jobs alone show the machine, it is as large as any of the logs shows it. */
    private static SwfHeader machine(SwfHeader first, List<SwfLog> logs) {
        SwfHeader header = first;
        if (logs.stream().allMatch(log -> log.header().isOfMachineSeen())) {
            for (String label : List.of(NODES, PROCS)) {
                long most =
                        logs.stream()
                                .mapToLong(log -> log.header().number(label).orElse(0))
                                .max()
                                .orElse(0);
                header = most > 0 ? header.withNumber(label, most) : header;
            }
        }
        return header;
    }

    /**
     * In what headers say different things of the machine, as {@code MaxProcs is 100 in a.swf and
     * 128 in b.swf}; empty if they agree, or do not say.
     *
     * @param sources names of the logs, as many as those
     */
    public static Optional<String> contradiction(List<String> sources, List<SwfLog> logs) {
        for (String label : List.of("Installation", "Computer", PROCS, NODES)) {
            int first = -1;
            for (int at = 0; at < logs.size(); at++) {
                String here = said(label, logs.get(at).header());
                if (!here.isEmpty() && first < 0) {
                    first = at;
                } else if (!here.isEmpty()) {
                    String before = said(label, logs.get(first).header());
                    if (!here.equals(before)) {
                        return Optional.of(
                                "%s is %s in %s and %s in %s"
                                        .formatted(
                                                label,
                                                before,
                                                sources.get(first),
                                                here,
                                                sources.get(at)));
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** Of a machine that jobs were seen on, numbers differ with the jobs. */
    private static String said(String label, SwfHeader header) {
        boolean isNumber = label.equals(PROCS) || label.equals(NODES);
        if (!isNumber) {
            return header.text(label);
        }
        OptionalLong number =
                header.isOfMachineSeen() ? OptionalLong.empty() : header.number(label);
        return number.isPresent() ? Long.toString(number.getAsLong()) : "";
    }

    /**
     * The longest time in which no job of any log is there, between two logs.
     *
     * @param before the log whose last job ends at its beginning
     * @param after the log whose first job is submitted at its end
     */
    public record Gap(int before, int after, long seconds) {}

    /** The longest gap; empty if there is none, or not all logs say when they started. */
    public static Optional<Gap> longestGap(List<SwfLog> logs) {
        Gap longest = new Gap(0, 0, 0);
        if (!logs.stream().allMatch(log -> start(log).isPresent() && log.jobs().size() > 0)) {
            return Optional.empty();
        }
        List<Integer> order =
                IntStream.range(0, logs.size())
                        .boxed()
                        .sorted(Comparator.comparingLong(log -> firstSubmit(logs.get(log))))
                        .toList();
        int before = order.getFirst();
        for (int after : order) {
            long seconds = firstSubmit(logs.get(after)) - lastEnd(logs.get(before));
            if (seconds > longest.seconds()) {
                longest = new Gap(before, after, seconds);
            }
            before = lastEnd(logs.get(after)) > lastEnd(logs.get(before)) ? after : before;
        }
        return longest.seconds() > 0 ? Optional.of(longest) : Optional.empty();
    }

    private static long firstSubmit(SwfLog log) {
        return seconds(log)
                + IntStream.range(0, log.jobs().size())
                        .mapToLong(log.jobs()::submitSeconds)
                        .min()
                        .orElse(0);
    }

    private static long lastEnd(SwfLog log) {
        JobTable jobs = log.jobs();
        return seconds(log)
                + IntStream.range(0, jobs.size())
                        .mapToLong(row ->
                                jobs.submitSeconds(row)
                                        + Math.max(0, jobs.waitSeconds(row))
                                        + Math.max(0, jobs.runSeconds(row)))
                        .max()
                        .orElse(0);
    }

    /** In words, what equal numbers in several logs are taken for. */
    public static String rule(List<SwfLog> logs) {
        boolean oneMachine = areOfOneMachine(logs);
        List<String> named =
                NUMBERED.stream()
                        .filter(field -> new Renumbering(logs, field, oneMachine).goesByName())
                        .map(field -> field.name().toLowerCase(Locale.ROOT) + "s")
                        .toList();
        String rule =
                oneMachine
                        ? "taken to be of one machine: equal numbers are one user, queue and so on"
                        : "of several machines: equal numbers are not one user, queue and so on";
        return named.isEmpty() ? rule : rule + "; by name: " + String.join(", ", named);
    }

    private static boolean areOfOneMachine(List<SwfLog> logs) {
        return agree(logs, "Computer") && agree(logs, "Installation");
    }

    private static boolean agree(List<SwfLog> logs, String label) {
        return logs.stream()
                        .map(log -> log.header().text(label))
                        .filter(text -> !text.isEmpty())
                        .distinct()
                        .count()
                <= 1;
    }

    /** With what it says of numbers that are others now. */
    private static SwfHeader header(SwfHeader first, Map<SwfField, Renumbering> numbers) {
        List<String> lines = new ArrayList<>(first.lines());
        numbers.forEach((field, renumbering) -> {
            String label = Renumbering.label(field);
            if (renumbering.changes() && !label.isEmpty()) {
                lines.removeIf(line -> Renumbering.isOf(line, label));
                lines.addAll(renumbering.headerLines());
            }
        });
        return new SwfHeader(lines);
    }

    private static OptionalLong start(SwfLog log) {
        return log.header().unixStartTimeSeconds();
    }

    private static long seconds(SwfLog log) {
        return start(log).orElse(0);
    }

    private static void add(
            JobTable table,
            int log,
            long laterSeconds,
            Map<SwfField, Renumbering> numbers,
            JobTable.Builder jobs) {
        long[] values = new long[SwfField.COUNT];
        for (int row = 0; row < table.size(); row++) {
            for (SwfField field : SwfField.values()) {
                values[field.column()] = table.value(row, field);
            }
            values[SwfField.SUBMIT.column()] += laterSeconds;
            for (Map.Entry<SwfField, Renumbering> entry : numbers.entrySet()) {
                int column = entry.getKey().column();
                values[column] = entry.getValue().number(log, values[column]);
            }
            table.placements().copyByName(row, jobs.placements());
            jobs.add(values, table.averageCpuSeconds(row));
        }
    }
}
