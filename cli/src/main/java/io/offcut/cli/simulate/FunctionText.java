package io.offcut.cli.simulate;

import io.offcut.simulator.SimulationResult.Calls;
import io.offcut.simulator.SimulationResult.Delays;
import io.offcut.simulator.SimulationResult.Functions;
import io.offcut.simulator.SimulationResult.Memory;
import io.offcut.simulator.SimulationResult.Offloading;
import io.offcut.simulator.SimulationResult.Slowdown;
import java.util.Locale;

/** What became of functions, for people. */
final class FunctionText {
    private static final double GIB_HOUR = 3600.0 * (1L << 30);

    /** Where rows of a label and up to two figures go. */
    interface Rows {
        void row(String label, Object first, Object second);
    }

    private final Rows rows;

    FunctionText(Rows rows) {
        this.rows = rows;
    }

    void print(Functions functions) {
        Memory memory = functions.memory();
        row("memory leased, GiB-hours", memory.leasedByteSeconds() / GIB_HOUR);
        if (memory.memoryOnlyLeases() > 0) {
            row("memory without cores, GiB-hours", memory.memoryOnlyByteSeconds() / GIB_HOUR);
        }
        Slowdown slowdown = functions.slowdown();
        if (slowdown.slowedJobs() > 0) {
            row("jobs slowed by functions", slowdown.slowedJobs());
            rows.row(
                    "mean and largest slowdown",
                    format("%.3f", slowdown.mean()),
                    format("%.3f", slowdown.max()));
        }
        Delays delays = functions.delays();
        if (delays.jobs() > 0) {
            row("jobs that waited for a lease to leave", delays.jobs());
            rows.row("such waits together, s", format("%.3f", delays.totalSeconds()), "");
        }
        Calls calls = functions.calls();
        if (calls != null) {
            calls(calls);
        }
        Offloading offloading = functions.offloading();
        if (offloading != null) {
            row("jobs that offloaded", offloading.jobs());
            rows.row(
                    "their makespan shrank by",
                    format("%.2f%%", 100 * offloading.makespanGain()),
                    "");
        }
    }

    private void calls(Calls calls) {
        row("calls", calls.invocations());
        row("done", calls.done());
        row("dropped after waiting", calls.dropped());
        row("evicted", calls.evictions());
        row("called again", calls.retries());
        row("failed", calls.failed());
        row("waiting or running at the end", calls.unfinished());
        row("core-hours lost by evictions", calls.lostCoreSeconds() / 3600);
        rows.row(
                "call latency p50 and p99, ms",
                format("%.1f", calls.latency().p50Millis()),
                format("%.1f", calls.latency().p99Millis()));
    }

    private void row(String label, long value) {
        rows.row(label, value, "");
    }

    private void row(String label, double value) {
        rows.row(label, format("%.1f", value), "");
    }

    private static String format(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
