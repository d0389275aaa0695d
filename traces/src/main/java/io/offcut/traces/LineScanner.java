package io.offcut.traces;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * Lines of a stream of bytes without an object a line: after {@link #next} the line is {@code
 * buffer[start..end)}, without its end of line. A line longer than the buffer is passed over and
 * reported as {@link #tooLong}. For one thread.
 */
public final class LineScanner {
    private final InputStream in;
    final byte[] buffer;
    int start;
    int end;
    long lineNumber;
    boolean tooLong;
    boolean terminated;
    private int next;
    private int filled;
    private boolean exhausted;

    public LineScanner(InputStream in, int maxLineBytes) {
        this.in = in;
        this.buffer = new byte[maxLineBytes];
    }

    /** Moves to the next line; false at the end of the stream. */
    public boolean next() throws IOException {
        start = next;
        tooLong = false;
        int scan = start;
        while (true) {
            while (scan < filled && buffer[scan] != '\n') {
                scan++;
            }
            if (scan < filled) {
                terminated = true;
                return found(scan, scan + 1);
            }
            if (exhausted) {
                terminated = false;
                return (scan > start || tooLong) && found(scan, scan);
            }
            scan = refill();
        }
    }

    private boolean found(int lineEnd, int nextStart) {
        end = lineEnd > start && buffer[lineEnd - 1] == '\r' ? lineEnd - 1 : lineEnd;
        next = nextStart;
        lineNumber++;
        return true;
    }

    /** Reads more behind the unfinished line; returns where to go on scanning. */
    private int refill() throws IOException {
        int kept = filled - start;
        if (kept == buffer.length) {
            tooLong = true;
            kept = 0;
        } else {
            System.arraycopy(buffer, start, buffer, 0, kept);
        }
        start = 0;
        next = 0;
        filled = kept;
        int read = in.read(buffer, kept, buffer.length - kept);
        exhausted = read < 0;
        filled += Math.max(read, 0);
        return kept;
    }

    /** The whole line, of a log that has names of people and files in it. */
    String utf8() {
        return new String(buffer, start, end - start, StandardCharsets.UTF_8);
    }

    /** The line as text; bytes are taken as ISO 8859-1, so that none is lost. */
    String text(int from, int to) {
        return new String(buffer, from, to - from, StandardCharsets.ISO_8859_1);
    }

    /** The whole line as text. */
    public String text() {
        return text(start, end);
    }

    /** Number of the line, counted from 1. */
    public long lineNumber() {
        return lineNumber;
    }

    /** Whether the line was longer than the buffer; what is left of it is then its end. */
    public boolean tooLong() {
        return tooLong;
    }
}
