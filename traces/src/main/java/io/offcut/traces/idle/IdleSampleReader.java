package io.offcut.traces.idle;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.Complaints;
import io.offcut.traces.Complaints.Kind;
import io.offcut.traces.LogInput;
import io.offcut.traces.LogInput.Content;
import io.offcut.traces.TraceKind;
import java.io.InputStream;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads samples of idle nodes, one at a time: the records of HPC-Whisk or rows {@code
 * unix_seconds,node,state}, told apart by the first line, plain or compressed with gzip or zstd.
 *
 * <p>It is lenient: what is wrong is counted and located in {@link #complaints()} and left out. The
 * times of the samples it gives grow. For one thread; blocks on the stream.
 */
public final class IdleSampleReader implements AutoCloseable {
    private final SampleLines lines;
    private final SampleFormat format;
    private final TraceKind kind;
    private long lastSeconds = Long.MIN_VALUE;

    /**
     * Reads from a stream, which is closed with the reader.
     *
     * @param source name of the stream, for messages
     * @throws OffcutException if the stream cannot be read
     */
    public IdleSampleReader(InputStream stream, String source) {
        this(new SampleLines(LogInput.of(stream, source, Content.SAMPLES)));
    }

    private IdleSampleReader(SampleLines lines) {
        this.lines = lines;
        String first = lines.peek();
        this.kind = TraceKind.of(first == null ? "" : first);
        this.format = isRow(first) ? new CsvFormat(lines) : new RecordFormat(lines);
    }

    private static boolean isRow(@Nullable String line) {
        int comma = line == null ? -1 : line.indexOf(',');
        return line != null
                && comma >= 0
                && (SampleFormat.isTime(line.substring(0, comma)) || line.indexOf(' ') < 0);
    }

    /**
     * Opens a file.
     *
     * @throws OffcutException {@link ErrorCode#NOT_FOUND}, {@link ErrorCode#FORBIDDEN} or {@link
     *     ErrorCode#INVALID_INPUT} if it cannot be opened
     */
    public static IdleSampleReader open(Path path) {
        return new IdleSampleReader(new SampleLines(LogInput.open(path, Content.SAMPLES)));
    }

    /** The next sample; null at the end. */
    public @Nullable IdleSample next() {
        for (IdleSample sample = format.next(); sample != null; sample = format.next()) {
            if (sample.unixSeconds() > lastSeconds) {
                lastSeconds = sample.unixSeconds();
                return sample;
            }
            lines.complain(Kind.NOT_LATER, "the sample of " + sample.unixSeconds());
        }
        return null;
    }

    /** What was wrong so far. */
    public Complaints complaints() {
        return lines.complaints;
    }

    /** What the file seems to be. */
    TraceKind kind() {
        return kind;
    }

    String source() {
        return lines.source();
    }

    @Override
    public void close() {
        lines.close();
    }
}
