package io.offcut.benchmarks.invoke;

import io.offcut.cli.Io;
import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Table;
import io.offcut.cli.output.Units;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.linux.CpuAffinity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut bench invoke}. */
@Command(
        name = "invoke",
        description =
                "Measures calls beside the bare mechanism below them, in turns, on two pinned"
                        + " CPUs. Exits 1 when a bound is not kept.",
        footerHeading = "%nExample:%n",
        footer = {
            "  offcut bench invoke --rounds 9 --format json",
            "  offcut bench invoke --transport verbs --client c"
        })
public final class InvokeCommand implements Callable<Integer> {
    enum Format {
        TABLE,
        JSON
    }

    private final Io io;

    @Option(names = "--rounds", description = "Rounds of each case, at least 5. Default: 5.")
    int rounds = 5;

    @Option(
            names = "--case",
            paramLabel = "TEXT",
            description = "Only cases whose name contains this; may be repeated.")
    List<String> cases = new ArrayList<>();

    @Option(
            names = "--client",
            paramLabel = "java|c",
            description = "Whose calls; of the C client the calls and the planner. Default: java.")
    CaseResult.Client client = CaseResult.Client.JAVA;

    @Option(
            names = "--transport",
            paramLabel = "shm|verbs|tcp",
            description =
                    "Only calls over this one. verbs needs an RDMA device. Default: shm and tcp.")
    @Nullable String transport;

    @Option(
            names = "--format",
            paramLabel = "table|json",
            description = "How the result is written. Default: table.")
    Format format = Format.TABLE;

    public InvokeCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds < 5) {
            throw new OffcutException(ErrorCode.USAGE, "bench invoke: --rounds is at least 5");
        }
        if (transport != null && !ChannelDescriptor.TRANSPORTS.contains(transport)) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "bench invoke: --transport " + transport + ": unknown: use shm, verbs or tcp");
        }
        List<CaseResult> results = measure(client, transport, Effort.full(rounds), cases, io);
        print(io, format, rounds, results);
        return results.stream().anyMatch(result -> Boolean.FALSE.equals(result.kept())) ? 1 : 0;
    }

    /** Pins this thread. */
    static List<CaseResult> measure(
            CaseResult.Client client,
            @Nullable String transport,
            Effort effort,
            List<String> cases,
            Io io)
            throws IOException, InterruptedException {
        if (ChannelDescriptor.VERBS.equals(transport)) {
            // Before anything is built and started.
            String ignored = VerbsCases.deviceAddress();
        }
        CpuSet cpus = CpuAffinity.current();
        if (cpus.size() < 2) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "bench invoke: it needs two CPUs and may use only " + cpus);
        }
        int[] two = cpus.stream().limit(2).toArray();
        // What this thread starts from now on runs there too.
        CpuAffinity.pinCurrentThread(CpuSet.of(two[0]));
        Path dir = Files.createTempDirectory("offcut-bench");
        try {
            io.say(
                    "bench: "
                            + client.label()
                            + " client on CPU "
                            + two[0]
                            + ", worker on "
                            + two[1]);
            // Executors run as another user and pass through here.
            Files.setPosixFilePermissions(
                    dir, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
            return new InvokeCases(dir, two[1], client, transport, effort, cases, io).run();
        } finally {
            TempFolder.delete(dir);
        }
    }

    static void print(Io io, Format format, int rounds, List<CaseResult> results) {
        if (format == Format.JSON) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("environment", Machine.describe());
            all.put("rounds", rounds);
            all.put("cases", results);
            io.print(JsonOut.text(all));
            return;
        }
        Table table =
                new Table("CASE", " P50", " P99", " P99.9", " RAW P50", " RATE", " RATIO", "BOUND");
        for (CaseResult result : results) {
            table.row(
                    result.name(),
                    time(result.p50Nanos()),
                    time(result.p99Nanos()),
                    time(result.p999Nanos()),
                    time(result.rawP50Nanos()),
                    rate(result),
                    result.ratio() == null
                            ? ""
                            : String.format(Locale.ROOT, "%.2f", result.ratio()),
                    result.kept() == null ? "" : (result.kept() ? "kept" : "NOT KEPT"));
        }
        io.print(table.render(io.terminal()));
        for (CaseResult result : results) {
            String bound = result.bound() == null ? "" : "bound " + result.bound();
            String notes = String.join("; ", result.notes());
            if (!bound.isEmpty() || !notes.isEmpty()) {
                io.print(
                        "  "
                                + result.name()
                                + ": "
                                + bound
                                + (bound.isEmpty() || notes.isEmpty() ? "" : "; ")
                                + notes);
            }
        }
        io.print("  " + Machine.describe());
    }

    private static String rate(CaseResult result) {
        if (result.rate() == null) {
            return "";
        }
        return switch (result.mode()) {
            case "bulk" -> Units.bytes(result.rate().longValue()) + "/s";
            case "cold" -> Units.bytes(result.rate().longValue() << 10);
            default -> Units.rate(result.rate());
        };
    }

    private static String time(@Nullable Long nanos) {
        if (nanos == null) {
            return "";
        }
        if (nanos < 10_000) {
            return nanos + " ns";
        }
        return nanos < 10_000_000
                ? String.format(Locale.ROOT, "%.1f us", nanos / 1e3)
                : String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
    }
}
