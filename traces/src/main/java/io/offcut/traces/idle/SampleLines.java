package io.offcut.traces.idle;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.LineScanner;
import io.offcut.traces.idle.IdleComplaints.Kind;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Lines of a file, plain or compressed with gzip (told by its first bytes), with what is wrong
 * about them. For one thread; blocks on the stream.
 */
final class SampleLines implements AutoCloseable {
    /** A list of all nodes of the largest machines is shorter. */
    private static final int MAX_LINE_BYTES = 1 << 20;

    private static final int BUFFER_BYTES = 64 * 1024;

    final IdleComplaints complaints = new IdleComplaints();
    private final String source;
    private final InputStream in;
    private final LineScanner lines;
    private @Nullable String peeked;
    private boolean damaged;

    SampleLines(InputStream stream, String source) {
        this.source = source;
        try {
            this.in = uncompressed(stream);
        } catch (IOException e) {
            throw unreadable(source, e);
        }
        this.lines = new LineScanner(in, MAX_LINE_BYTES);
    }

    static SampleLines open(Path path) {
        try {
            return new SampleLines(Files.newInputStream(path), path.toString());
        } catch (NoSuchFileException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "no samples at " + path + "; check the path", e);
        } catch (IOException e) {
            throw unreadable(path.toString(), e);
        }
    }

    private static InputStream uncompressed(InputStream stream) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(stream, BUFFER_BYTES);
        buffered.mark(2);
        boolean gzip = buffered.read() == 0x1f && buffered.read() == 0x8b;
        buffered.reset();
        return gzip ? new GZIPInputStream(buffered, BUFFER_BYTES) : buffered;
    }

    String source() {
        return source;
    }

    /** Whether the file ended before its end. */
    boolean damaged() {
        return damaged;
    }

    /** The next line that is not blank, without taking it; null at the end. */
    @Nullable String peek() {
        while (peeked == null && advance()) {
            if (lines.tooLong()) {
                complaints.add(Kind.LINE_TOO_LONG, lines.lineNumber(), lines.text());
            } else if (!lines.text().isBlank()) {
                peeked = lines.text().strip();
            }
        }
        return peeked;
    }

    /** Takes the line that was peeked at. */
    void take() {
        peeked = null;
    }

    private boolean advance() {
        try {
            return !damaged && lines.next();
        } catch (EOFException | ZipException e) {
            complaints.add(Kind.TRUNCATED, lines.lineNumber() + 1, String.valueOf(e.getMessage()));
            damaged = true;
            return false;
        } catch (IOException e) {
            throw unreadable(source, e);
        }
    }

    /** Something is wrong with the present line. */
    void complain(Kind kind, String text) {
        complaints.add(kind, lines.lineNumber(), text);
    }

    private static OffcutException unreadable(String source, IOException cause) {
        return new OffcutException(
                cause instanceof AccessDeniedException
                        ? ErrorCode.FORBIDDEN
                        : ErrorCode.INVALID_INPUT,
                "cannot read the samples "
                        + source
                        + ": "
                        + (cause instanceof AccessDeniedException
                                ? "permission denied; check its owner and mode"
                                : cause.getMessage() + "; give a text file, plain or gzip"),
                cause);
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw unreadable(source, e);
        }
    }
}
