package io.offcut.cli.trace;

import io.offcut.traces.idle.IdleStatistics;
import io.offcut.traces.idle.SortedValues;
import io.offcut.traces.idle.UtilizationRecord;
import java.io.PrintWriter;
import java.util.Locale;

/** What samples of idle nodes say, for people. */
final class IdleText {
    private static final int BAR = 22;
    private static final int WIDE_BAR = 50;
    private static final int BIN_PERCENT = 5;

    private final PrintWriter out;

    IdleText(PrintWriter out) {
        this.out = out;
    }

    void print(IdleStatistics facts) {
        out.printf(
                Locale.ROOT,
                "samples                    %,d in %.1f h%n",
                facts.samples(),
                facts.spanSeconds() / 3600.0);
        out.printf(
                Locale.ROOT,
                "time between them          %.1f s, at most %d s%n",
                facts.meanGapSeconds(),
                facts.longestGapSeconds());
        out.printf(Locale.ROOT, "nodes idle at least once   %,d%n", facts.nodes());
        out.printf(
                Locale.ROOT,
                "idle nodes                 mean %.2f, median %.0f, %d to %d%n",
                facts.meanIdleNodes(),
                facts.medianIdleNodes(),
                facts.minIdleNodes(),
                facts.maxIdleNodes());
        out.printf(Locale.ROOT, "samples without            %,d%n", facts.samplesWithoutIdle());
        out.printf(Locale.ROOT, "idle node-hours            %,.1f%n", facts.idleNodeHours());
        if (facts.pilotShare() > 0) {
            out.printf(
                    Locale.ROOT, "of it with a pilot         %.2f %%%n", 100 * facts.pilotShare());
        }
        out.printf(Locale.ROOT, "intervals                  %,d%n", facts.intervals());
        for (IdleStatistics.Percentile percentile : facts.percentileSeconds()) {
            out.printf(Locale.ROOT, "  p%-23d %,d s%n", percentile.percent(), percentile.seconds());
        }
        printLengths(facts);
    }

    private void printLengths(IdleStatistics facts) {
        if (!facts.lengths().isEmpty()) {
            out.printf("%n%-12s  %-31s  %s%n", "shorter than", "of intervals", "of idle time");
        }
        for (IdleStatistics.Below below : facts.lengths()) {
            out.printf(
                    Locale.ROOT,
                    "%12s  %6.1f %% %-" + BAR + "s  %6.1f %% %s%n",
                    length(below.seconds()),
                    100 * below.share(),
                    Bars.of(below.share(), BAR),
                    100 * below.surfaceShare(),
                    Bars.of(below.surfaceShare(), BAR));
            if (below.share() == 1) {
                break;
            }
        }
    }

    private static String length(int seconds) {
        if (seconds < 60) {
            return seconds + " s";
        }
        return seconds < 3600 ? seconds / 60 + " min" : seconds / 3600 + " h";
    }

    void print(UtilizationRecord record) {
        out.printf(Locale.ROOT, "samples                    %,d%n", record.samples());
        out.printf(
                Locale.ROOT,
                "from, to                   %s, %s%n",
                record.firstDate(),
                record.lastDate());
        out.printf(Locale.ROOT, "nodes                      %,d%n", record.nodes());
        SortedValues cpus = record.idleCpuPercent();
        out.printf(
                Locale.ROOT,
                "idle CPUs, %%               %s, p95 %.2f%n",
                summary(cpus, "%.3f"),
                cpus.quantile(0.95));
        for (int limit = 5; limit <= 25; limit += 5) {
            out.printf(Locale.ROOT, "  above %-18d %,d samples%n", limit, cpus.countAbove(limit));
        }
        out.printf(
                Locale.ROOT,
                "idle nodes                 %s%n",
                summary(record.idleNodes(), "%.1f"));
        SortedValues memory = record.freeMemoryPercent();
        out.printf(Locale.ROOT, "free memory, %%             %s%n", summary(memory, "%.2f"));
        out.printf(Locale.ROOT, "  above 75                 %,d samples%n", memory.countAbove(75));
        out.printf(
                Locale.ROOT,
                "  in allocated nodes       %s%n",
                summary(record.freeMemoryOfAllocatedPercent(), "%.2f"));
        histogram("idle CPUs", cpus);
        histogram("free memory", memory);
    }

    private static String summary(SortedValues values, String format) {
        return String.format(
                Locale.ROOT,
                "mean @, median @, @ to @".replace("@", format),
                values.mean(),
                values.quantile(0.5),
                values.min(),
                values.max());
    }

    private void histogram(String what, SortedValues values) {
        out.printf("%n%-12s  of samples%n", what);
        int from = (int) values.min() / BIN_PERCENT * BIN_PERCENT;
        for (int bin = from; bin <= values.max(); bin += BIN_PERCENT) {
            double share =
                    (double) (values.countBelow(bin + BIN_PERCENT) - values.countBelow(bin))
                            / values.count();
            out.printf(
                    Locale.ROOT,
                    "%10s %%  %6.1f %% %s%n",
                    bin + " to " + (bin + BIN_PERCENT),
                    100 * share,
                    Bars.of(share, WIDE_BAR));
        }
    }
}
