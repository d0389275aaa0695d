package io.offcut.traces;

import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;

/**
 * Writes jobs in the Standard Workload Format 2.2: the header as comments, then one line a job, the
 * fields parted by one blank. What {@link SwfReader} then reads is equal. For one thread; the
 * caller closes the stream.
 */
public final class SwfWriter {
    private static final SwfField[] FIELDS = SwfField.values();

    private final OutputStream out;
    private final StringBuilder line = new StringBuilder(128);

    /** Writes the header at once. Give a buffered stream. */
    public SwfWriter(OutputStream out, SwfHeader header) throws IOException {
        this.out = out;
        for (String comment : header.lines()) {
            line.append(';').append(comment.replace('\n', ' ').replace('\r', ' '));
            flushLine();
        }
    }

    /** Writes a whole table. */
    public static void write(OutputStream out, SwfHeader header, JobTable jobs) throws IOException {
        SwfWriter writer = new SwfWriter(out, header);
        for (int row = 0; row < jobs.size(); row++) {
            writer.write(jobs, row);
        }
        out.flush();
    }

    /** Writes one row of a table. */
    public void write(JobTable jobs, int row) throws IOException {
        write(jobs, row, jobs.waitSeconds(row));
    }

    /** Writes one row with another wait, as a simulated schedule has. */
    public void write(JobTable jobs, int row, long waitSeconds) throws IOException {
        for (SwfField field : FIELDS) {
            if (!line.isEmpty()) {
                line.append(' ');
            }
            switch (field) {
                case WAIT -> line.append(waitSeconds);
                case AVERAGE_CPU -> appendSeconds(line, jobs.averageCpuSeconds(row));
                default -> line.append(jobs.value(row, field));
            }
        }
        flushLine();
    }

    static void appendSeconds(StringBuilder line, double seconds) {
        if (seconds == (long) seconds) {
            line.append((long) seconds);
        } else {
            // Plain notation: the format knows no exponent.
            line.append(new BigDecimal(Double.toString(seconds)).toPlainString());
        }
    }

    private void flushLine() throws IOException {
        line.append('\n');
        out.write(line.toString().getBytes(StandardCharsets.ISO_8859_1));
        line.setLength(0);
    }
}
