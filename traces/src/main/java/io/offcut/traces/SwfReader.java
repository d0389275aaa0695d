package io.offcut.traces;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.Complaints.Kind;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a job log in the Standard Workload Format 2.2, plain or compressed with gzip or zstd (told
 * by its first bytes), one job at a time.
 *
 * <p>It is lenient: what is wrong is counted and located in {@link #complaints()}, and as much as
 * can be trusted is kept. Without the first five fields (job, submit, wait, run, processors) a line
 * is left out; later fields that are missing or unreadable become −1. Lines over 16 KiB are left
 * out.
 *
 * <pre>{@code
 * try (SwfReader reader = SwfReader.open(path)) {
 *     while (reader.next()) {
 *         total += reader.value(SwfField.RUN);
 *     }
 * }
 * }</pre>
 *
 * <p>For one thread; blocks on the stream.
 */
public final class SwfReader implements AutoCloseable {
    static final int MAX_LINE_BYTES = 16 * 1024;
    private static final int MAX_HEADER_LINES = 10_000;
    private static final int NEEDED_FIELDS = 5;
    private static final SwfField[] FIELDS = SwfField.values();

    private final LogInput in;
    private final LineScanner lines;
    private final List<String> headerLines = new ArrayList<>();
    private final Complaints complaints = new Complaints();
    private final SwfNumber number = new SwfNumber();
    private final long[] values = new long[SwfField.COUNT];
    private double averageCpuSeconds;
    private long lastSubmit = Long.MIN_VALUE;
    private boolean lineWaiting;

    /**
     * Reads from a stream, which is closed with the reader.
     *
     * @param source name of the stream, for messages
     * @throws OffcutException if the stream cannot be read
     */
    public SwfReader(InputStream stream, String source) {
        this(LogInput.of(stream, source, LogInput.Content.JOB_LOG));
    }

    SwfReader(LogInput in) {
        this.in = in;
        this.lines = new LineScanner(in.stream(), MAX_LINE_BYTES);
        readHeader();
    }

    /**
     * Opens a file.
     *
     * @throws OffcutException {@link ErrorCode#NOT_FOUND}, {@link ErrorCode#FORBIDDEN} or {@link
     *     ErrorCode#INVALID_INPUT} if it cannot be opened
     */
    public static SwfReader open(Path path) {
        return new SwfReader(LogInput.open(path, LogInput.Content.JOB_LOG));
    }

    /** Reads a whole file into memory: at most {@value JobTable#BYTES_PER_JOB} bytes a job. */
    public static SwfLog read(Path path) {
        try (SwfReader reader = open(path)) {
            return reader.readAll();
        }
    }

    private void readHeader() {
        lineWaiting = advance();
        while (lineWaiting && isComment()) {
            keepHeaderLine();
            lineWaiting = advance();
        }
    }

    /** The comment lines read so far: before the first {@link #next} those at the top. */
    public SwfHeader header() {
        return new SwfHeader(headerLines);
    }

    /** What was wrong so far. */
    public Complaints complaints() {
        return complaints;
    }

    /** Moves to the next job; false at the end of the log. */
    public boolean next() {
        while (lineWaiting || advance()) {
            lineWaiting = false;
            if (isComment()) {
                keepHeaderLine();
            } else if (parse()) {
                return true;
            }
        }
        return false;
    }

    /** A field of the present job; −1 when unknown. */
    public long value(SwfField field) {
        return values[field.column()];
    }

    /** {@link SwfField#AVERAGE_CPU} of the present job with its fraction. */
    public double averageCpuSeconds() {
        return averageCpuSeconds;
    }

    /** All jobs that are left. */
    public SwfLog readAll() {
        JobTable.Builder table = new JobTable.Builder();
        while (next()) {
            table.add(values, averageCpuSeconds);
        }
        return new SwfLog(header(), table.build(), complaints);
    }

    private boolean advance() {
        return in.advance(lines, complaints);
    }

    private boolean isComment() {
        int at = skipBlanks(lines.start);
        return !lines.tooLong && at < lines.end && lines.buffer[at] == ';';
    }

    private void keepHeaderLine() {
        if (headerLines.size() < MAX_HEADER_LINES) {
            int at = skipBlanks(lines.start) + 1;
            headerLines.add(lines.text(at, lines.end));
        }
    }

    /** Reads the fields of the present line; false if it is blank or left out. */
    private boolean parse() {
        if (lines.tooLong) {
            complain(Kind.LINE_TOO_LONG, 0, lines.start, lines.end);
            return false;
        }
        int at = skipBlanks(lines.start);
        if (at == lines.end) {
            return false;
        }
        int fields = 0;
        while (at < lines.end && fields < SwfField.COUNT) {
            int tokenEnd = tokenEnd(at);
            if (!parseField(fields, at, tokenEnd)) {
                return false;
            }
            fields++;
            at = skipBlanks(tokenEnd);
        }
        return complete(fields, at);
    }

    private boolean complete(int fields, int at) {
        if (fields < NEEDED_FIELDS) {
            complain(Kind.TOO_SHORT, 0, lines.start, lines.end);
            return false;
        }
        if (fields < SwfField.COUNT) {
            complain(Kind.MISSING_FIELDS, 0, lines.start, lines.end);
        } else if (at < lines.end) {
            complain(Kind.EXTRA_FIELDS, 0, at, lines.end);
        }
        for (int field = fields; field < SwfField.COUNT; field++) {
            set(field, -1, -1);
        }
        if (value(SwfField.SUBMIT) < lastSubmit) {
            complain(Kind.OUT_OF_ORDER, 2, lines.start, lines.end);
        }
        lastSubmit = value(SwfField.SUBMIT);
        return true;
    }

    /** Reads one field; false if the line is to be left out. */
    private boolean parseField(int field, int from, int to) {
        boolean needed = field < NEEDED_FIELDS;
        if (!number.parse(lines.buffer, from, to)) {
            complain(needed ? Kind.NOT_A_NUMBER : Kind.FIELD_UNREADABLE, field + 1, from, to);
            set(field, -1, -1);
            return !needed;
        }
        if (number.tooLarge || !FIELDS[field].holds(number.whole)) {
            complain(needed ? Kind.OUT_OF_RANGE : Kind.FIELD_UNREADABLE, field + 1, from, to);
            set(field, -1, -1);
            return !needed;
        }
        if (number.fraction != 0 && FIELDS[field] != SwfField.AVERAGE_CPU) {
            complain(Kind.FRACTION, field + 1, from, to);
        }
        set(field, number.whole, number.fraction == 0 ? number.whole : exact(from, to));
        return true;
    }

    /** The nearest double: reading and writing again gives the same text. */
    private double exact(int from, int to) {
        return Double.parseDouble(lines.text(from, to));
    }

    private void set(int field, long whole, double value) {
        values[field] = whole;
        if (FIELDS[field] == SwfField.AVERAGE_CPU) {
            averageCpuSeconds = value;
        }
    }

    private void complain(Kind kind, int field, int from, int to) {
        // A log out of order has one a line: text for those nobody sees would cost more than them.
        if (complaints.hasRoom()) {
            complaints.add(kind, lines.lineNumber, field, lines.text(from, to));
        } else {
            complaints.add(kind);
        }
    }

    private int skipBlanks(int from) {
        int at = from;
        while (at < lines.end && isBlank(lines.buffer[at])) {
            at++;
        }
        return at;
    }

    private int tokenEnd(int from) {
        int at = from;
        while (at < lines.end && !isBlank(lines.buffer[at])) {
            at++;
        }
        return at;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    @Override
    public void close() {
        in.close();
    }
}
