package io.offcut.executor.internal.process;

import io.offcut.core.CpuSet;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import io.offcut.executor.ExecutorCommand;
import io.offcut.executor.ExecutorSpec;
import io.offcut.executor.ShmRegion;
import io.offcut.executor.internal.control.ControlLine;
import io.offcut.executor.internal.control.LineSocket;
import io.offcut.executor.internal.shm.ShmClientChannel;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ThisProcess;
import io.offcut.linux.UnixSocket;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A lease that nobody has: what an executor without one serves, so that all which a lease needs is
 * loaded and linked when there is one. Most of the time from a lease to its first result is else
 * spent on that. Also what the archive of classes of new executors is made from.
 *
 * <p>The function is one of the C library that has no effect; a thread plays daemon and client.
 */
final class Rehearsal {
    private static final String NAME = "offcut-rehearsal-";
    private static final String NOBODYS_SECRET = "0".repeat(32);
    private static final String FUNCTION = "getpagesize";
    private static final int PAYLOAD_BYTES = 64 << 10;
    private static final int CALLS = 50;

    /** Each is quicker than the one before, by less and less: code is compiled meanwhile. */
    private static final int TIMES = 4;

    private static final long PATIENCE_MILLIS = 5_000;
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);

    private final Path folder;
    private final ExecutorSpec spec;

    private Rehearsal(Path folder, Path library, CpuSet core) {
        this.folder = folder;
        FunctionSpec function =
                new FunctionSpec(
                        FUNCTION,
                        FunctionKind.NATIVE,
                        library.getFileName().toString(),
                        FUNCTION,
                        false,
                        List.of(),
                        true,
                        0);
        this.spec =
                new ExecutorSpec(
                        NAME,
                        1,
                        String.valueOf(library.getParent()),
                        List.of(function),
                        core.stream().boxed().toList(),
                        folder.toString(),
                        folder.toString(),
                        folder.resolve("nobody.sock").toString(),
                        "127.0.0.1",
                        "",
                        NOBODYS_SECRET,
                        2,
                        PAYLOAD_BYTES,
                        0,
                        PATIENCE_MILLIS);
    }

    /** Harmless where some of it cannot be had: the lease says so then. */
    static void run() throws InterruptedException {
        CpuSet cpus = CpuAffinity.current();
        try {
            for (int times = 0; times < TIMES; times++) {
                once(cpus);
            }
        } catch (IOException | OffcutException | IllegalArgumentException e) {
            System.err.println("offcut executor: cannot rehearse: " + e.getMessage());
        }
        // The lease's cores may be others.
        boolean ignored = ThisProcess.pin(cpus);
    }

    private static void once(CpuSet cpus) throws IOException, InterruptedException {
        Path folder =
                Path.of(System.getProperty("java.io.tmpdir"), NAME + ProcessHandle.current().pid());
        // Fails where somebody else has made it: it is everybody's folder.
        Path ignored =
                Files.createDirectory(
                        folder,
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        try {
            new Rehearsal(folder, libc(), cpus.lowest(1)).play();
        } finally {
            delete(folder);
        }
    }

    private static Path libc() throws IOException {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.endsWith("/libc.so.6"))
                    .map(line -> Path.of(line.substring(line.indexOf('/'))))
                    .findFirst()
                    .orElseThrow(() -> new IOException("there is no libc.so.6"));
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private void play() throws IOException, InterruptedException {
        ShmRegion.create(region(), spec.slots(), spec.payloadBytes(), "rw-------");
        Path file = folder.resolve("spec");
        ExecutorCommand.write(file, spec);
        ExecutorSpec read = ExecutorCommand.read(file);
        Executor executor = new Executor(read, new Functions(read));
        List<String> problems = executor.begin();
        ShmClientChannel client = ShmClientChannel.open(region(), PATIENCE_NANOS);
        // From here on nothing is left behind, however this process ends.
        delete(folder);
        List<UnixSocket> link = UnixSocket.pair();
        Thread other =
                Thread.ofPlatform().daemon().name(NAME).start(() -> others(link.getLast(), client));
        ControlLine end = executor.run(problems, () -> dial(executor, link.getFirst()));
        other.join(PATIENCE_MILLIS);
        executor.close();
        if (end == null) {
            throw new IOException("the end was not heard");
        }
    }

    /** To the thread that plays the daemon; nobody listens where an executor would connect. */
    private static ByteChannel dial(Executor executor, ByteChannel link) {
        try {
            executor.dial().dial().close();
        } catch (IOException e) {
            // As it should be.
        }
        return link;
    }

    private Path region() {
        return ShmRegion.file(folder, 0);
    }

    /** What the daemon and a client do, until the lease ends. */
    private static void others(UnixSocket link, ShmClientChannel client) {
        try (client;
                LineSocket lines = new LineSocket(link)) {
            ControlLine line = lines.read();
            while (line != null && !(line instanceof ControlLine.Ready)) {
                line = lines.read();
            }
            call(client);
            lines.write(new ControlLine.End(InvocationStatus.REVOKED));
            // Closing before it is read could lose it.
            while (line != null) {
                line = lines.read();
            }
        } catch (IOException | OffcutException e) {
            System.err.println("offcut executor: cannot rehearse: " + e.getMessage());
        }
    }

    private static void call(ShmClientChannel client) {
        for (int i = 0; i < CALLS; i++) {
            int slot = client.acquire();
            int refused = client.post(slot, i, 0, 1, 0);
            if (refused != 0 || client.await(PATIENCE_NANOS) != slot) {
                return;
            }
            client.release(slot);
        }
    }
}
