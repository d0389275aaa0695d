package io.offcut.cli.trace;

import io.offcut.cli.output.Choice;
import io.offcut.cli.output.Terminal;
import io.offcut.cli.output.Units;
import io.offcut.traces.Complaints;
import io.offcut.traces.SwfLog;
import io.offcut.traces.analysis.IdleLengths;
import io.offcut.traces.analysis.LogSummary;
import io.offcut.traces.analysis.Suspicion;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What {@code offcut trace info} prints for people. For one thread. */
final class InfoText {
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final double SECONDS_PER_DAY = 86_400;
    // The proleptic years that four digits hold.
    private static final long MAX_EPOCH_SECONDS = 253_402_300_799L;
    private static final String ITEM = "  ";
    private static final int NAME_WIDTH = 13;
    private static final int RANGE_WIDTH = 18;
    private static final int SHARE_WIDTH = 8;
    private static final int FIXED_WIDTH = 2 + RANGE_WIDTH + 2 * SHARE_WIDTH + 2;

    private final PrintWriter out;
    private final Terminal terminal;

    InfoText(PrintWriter out, Terminal terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    void print(String name, SwfLog log, LogSummary summary) {
        out.println(terminal.bold(name));
        line("jobs", count(summary.jobs()) + ", of which " + count(summary.ran()) + " ran");
        span(log, summary);
        machine(summary);
        use(summary);
        if (summary.idle() != null) {
            idle(summary.idle());
        }
        missing(summary);
        suspicious(summary.suspicious());
        complaints(log.complaints());
    }

    private void line(String name, String text) {
        wrapped(padded(name, NAME_WIDTH), NAME_WIDTH, text);
    }

    /** Breaks a text between words, but not before a %, so that it keeps to the terminal. */
    private void wrapped(String begin, int indent, String text) {
        StringBuilder line = new StringBuilder(begin);
        boolean fresh = true;
        for (String word : text.split(" (?!%)", -1)) {
            if (!fresh && line.length() + 1 + word.length() > terminal.columns()) {
                out.println(line);
                line = new StringBuilder(" ".repeat(indent));
                fresh = true;
            }
            line.append(fresh ? "" : " ").append(word);
            fresh = false;
        }
        out.println(line.toString().stripTrailing());
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    private static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String hours(double number) {
        return String.format(Locale.ROOT, "%,.0f", number);
    }

    private void span(SwfLog log, LogSummary summary) {
        OptionalLong start = log.header().unixStartTimeSeconds();
        line("submitted", between(start, summary.firstSubmit(), summary.lastSubmit()));
        line(
                "window",
                between(start, summary.window().fromSeconds(), summary.window().toSeconds())
                        + (summary.hasWaits()
                                ? ""
                                : " (no waits: nothing is known of a schedule)"));
    }

    private static String between(OptionalLong start, long from, long to) {
        String days = String.format(Locale.ROOT, "%.1f days", (to - from) / SECONDS_PER_DAY);
        long last = start.orElse(0) + to;
        if (start.isEmpty() || start.getAsLong() + from < 0 || last > MAX_EPOCH_SECONDS) {
            return String.format(Locale.ROOT, "%s, second %d to %d", days, from, to);
        }
        return days
                + ", "
                + DATE.format(Instant.ofEpochSecond(start.getAsLong() + from))
                + " to "
                + DATE.format(Instant.ofEpochSecond(last))
                + " UTC";
    }

    private void machine(LogSummary summary) {
        if (summary.machineProcs() == 0) {
            line("machine", "unknown: give --procs");
            return;
        }
        String nodes =
                summary.machineNodes() == 0
                        ? ""
                        : " in " + count(summary.machineNodes()) + " nodes";
        line("machine", count(summary.machineProcs()) + " cores" + nodes);
    }

    private void use(LogSummary summary) {
        line(
                summary.hasWaits() ? "allocated" : "offered load",
                percent(summary.allocated())
                        + " of core time, "
                        + hours(summary.coreHours())
                        + " core-hours"
                        + (summary.mostProcs() == 0
                                ? ""
                                : ", at most " + count(summary.mostProcs()) + " cores at once"));
        if (!summary.allocatedOverTime().isEmpty() && summary.machineProcs() > 0) {
            line("", Bars.spark(summary.allocatedOverTime()));
            line("", "(from 0 to 100 %, over time)");
        }
        if (summary.nodesBusy() >= 0) {
            line("nodes", percent(summary.nodesBusy()) + " of node time some core is held");
        }
        LogSummary.CpuUse cpu = summary.cpu();
        line(
                "cores used",
                cpu == null
                        ? "not measured"
                        : percent(cpu.shareOfAllocated())
                                + " of allocated core time; "
                                + percent(cpu.shareOfMeasured())
                                + " of the "
                                + count(cpu.jobs())
                                + " jobs measured");
        memory(summary.memory());
    }

    private void memory(LogSummary.@Nullable MemoryUse memory) {
        if (memory == null) {
            line("memory used", "not measured");
            return;
        }
        line(
                "memory used",
                Units.bytes(memory.medianKibPerProc() << 10)
                        + " a core by half of "
                        + count(memory.jobs())
                        + " jobs, "
                        + Units.bytes(memory.p90KibPerProc() << 10)
                        + " by 9 in 10"
                        + (memory.shareOfRequested() < 0
                                ? ""
                                : "; " + percent(memory.shareOfRequested()) + " of requested"));
    }

    private void idle(IdleLengths idle) {
        if (idle.count() == 0) {
            line("idle " + idle.of(), "never");
            return;
        }
        List<String> lengths =
                idle.quantileSeconds().stream().map(s -> Units.time(s * 1000)).toList();
        line(
                "idle " + idle.of(),
                count(idle.count()) + " intervals, " + hours(idle.hours()) + " hours;");
        line("", "10/25/50/75/90 % last no longer than " + String.join(" / ", lengths));
        if (idle.of().equals("cores")) {
            line("", "(which cores is not known: a job is taken to get those freed last)");
        }
        plot(idle.pieces());
    }

    private void plot(List<IdleLengths.Piece> pieces) {
        int width = Math.max(10, (terminal.columns() - FIXED_WIDTH) / 2);
        int column = width + SHARE_WIDTH + 1;
        out.println(
                "  "
                        + padded("as long as", RANGE_WIDTH)
                        + padded("of intervals", column)
                        + "of idle time");
        for (IdleLengths.Piece piece : pieces) {
            String line =
                    "  "
                            + padded(range(piece), RANGE_WIDTH)
                            + padded(share(piece.shareOfCount(), width), column)
                            + share(piece.shareOfTime(), width);
            out.println(line.stripTrailing());
        }
    }

    private static String share(double share, int width) {
        return String.format(Locale.ROOT, "%7s ", percent(share)) + Bars.of(share, width);
    }

    private static String range(IdleLengths.Piece piece) {
        String to = piece.toSeconds() < 0 ? "" : shortTime(piece.toSeconds());
        return to.isEmpty()
                ? "over " + shortTime(piece.fromSeconds())
                : shortTime(piece.fromSeconds()) + " to " + to;
    }

    private static String shortTime(long seconds) {
        if (seconds < 60) {
            return seconds + " s";
        }
        return seconds < 3600 ? seconds / 60 + " min" : seconds / 3600 + " h";
    }

    private void missing(LogSummary summary) {
        String text =
                summary.missing().entrySet().stream()
                        .map(entry -> missing(entry, summary.jobs()))
                        .collect(Collectors.joining(", "));
        line("missing", text.isEmpty() ? "nothing" : text);
    }

    private static String missing(Map.Entry<String, Integer> entry, int jobs) {
        String much = percent((double) entry.getValue() / jobs);
        return entry.getKey().replace('-', ' ')
                + " "
                + (much.equals("0.0 %") ? "of " + count(entry.getValue()) : much);
    }

    private void suspicious(List<Suspicion> found) {
        line("suspicious", found.isEmpty() ? "nothing" : "");
        for (Suspicion one : found) {
            wrapped(
                    ITEM,
                    2 * ITEM.length(),
                    count(one.count())
                            + " "
                            + one.name()
                            + ": "
                            + one.meaning()
                            + (one.firstJob() < 0 ? "" : " (first: job " + one.firstJob() + ")"));
        }
    }

    private void complaints(Complaints complaints) {
        line(
                "complaints",
                complaints.total() == 0
                        ? "none"
                        : String.format(
                                Locale.ROOT,
                                "%,d, %s left out",
                                complaints.total(),
                                Units.counted(complaints.droppedLines(), "line")));
        complaints
                .counts()
                .forEach((kind, count) ->
                        wrapped(
                                ITEM,
                                2 * ITEM.length(),
                                count(count)
                                        + " "
                                        + Choice.name(kind).replace('-', ' ')
                                        + ": "
                                        + kind.meaning()));
        complaints.located().forEach(one -> wrapped(ITEM, 2 * ITEM.length(), one.toString()));
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
