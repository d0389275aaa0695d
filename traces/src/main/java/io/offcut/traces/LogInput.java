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
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a trace, whether it is plain or compressed with gzip or zstd (told by its first
 * bytes), with the errors of reading in one line. However much a file expands to, what is held of
 * it is one buffer. For one thread; blocks on the stream.
 */
public final class LogInput implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    /** How much of the beginning may be looked at before it is read. */
    static final int PEEK_BYTES = 16 * 1024;

    private static final int[] GZIP = {0x1f, 0x8b};
    private static final int[] ZSTD = {0x28, 0xb5, 0x2f, 0xfd};

    /** What a file should be, for messages. */
    public enum Content {
        JOB_LOG("job log", JobLogs.FORMATS),
        FUNCTION_TRACE("function trace", AzureFunctions.EXPECTED),
        SAMPLES("samples", "give a text file, plain, gzip or zstd");

        private final String noun;
        private final String expected;

        Content(String noun, String expected) {
            this.noun = noun;
            this.expected = expected;
        }
    }

    private final Content content;
    private final String source;
    private final UntilDamage expanded;
    private final BufferedInputStream stream;
    private boolean damaged;

    private LogInput(Content content, String source, UntilDamage expanded) {
        this.content = content;
        this.source = source;
        this.expanded = expanded;
        this.stream = new BufferedInputStream(expanded, BUFFER_BYTES);
    }

    /**
     * Opens a file.
     *
     * @throws OffcutException {@link ErrorCode#NOT_FOUND}, {@link ErrorCode#FORBIDDEN} or {@link
     *     ErrorCode#INVALID_INPUT} if it cannot be opened
     */
    public static LogInput open(Path path, Content content) {
        return open(path, content, read -> {});
    }

    /** Opens a file and tells how many of its bytes have been read. */
    static LogInput open(Path path, Content content, JobLogs.Progress progress) {
        try {
            return of(new Counted(Files.newInputStream(path), progress), path.toString(), content);
        } catch (NoSuchFileException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "no " + content.noun + " at " + path + "; check the path",
                    e);
        } catch (IOException e) {
            throw unreadable(path.toString(), content, e);
        }
    }

    /** Takes a stream, which is closed with this. */
    public static LogInput of(InputStream stream, String source, Content content) {
        try {
            BufferedInputStream raw = new BufferedInputStream(stream, BUFFER_BYTES);
            InputStream plain = raw;
            if (begins(raw, GZIP)) {
                plain = new GZIPInputStream(raw, BUFFER_BYTES);
            } else if (begins(raw, ZSTD)) {
                plain = new ZstdInputStream(raw);
            }
            return new LogInput(content, source, new UntilDamage(plain));
        } catch (IOException e) {
            throw unreadable(source, content, e);
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

    /** Name of the file or stream. */
    public String source() {
        return source;
    }

    /** What is in it, expanded. */
    public InputStream stream() {
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
                read = stream.read(start, filled, start.length - filled);
                filled += Math.max(0, read);
            }
            stream.reset();
            return new String(start, 0, filled, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw unreadable(source, content, e);
        }
    }

    /** Moves to the next line; false at the end, also if the compressed file is cut short. */
    public boolean advance(LineScanner lines, Complaints complaints) {
        if (damaged) {
            return false;
        }
        try {
            boolean more = lines.next();
            IOException damage = expanded.damage;
            // The line in which the damage is, is not whole.
            if (damage != null && !(more && lines.terminated)) {
                damaged = true;
                long line = lines.lineNumber + (more ? 0 : 1);
                complaints.add(Kind.TRUNCATED, line, 0, String.valueOf(damage.getMessage()));
            }
            return more && !damaged;
        } catch (IOException e) {
            throw unreadable(source, content, e);
        }
    }

    /** Hands on every line that is not empty and not longer than any record. */
    void forEachLine(LineScanner lines, Complaints complaints, Consumer<String> line) {
        while (advance(lines, complaints)) {
            if (lines.tooLong) {
                complaints.add(Kind.LINE_TOO_LONG, lines.lineNumber, 0, "");
            } else if (lines.end > lines.start) {
                line.accept(lines.utf8());
            }
        }
    }

    /** Whether the file ended before its end, or cannot be expanded further. */
    public boolean damaged() {
        return damaged;
    }

    private static OffcutException unreadable(String source, Content content, IOException cause) {
        if (cause instanceof AccessDeniedException) {
            return new OffcutException(
                    ErrorCode.FORBIDDEN,
                    "cannot read the "
                            + content.noun
                            + " "
                            + source
                            + ": permission denied; check its owner and mode",
                    cause);
        }
        return new OffcutException(
                ErrorCode.INVALID_INPUT,
                "cannot read the "
                        + content.noun
                        + " "
                        + source
                        + ": "
                        + reason(cause)
                        + "; "
                        + content.expected,
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
            throw unreadable(source, content, e);
        }
    }

    /** Ends where the compressed file is damaged, so that what was read until there is kept. */
    private static final class UntilDamage extends FilterInputStream {
        private @Nullable IOException damage;

        UntilDamage(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
            if (damage != null) {
                return -1;
            }
            try {
                return super.read(into, from, count);
            } catch (IOException e) {
                if (!isDamage(e)) {
                    throw e;
                }
                damage = e;
                return -1;
            }
        }

        private static boolean isDamage(IOException e) {
            return e instanceof EOFException
                    || e instanceof ZipException
                    || e.getClass().getName().startsWith("com.github.luben.zstd.");
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
