package io.offcut.benchmarks.sensing;

import io.offcut.cli.Io;
import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Table;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut bench sensing}. */
@Command(
        name = "sensing",
        description =
                "Measures what it costs to look at a full node: 128 CPUs, 64 jobs, 32 executors,"
                        + " from a recorded tree. Exits 1 when a bound is not kept.",
        footerHeading = "%nExample:%n",
        footer = "  offcut bench sensing --samples 60 --pause 1000")
public final class SensingCommand implements Callable<Integer> {
    enum Format {
        TABLE,
        JSON
    }

    private final Io io;

    @Option(names = "--samples", description = "Samples that are measured. Default: 2000.")
    int samples = 2000;

    @Option(names = "--warm-up", description = "Samples before them. Default: 2000.")
    int warmUp = 2000;

    @Option(
            names = "--pause",
            paramLabel = "MILLIS",
            description = "Before each measured sample, as a daemon pauses. Default: 0.")
    int pauseMillis;

    @Option(
            names = "--kernel",
            description =
                    "Version 1: the files of the groups are links to those of this machine's root"
                            + " group, so that what the kernel does for them counts.")
    boolean kernel;

    @Option(
            names = "--format",
            paramLabel = "table|json",
            description = "How the result is written. Default: table.")
    Format format = Format.TABLE;

    public SensingCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (samples < 1 || warmUp < 0 || pauseMillis < 0) {
            throw new OffcutException(
                    ErrorCode.USAGE, "bench sensing: --samples, --warm-up and --pause count up");
        }
        if (kernel && !Files.exists(Path.of("/sys/fs/cgroup/memory/memory.stat"))) {
            throw new OffcutException(
                    ErrorCode.USAGE, "bench sensing: --kernel needs cgroup version 1");
        }
        SensingBench bench = new SensingBench(samples, warmUp, pauseMillis, kernel);
        List<SensingResult> results = new ArrayList<>();
        for (boolean version2 : kernel ? new boolean[] {false} : new boolean[] {false, true}) {
            results.add(bench.measure(version2));
        }
        print(results);
        return results.stream().allMatch(SensingResult::kept) ? 0 : 1;
    }

    private void print(List<SensingResult> results) {
        if (format == Format.JSON) {
            io.print(JsonOut.text(Map.of("sensing", results)));
            return;
        }
        Table table =
                new Table(
                        "CGROUPS",
                        " CPU us",
                        " P99",
                        " BARE us",
                        " FILES",
                        " % OF A CORE",
                        " KIB",
                        " HEAP GROWTH",
                        " OFFERS",
                        "BOUND");
        for (SensingResult result : results) {
            table.row(
                    result.cgroups(),
                    "%.0f".formatted(result.cpuMicros()),
                    "%.0f".formatted(result.p99CpuMicros()),
                    "%.0f".formatted(result.bareCpuMicros()),
                    result.files(),
                    String.format(Locale.ROOT, "%.3f", result.corePercentAtOneHertz()),
                    result.allocatedBytes() >> 10,
                    result.heapGrowthBytes(),
                    result.offers(),
                    result.kept() ? "kept" : "broken");
        }
        io.print(table.render(io.terminal()));
    }
}
