package io.offcut.executor.internal.process;

import io.offcut.core.OffcutException;
import io.offcut.executor.ShmRegion;
import io.offcut.executor.internal.function.FunctionTable;
import io.offcut.executor.internal.shm.ShmWorkerChannel;
import io.offcut.executor.internal.tcp.TcpDoor;
import io.offcut.executor.internal.tcp.TcpWorkerChannel;
import io.offcut.linux.CpuAffinity;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What an executor without a lease does once, so that it has been done when there is one: a region
 * that nobody uses, a door that nobody enters, a call into C. Most of the time from a lease to its
 * first result is else spent on loading and linking this.
 */
final class Rehearsal {
    private static final int POLLS = 20_000;
    private static final String NOBODYS_SECRET = "0".repeat(32);

    private Rehearsal() {}

    /** Harmless where some of it cannot be had: the lease says so then. */
    static void run() {
        TcpDoor.quiet();
        try {
            for (Class<?> used : List.of(Worker.class, ControlLink.class)) {
                Class<?> ignored = MethodHandles.lookup().ensureInitialized(used);
            }
            List<String> ignored = Confinement.apply(CpuAffinity.current());
            FunctionTable.rehearse();
            region();
            door();
        } catch (IllegalAccessException | IOException | OffcutException e) {
            System.err.println("offcut executor: cannot rehearse: " + e.getMessage());
        }
    }

    private static void region() throws IOException {
        Path dir = Files.createTempDirectory("offcut-rehearsal");
        Path file = ShmRegion.file(dir, 0);
        try {
            ShmRegion.create(file, 1, 1, "rw-------");
            try (ShmWorkerChannel channel = ShmWorkerChannel.open(file)) {
                for (int i = 0; i < POLLS; i++) {
                    int ignored = channel.poll();
                }
                channel.await(1, () -> true);
            }
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(dir);
        }
    }

    private static void door() throws IOException {
        try (TcpWorkerChannel socket = new TcpWorkerChannel(1, 1);
                TcpDoor door =
                        new TcpDoor("127.0.0.1", NOBODYS_SECRET, List.of(socket), () -> {})) {
            int ignored = door.port();
        }
    }
}
