package io.offcut.executor;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The contract over RDMA, between two processes. Runs in the guest, which has a soft-RoCE device,
 * by GuestTest of end-to-end.
 */
class VerbsChannelInGuest extends ChannelContract {
    @Override
    String transport() {
        return ChannelDescriptor.VERBS;
    }

    @Override
    InvocationStatus lost() {
        return InvocationStatus.DISCONNECTED;
    }

    /** Registered memory is taken at once and for good: 16 GiB on each side. */
    @Override
    void needsRoomForGibibytes() throws IOException {
        assumeTrue(
                availableGibibytes() >= 36, "needs 36 GiB of free memory to register most of it");
    }

    private static long availableGibibytes() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
            return lines.filter(line -> line.startsWith("MemAvailable:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .findFirst()
                            .orElseThrow()
                    >> 20;
        }
    }
}
