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
import java.util.List;

/**
 * Leases as {@code leases.csv}, written while they end, so that their number costs no memory; the
 * file is there once all of them are. Times are seconds of the log, to the millisecond. For one
 * thread.
 */
public final class LeaseWriter implements LeaseLog, AutoCloseable {
    private static final List<Column> COLUMNS =
            List.of(
                    new Column("lease", (to, lease) -> to.line.append(lease.lease())),
                    new Column("user", (to, lease) -> to.line.append(lease.user())),
                    new Column(
                            "node",
                            (to, lease) -> to.line.append(to.cluster.nodeName(lease.node()))),
                    new Column("start", (to, lease) -> to.appendSeconds(lease.startMillis())),
                    new Column("end", (to, lease) -> to.appendSeconds(lease.endMillis())),
                    new Column("cores", (to, lease) -> to.line.append(lease.cores())),
                    new Column("memory_bytes", (to, lease) -> to.line.append(lease.memoryBytes())),
                    new Column("reason", (to, lease) -> to.line.append(lease.reason())));

    private record Column(String name, Value value) {}

    /** Appends one value to the line. */
    @FunctionalInterface
    private interface Value {
        void append(LeaseWriter to, EndedLease lease);
    }

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
            out.write(String.join(",", COLUMNS.stream().map(Column::name).toList()) + "\n");
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }

    @Override
    public void ended(EndedLease lease) {
        line.setLength(0);
        for (Column column : COLUMNS) {
            line.append(line.isEmpty() ? "" : ",");
            column.value().append(this, lease);
        }
        try {
            out.append(line.append('\n'));
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
