package io.offcut.node.internal.executor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an executor, and the functions in it, print. The process has the file open for appending, so
 * cutting it bounds what it takes: whatever is printed next begins the file anew. A pipe to the
 * daemon would not outlive the daemon.
 */
final class ExecutorLog {
    static final long MAX_BYTES = 1 << 20;
    private static final int TAIL_BYTES = 2_000;
    private static final Logger log = LoggerFactory.getLogger(ExecutorLog.class);

    private ExecutorLog() {}

    /** The log file of a lease, made if it is not there. */
    static Path open(Path leaseFolder) throws IOException {
        return make(file(leaseFolder));
    }

    static Path file(Path leaseFolder) {
        return leaseFolder.resolve("executor.log");
    }

    /** Makes a log file if it is not there. */
    static Path make(Path file) throws IOException {
        if (!Files.exists(file)) {
            Files.createFile(
                    file,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
        }
        return file;
    }

    /** Empties the file when it has grown too large. */
    static void bound(Path leaseFolder) {
        Path file = file(leaseFolder);
        try {
            if (Files.exists(file) && Files.size(file) > MAX_BYTES) {
                empty(file);
            }
        } catch (IOException e) {
            log.warn("cannot bound {} ({}); look at its size", file, e.toString());
        }
    }

    static void empty(Path file) throws IOException {
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)
                .close();
    }

    /** The last line of it, as the end of a message why an executor ended; empty without one. */
    static String said(Path leaseFolder) {
        String last = lastLine(leaseFolder);
        return last.isEmpty() ? "" : "; it said: " + last;
    }

    private static String lastLine(Path leaseFolder) {
        Path file = file(leaseFolder);
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            long from = Math.max(0, in.size() - TAIL_BYTES);
            ByteBuffer tail = ByteBuffer.allocate(TAIL_BYTES);
            int read = in.read(tail, from);
            String text = new String(tail.array(), 0, Math.max(0, read), StandardCharsets.UTF_8);
            String line = text.lines().filter(l -> !l.isBlank()).reduce("", (a, b) -> b);
            return (line.length() > 200 ? line.substring(0, 200) : line)
                    .replaceAll("\\p{Cntrl}", "?");
        } catch (IOException e) {
            return "";
        }
    }
}
