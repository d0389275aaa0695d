package io.offcut.traces.idle;

import io.offcut.traces.Complaints;
import io.offcut.traces.Complaints.Kind;
import io.offcut.traces.LineScanner;
import io.offcut.traces.LogInput;
import org.jspecify.annotations.Nullable;

/** Lines of a file of samples that can be looked at before they are taken. For one thread. */
final class SampleLines implements AutoCloseable {
    /** A list of all nodes of the largest machines is shorter. */
    private static final int MAX_LINE_BYTES = 1 << 20;

    final Complaints complaints = new Complaints();
    private final LogInput in;
    private final LineScanner lines;
    private @Nullable String peeked;

    SampleLines(LogInput in) {
        this.in = in;
        this.lines = new LineScanner(in.stream(), MAX_LINE_BYTES);
    }

    String source() {
        return in.source();
    }

    /** Whether the file ended before its end. */
    boolean damaged() {
        return in.damaged();
    }

    /** The next line that is not blank, without taking it; null at the end. */
    @Nullable String peek() {
        while (peeked == null && in.advance(lines, complaints)) {
            if (lines.tooLong()) {
                complain(Kind.LINE_TOO_LONG, lines.text());
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

    /** Something is wrong with the present line. */
    void complain(Kind kind, String text) {
        complaints.add(kind, lines.lineNumber(), 0, text);
    }

    @Override
    public void close() {
        in.close();
    }
}
