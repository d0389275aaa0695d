package io.offcut.simulator;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.WholeFile;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Leases as {@code leases.csv}, written while they end, so that their number costs no memory; the
 * file is there once all of them are. Times are seconds of the log, to the millisecond. For one
 * thread.
 */
public final class LeaseWriter implements LeaseLog, AutoCloseable {
    private final Path folder;
    private final Path file;
    private final ClusterSpec cluster;
    private final WholeFile whole;
    private final BufferedWriter out;
    private final StringBuilder line = new StringBuilder();

    /**
     * Begins the file, and its folder if that is missing.
     *
     * @param cluster names the nodes
     * @throws OffcutException {@link ErrorCode#EXHAUSTED} if it cannot be written; so do the others
     */
    public LeaseWriter(Path folder, ClusterSpec cluster) {
        this.cluster = cluster;
        this.folder = folder;
        this.file = folder.resolve("leases.csv");
        try {
            Files.createDirectories(folder);
            this.whole = WholeFile.at(file);
            this.out =
                    new BufferedWriter(new OutputStreamWriter(whole.out(), StandardCharsets.UTF_8));
            out.write("lease,user,node,start,end,cores,memory_bytes,reason\n");
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
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
        line.append(lease).append(',').append(user).append(',');
        line.append(cluster.nodeName(node)).append(',');
        appendSeconds(startMillis);
        line.append(',');
        appendSeconds(endMillis);
        line.append(',').append(cores).append(',').append(memoryBytes).append(',');
        line.append(reason).append('\n');
        try {
            out.append(line);
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
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

    /** All leases were told: the file takes its place, the first of its run. */
    public void done() {
        try {
            out.flush();
            ResultWriter.forgetEarlier(folder);
            whole.done();
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }

    /** Unless it is done, nothing of the file stays. */
    @Override
    public void close() {
        try {
            whole.close();
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }
}
