package io.offcut.traces;

import com.github.luben.zstd.ZstdInputStream;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.Complaints.Kind;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The bytes of a log, whether it is plain or compressed with gzip or zstd (told by its first
 * bytes), with the errors of reading in one line. However much a file expands to, what is held of
 * it is one buffer. For one thread.
 */
final class LogInput implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    /** How much of the beginning may be looked at before it is read. */
    static final int PEEK_BYTES = 16 * 1024;

    private static final int[] GZIP = {0x1f, 0x8b};
    private static final int[] ZSTD = {0x28, 0xb5, 0x2f, 0xfd};

    private final String source;
    private final BufferedInputStream stream;
    private boolean damaged;

    private LogInput(String source, BufferedInputStream stream) {
        this.source = source;
        this.stream = stream;
    }

    /** Opens a file; refusals are those of {@link SwfReader#open}. */
    static LogInput open(Path path) {
        return open(path, read -> {});
    }

    /** Opens a file and tells how many of its bytes have been read. */
    static LogInput open(Path path, JobLogs.Progress progress) {
        try {
            return of(new Counted(Files.newInputStream(path), progress), path.toString());
        } catch (NoSuchFileException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "no job log at " + path + "; check the path", e);
        } catch (IOException e) {
            throw unreadable(path.toString(), e);
        }
    }

    static LogInput of(InputStream stream, String source) {
        try {
            BufferedInputStream raw = new BufferedInputStream(stream, BUFFER_BYTES);
            InputStream plain = raw;
            if (begins(raw, GZIP)) {
                plain = new GZIPInputStream(raw, BUFFER_BYTES);
            } else if (begins(raw, ZSTD)) {
                plain = new ZstdInputStream(raw);
            }
            return new LogInput(source, new BufferedInputStream(plain, BUFFER_BYTES));
        } catch (IOException e) {
            throw unreadable(source, e);
        }
    }

    private static boolean begins(BufferedInputStream stream, int[] magic) throws IOException {
        stream.mark(magic.length);
        boolean same = true;
        for (int expected : magic) {
            same = same && stream.read() == expected;
        }
        stream.reset();
        return same;
    }

    String source() {
        return source;
    }

    InputStream stream() {
        return stream;
    }

    /** The first {@value #PEEK_BYTES} bytes as text, or fewer; they are read again afterwards. */
    String peek() {
        stream.mark(PEEK_BYTES);
        try {
            byte[] start = new byte[PEEK_BYTES];
            int filled = 0;
            int read = 0;
            while (filled < start.length && read >= 0) {
                read = readSome(start, filled);
                filled += Math.max(0, read);
            }
            stream.reset();
            return new String(start, 0, filled, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw unreadable(source, e);
        }
    }

    /** A damaged beginning is met again when it is read, and told then. */
    private int readSome(byte[] into, int from) throws IOException {
        try {
            return stream.read(into, from, into.length - from);
        } catch (IOException e) {
            if (isDamage(e)) {
                return -1;
            }
            throw e;
        }
    }

    /** Moves to the next line; false at the end, also if the compressed file is cut short. */
    boolean advance(LineScanner lines, Complaints complaints) {
        try {
            return !damaged && lines.next();
        } catch (IOException e) {
            if (!isDamage(e)) {
                throw unreadable(source, e);
            }
            complaints.add(Kind.TRUNCATED, lines.lineNumber + 1, 0, String.valueOf(e.getMessage()));
            damaged = true;
            return false;
        }
    }

    private static boolean isDamage(IOException e) {
        return e instanceof EOFException
                || e instanceof ZipException
                || e.getClass().getName().startsWith("com.github.luben.zstd.");
    }

    private static OffcutException unreadable(String source, IOException cause) {
        if (cause instanceof AccessDeniedException) {
            return new OffcutException(
                    ErrorCode.FORBIDDEN,
                    "cannot read the log "
                            + source
                            + ": permission denied; check its owner and mode",
                    cause);
        }
        return new OffcutException(
                ErrorCode.INVALID_INPUT,
                "cannot read the log " + source + ": " + reason(cause) + "; " + JobLogs.FORMATS,
                cause);
    }

    /** The message of a file system's exception begins with the path, and may end with it. */
    private static String reason(IOException cause) {
        String said =
                cause instanceof FileSystemException refused
                        ? refused.getReason()
                        : cause.getMessage();
        return said == null ? cause.getClass().getSimpleName() : said;
    }

    @Override
    public void close() {
        try {
            stream.close();
        } catch (IOException e) {
            throw unreadable(source, e);
        }
    }

    /** Counts the bytes of the file itself, before they are expanded. */
    private static final class Counted extends FilterInputStream {
        private final JobLogs.Progress progress;
        private long bytes;

        Counted(InputStream in, JobLogs.Progress progress) {
            super(in);
            this.progress = progress;
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            told(read < 0 ? 0 : 1);
            return read;
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
            int read = super.read(into, from, count);
            told(Math.max(0, read));
            return read;
        }

        private void told(int more) {
            bytes += more;
            progress.read(bytes);
        }
    }
}
