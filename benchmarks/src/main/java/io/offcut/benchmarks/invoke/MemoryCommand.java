package io.offcut.benchmarks.invoke;

import io.offcut.cli.Io;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.CpuAffinity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut bench memory}. */
@Command(
        name = "memory",
        description =
                "Measures remote memory beside a copy within this process and beside a bare socket,"
                        + " in turns, on two pinned CPUs.",
        footerHeading = "%nExample:%n",
        footer = "  offcut bench memory --format json")
public final class MemoryCommand implements Callable<Integer> {
    private final Io io;

    @Option(names = "--rounds", description = "Rounds of each case, at least 5. Default: 5.")
    int rounds = 5;

    @Option(
            names = "--format",
            paramLabel = "table|json",
            description = "How the result is written. Default: table.")
    InvokeCommand.Format format = InvokeCommand.Format.TABLE;

    public MemoryCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds < 5) {
            throw new OffcutException(ErrorCode.USAGE, "bench memory: --rounds is at least 5");
        }
        InvokeCommand.print(io, format, rounds, measure(Effort.full(rounds)));
        return 0;
    }

    /** Pins this thread. */
    static List<CaseResult> measure(Effort effort) throws IOException, InterruptedException {
        CpuSet cpus = CpuAffinity.current();
        if (cpus.size() < 2) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "bench memory: it needs two CPUs and may use only " + cpus);
        }
        int[] two = cpus.stream().limit(2).toArray();
        CpuAffinity.pinCurrentThread(CpuSet.of(two[0]));
        Path dir = Files.createTempDirectory("offcut-bench");
        try {
            // Holders run as another user and pass through here.
            Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
            try (Stage stage = new Stage(dir, two[1], 0, 0)) {
                stage.awaitIdle(Stage.OFFER_TIMEOUT.toNanos());
                return new MemoryCases(stage.client(), two[1], dir, effort).run();
            }
        } finally {
            TempFolder.delete(dir);
        }
    }
}
