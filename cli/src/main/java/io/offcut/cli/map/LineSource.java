package io.offcut.cli.map;

import io.offcut.client.Item;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.zip.CRC32C;

/**
 * The lines of several files, or of one stream, one after the other, without their line ends
 * ({@code \n} or {@code \r\n}). A last line without an end counts too. For one thread at a time.
 */
final class LineSource implements Iterator<Item<LineSource.Position>>, AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 18;
    private static final byte[] EMPTY = {};

    /**
     * How far a map has come, at the end of one line.
     *
     * @param lines read so far, this one included
     * @param bytes read so far, line ends included
     * @param checksum CRC-32C of these bytes
     */
    record Position(long lines, long bytes, int checksum) {
        static final Position START = new Position(0, 0, 0);
    }

    private final Iterator<Path> files;
    private final int maxLineBytes;
    private final CRC32C checksum = new CRC32C();
    private InputStream in;
    private String name;

    /** Lines before each file. */
    private final ConcurrentSkipListMap<Long, String> starts = new ConcurrentSkipListMap<>();

    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int from;
    private int to;
    private boolean ended;
    private long lines;
    private long bytes;

    private LineSource(InputStream first, String name, Iterator<Path> rest, int maxLineBytes) {
        this.in = first;
        this.name = name;
        this.files = rest;
        this.maxLineBytes = maxLineBytes;
        starts.put(0L, name);
    }

    /**
     * The lines of a stream.
     *
     * @param maxLineBytes longer lines are cut to one byte more than this
     */
    static LineSource of(InputStream in, int maxLineBytes) {
        return new LineSource(in, "stdin", List.<Path>of().iterator(), maxLineBytes);
    }

    /** The lines of files; each file is opened when its turn comes. */
    static LineSource of(List<Path> files, int maxLineBytes) {
        return new LineSource(InputStream.nullInputStream(), "", files.iterator(), maxLineBytes);
    }

    /** Where in the inputs a line that was read is, for people. Any thread may ask. */
    String describe(long line) {
        Map.Entry<Long, String> file = starts.floorEntry(line - 1);
        return file == null ? "line " + line : file.getValue() + ":" + (line - file.getKey());
    }

    /** How far it has read. */
    Position position() {
        return new Position(lines, bytes, (int) checksum.getValue());
    }

    @Override
    public boolean hasNext() {
        try {
            return from < to || fill();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    @Override
    public Item<Position> next() {
        byte[] line = nextLine();
        return new Item<>(position(), MemorySegment.ofArray(line));
    }

    /** Reads a line and forgets it. */
    void skip() {
        nextLine();
    }

    private byte[] nextLine() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        try {
            byte[] line = readLine();
            lines++;
            return line;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private byte[] readLine() throws IOException {
        byte[] line = EMPTY;
        while (true) {
            int end = from;
            while (end < to && buffer[end] != '\n') {
                end++;
            }
            boolean whole = end < to;
            line = joined(line, from, end);
            consumed(whole ? end + 1 : end);
            if (whole || !more()) {
                int length = line.length;
                boolean carriage = whole && length > 0 && line[length - 1] == '\r';
                return carriage ? Arrays.copyOf(line, length - 1) : line;
            }
        }
    }

    /** The rest of a line lies in the same file: a file's end ends a line. */
    private boolean more() throws IOException {
        int read = in.read(buffer, 0, buffer.length);
        if (read <= 0) {
            return false;
        }
        from = 0;
        to = read;
        return true;
    }

    private byte[] joined(byte[] line, int start, int end) {
        int room = (int) Math.min(end - start, (long) maxLineBytes + 2 - line.length);
        if (line.length == 0) {
            return Arrays.copyOfRange(buffer, start, start + Math.max(0, room));
        }
        byte[] longer = Arrays.copyOf(line, line.length + Math.max(0, room));
        System.arraycopy(buffer, start, longer, line.length, Math.max(0, room));
        return longer;
    }

    private void consumed(int end) {
        checksum.update(buffer, from, end - from);
        bytes += end - from;
        from = end;
    }

    private boolean fill() throws IOException {
        while (!ended) {
            if (more()) {
                return true;
            }
            in.close();
            if (!files.hasNext()) {
                ended = true;
                return false;
            }
            Path file = files.next();
            name = file.toString();
            starts.put(lines, name);
            in = Files.newInputStream(file);
        }
        return false;
    }

    private OffcutException unreadable(IOException e) {
        return new OffcutException(
                ErrorCode.NOT_FOUND,
                "map: input " + name + ": cannot be read: check its path and permissions",
                e);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
