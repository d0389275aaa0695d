package io.offcut.bundle;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/**
 * A zip file read with suspicion (PKWARE APPNOTE 6.3). The library's reader accepts archives whose
 * parts overlap, whose headers contradict each other or whose entries are links; this one refuses
 * them, so that what was checked is what is unpacked.
 *
 * <p>Not for use by several threads at once.
 */
final class StrictZip implements Closeable {
    static final int STORED = 0;
    static final int DEFLATED = 8;

    /** A ratio that only a constructed archive reaches, allowed for small ones. */
    private static final long BOMB_RATIO = 100;

    private static final long BOMB_FREE_BYTES = 16L << 20;

    /**
     * One file or folder, with the sizes the archive claims.
     *
     * @param dataOffset where its bytes begin in the archive
     */
    record Entry(
            String name, int method, long crc, long compressedBytes, long bytes, long dataOffset) {
        boolean isFolder() {
            return name.endsWith("/");
        }
    }

    private final FileChannel channel;
    private final String label;
    private final List<Entry> entries;

    private StrictZip(FileChannel channel, String label, List<Entry> entries) {
        this.channel = channel;
        this.label = label;
        this.entries = entries;
    }

    /** Opens the archive and checks its directory against the limits; reads no content yet. */
    static StrictZip open(Path file, BundleLimits limits) throws IOException {
        String label = "bundle " + file.getFileName();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            if (channel.size() > limits.maxArchiveBytes()) {
                throw Refusal.tooLarge(
                        label
                                + " has "
                                + channel.size()
                                + " bytes; the limit is "
                                + limits.maxArchiveBytes());
            }
            List<Entry> entries = new ZipDirectory(channel, label, limits).read();
            checkTotal(label, channel.size(), entries, limits);
            return new StrictZip(channel, label, entries);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static void checkTotal(
            String label, long archiveBytes, List<Entry> entries, BundleLimits limits) {
        long total = entries.stream().mapToLong(Entry::bytes).sum();
        if (total > limits.maxUnpackedBytes()) {
            throw Refusal.tooLarge(
                    label
                            + " unpacks to "
                            + total
                            + " bytes; the limit is "
                            + limits.maxUnpackedBytes());
        }
        if (total > BOMB_FREE_BYTES && total / BOMB_RATIO > archiveBytes) {
            throw Refusal.tooLarge(
                    label
                            + " unpacks to "
                            + total
                            + " bytes from "
                            + archiveBytes
                            + "; such a compression ratio is refused, pack it with less compression");
        }
    }

    List<Entry> entries() {
        return entries;
    }

    /** The whole content of a small entry. */
    byte[] bytes(Entry entry) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        copy(entry, out);
        return out.toByteArray();
    }

    /** Writes exactly the claimed bytes of an entry, or refuses it. */
    void copy(Entry entry, OutputStream out) throws IOException {
        CRC32 crc = new CRC32();
        Inflater inflater = new Inflater(true);
        try {
            InputStream raw = new Range(entry.dataOffset(), entry.compressedBytes());
            InputStream in =
                    entry.method() == STORED ? raw : new InflaterInputStream(raw, inflater, 8192);
            byte[] buffer = new byte[1 << 16];
            long left = entry.bytes();
            for (int count; (count = in.read(buffer)) > 0; left -= count) {
                if (count > left) {
                    throw lying(entry);
                }
                crc.update(buffer, 0, count);
                out.write(buffer, 0, count);
            }
            if (left != 0 || crc.getValue() != entry.crc()) {
                throw lying(entry);
            }
        } catch (ZipException | EOFException e) {
            throw lying(entry);
        } finally {
            inflater.end();
        }
    }

    private RuntimeException lying(Entry entry) {
        return Refusal.invalid(
                label
                        + ": entry "
                        + Refusal.quoted(entry.name())
                        + " is not what the archive says of it (size or checksum); pack it again");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    static ByteBuffer read(FileChannel channel, long offset, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, offset + buffer.position()) < 0) {
                throw new EOFException();
            }
        }
        return buffer.flip();
    }

    /** The bytes of one entry as they lie in the archive. */
    private final class Range extends InputStream {
        private long offset;
        private long left;

        Range(long offset, long left) {
            this.offset = offset;
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] target, int from, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int wanted = (int) Math.min(length, left);
            int count = channel.read(ByteBuffer.wrap(target, from, wanted), offset);
            if (count < 0) {
                throw new EOFException();
            }
            offset += count;
            left -= count;
            return count;
        }
    }
}
