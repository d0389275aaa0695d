package io.offcut.benchmarks.invoke;

import io.offcut.cli.Io;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.executor.RdmaDevices;
import io.offcut.linux.CpuAffinity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut bench memory}. */
@Command(
        name = "memory",
        description =
                "Measures remote memory beside a copy within this process, a bare socket, or bare"
                        + " requests to the RDMA device, in turns, on two pinned CPUs.",
        footerHeading = "%nExample:%n",
        footer = {"  offcut bench memory --format json", "  offcut bench memory --transport verbs"})
public final class MemoryCommand implements Callable<Integer> {
    private final Io io;

    @Option(names = "--rounds", description = "Rounds of each case, at least 5. Default: 5.")
    int rounds = 5;

    @Option(
            names = "--transport",
            paramLabel = "shm|verbs|tcp",
            description = "Only this one. verbs needs an RDMA device. Default: shm and tcp.")
    @Nullable String transport;

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
        InvokeCommand.print(io, format, rounds, measure(transports(), Effort.full(rounds)));
        return 0;
    }

    /** What is to be measured, before anything is started. */
    private List<String> transports() {
        if (transport == null) {
            return List.of(ChannelDescriptor.SHM, ChannelDescriptor.TCP);
        }
        if (!ChannelDescriptor.TRANSPORTS.contains(transport)) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "bench memory: --transport " + transport + ": unknown: use shm, verbs or tcp");
        }
        if (transport.equals(ChannelDescriptor.VERBS)) {
            requireDevice();
        }
        return List.of(transport);
    }

    private static void requireDevice() {
        if (!RdmaDevices.any()) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "bench memory --transport verbs: this machine has no RDMA device: run it on one"
                            + " that has, or leave the option out to measure shm and tcp");
        }
        if (RdmaDevices.address(RdmaDevices.AUTO).isEmpty()) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "bench memory --transport verbs: no RDMA device of this machine can be used:"
                            + " 'offcut rdma devices' says why");
        }
    }

    /** Pins this thread. */
    static List<CaseResult> measure(List<String> transports, Effort effort)
            throws IOException, InterruptedException {
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
                return new MemoryCases(stage.client(), two[1], dir, effort).run(transports);
            }
        } finally {
            TempFolder.delete(dir);
        }
    }
}
