package io.offcut.simulator;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Leases as {@code leases.csv}, written while they end, so that their number costs no memory. Times
 * are seconds of the log, to the millisecond. For one thread.
 */
public final class LeaseWriter implements LeaseLog, AutoCloseable {
    private final Path file;
    private final BufferedWriter out;
    private final StringBuilder line = new StringBuilder();

    /**
     * Begins the file, and its folder if that is missing.
     *
     * @throws OffcutException {@link ErrorCode#EXHAUSTED} if it cannot be written; so do the others
     */
    public LeaseWriter(Path folder) {
        this.file = folder.resolve("leases.csv");
        try {
            Files.createDirectories(folder);
            this.out = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
            out.write("lease,user,node,start,end,cores,memory_bytes,reason\n");
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    @Override
    public void ended(
            long lease,
            String user,
            int node,
            long startMillis,
            long endMillis,
            int cores,
            long memoryBytes,
            String reason) {
        line.setLength(0);
        line.append(lease).append(',').append(user).append(",n").append(node).append(',');
        appendSeconds(startMillis);
        line.append(',');
        appendSeconds(endMillis);
        line.append(',').append(cores).append(',').append(memoryBytes).append(',');
        line.append(reason).append('\n');
        try {
            out.append(line);
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    private void appendSeconds(long millis) {
        if (millis < 0) {
            line.append('-');
        }
        int rest = (int) (Math.abs(millis) % 1000);
        line.append(Math.abs(millis) / 1000);
        if (rest > 0) {
            line.append('.').append((char) ('0' + rest / 100));
            line.append((char) ('0' + rest / 10 % 10)).append((char) ('0' + rest % 10));
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    private OffcutException cannotWrite(IOException e) {
        return new OffcutException(
                ErrorCode.EXHAUSTED, "cannot write " + file + ": " + e.getMessage(), e);
    }
}
