package io.offcut.bundle;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Reads the central directory of a zip file (PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16)
 * and checks it against the local headers. No zip64, no encryption, no several volumes.
 */
final class ZipDirectory {
    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int CENTRAL_SIGNATURE = 0x02014b50;
    private static final int CENTRAL_BYTES = 46;
    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int LOCAL_BYTES = 30;
    private static final int MAX_COMMENT_BYTES = 0xFFFF;
    private static final int FLAG_ENCRYPTED = 1;

    /** File type bits of a Unix mode (inode(7)), kept in the upper half of the attributes. */
    private static final int TYPE_MASK = 0170000;

    private static final int TYPE_FILE = 0100000;
    private static final int TYPE_FOLDER = 0040000;

    private final FileChannel channel;
    private final String label;
    private final BundleLimits limits;

    ZipDirectory(FileChannel channel, String label, BundleLimits limits) {
        this.channel = channel;
        this.label = label;
        this.limits = limits;
    }

    private record End(long position, int count, long directoryBytes, long directoryOffset) {}

    private record Central(StrictZip.Entry entry, long localOffset) {}

    List<StrictZip.Entry> read() throws IOException {
        try {
            End end = findEnd();
            List<Central> centrals = readCentrals(end);
            centrals.sort(Comparator.comparingLong(Central::localOffset));
            List<StrictZip.Entry> entries = new ArrayList<>();
            long free = 0;
            for (Central central : centrals) {
                if (central.localOffset() < free) {
                    throw broken("entries overlap");
                }
                StrictZip.Entry entry = located(central);
                free = entry.dataOffset() + entry.compressedBytes();
                if (free > end.directoryOffset()) {
                    throw broken("an entry lies outside of the archive");
                }
                entries.add(entry);
            }
            return checkedNames(entries);
        } catch (EOFException e) {
            throw broken("it is cut off");
        }
    }

    private End findEnd() throws IOException {
        int tailBytes = (int) Math.min(channel.size(), END_BYTES + MAX_COMMENT_BYTES);
        long tailOffset = channel.size() - tailBytes;
        ByteBuffer tail = StrictZip.read(channel, tailOffset, tailBytes);
        for (int at = tailBytes - END_BYTES; at >= 0; at--) {
            if (tail.getInt(at) == END_SIGNATURE
                    && at + END_BYTES + u16(tail, at + 20) == tailBytes) {
                return end(tail, at, tailOffset);
            }
        }
        throw broken("it is not a zip file or is cut off");
    }

    private End end(ByteBuffer tail, int at, long tailOffset) {
        int count = u16(tail, at + 10);
        End end = new End(tailOffset + at, count, u32(tail, at + 12), u32(tail, at + 16));
        if (count == 0xFFFF || end.directoryOffset() == 0xFFFFFFFFL) {
            throw broken("it has the zip64 form, which is not supported");
        }
        if (tail.getInt(at + 4) != 0 || u16(tail, at + 8) != count) {
            throw broken("it is one of several volumes");
        }
        if (end.directoryOffset() + end.directoryBytes() != end.position()) {
            throw broken("its directory is not where it says");
        }
        if (count > limits.maxEntries()) {
            throw Refusal.tooLarge(
                    label + " has " + count + " entries; the limit is " + limits.maxEntries());
        }
        return end;
    }

    private List<Central> readCentrals(End end) throws IOException {
        List<Central> centrals = new ArrayList<>();
        long offset = end.directoryOffset();
        for (int i = 0; i < end.count(); i++) {
            ByteBuffer head = StrictZip.read(channel, offset, CENTRAL_BYTES);
            if (head.getInt(0) != CENTRAL_SIGNATURE) {
                throw broken("its directory is damaged");
            }
            int nameBytes = u16(head, 28);
            String name = text(StrictZip.read(channel, offset + CENTRAL_BYTES, nameBytes));
            centrals.add(central(head, name));
            offset += CENTRAL_BYTES + nameBytes + u16(head, 30) + u16(head, 32);
        }
        if (offset != end.position()) {
            throw broken("its directory is damaged");
        }
        return centrals;
    }

    private Central central(ByteBuffer head, String name) {
        String objection = EntryNames.objection(name);
        if (!objection.isEmpty()) {
            throw refused(name, objection);
        }
        if ((u16(head, 8) & FLAG_ENCRYPTED) != 0) {
            throw refused(name, "is encrypted");
        }
        int type = (head.getInt(38) >>> 16) & TYPE_MASK;
        if (type != 0 && type != TYPE_FILE && type != TYPE_FOLDER) {
            throw refused(name, "is a symbolic link or a special file; put the file itself in");
        }
        int method = u16(head, 10);
        long compressedBytes = u32(head, 20);
        long bytes = u32(head, 24);
        boolean plain = method == StrictZip.STORED && compressedBytes == bytes;
        if (!plain && method != StrictZip.DEFLATED) {
            throw refused(
                    name, "is packed in a way that is not supported (stored and deflate are)");
        }
        if (name.endsWith("/") && bytes != 0) {
            throw refused(name, "is a folder with content");
        }
        return new Central(
                new StrictZip.Entry(name, method, u32(head, 16), compressedBytes, bytes, 0),
                u32(head, 42));
    }

    /** The entry with its data offset, after its local header agreed with the directory. */
    private StrictZip.Entry located(Central central) throws IOException {
        StrictZip.Entry entry = central.entry();
        ByteBuffer head = StrictZip.read(channel, central.localOffset(), LOCAL_BYTES);
        int nameBytes = u16(head, 26);
        long nameOffset = central.localOffset() + LOCAL_BYTES;
        if (head.getInt(0) != LOCAL_SIGNATURE
                || u16(head, 8) != entry.method()
                || !text(StrictZip.read(channel, nameOffset, nameBytes)).equals(entry.name())) {
            throw refused(entry.name(), "has two descriptions that differ");
        }
        return new StrictZip.Entry(
                entry.name(),
                entry.method(),
                entry.crc(),
                entry.compressedBytes(),
                entry.bytes(),
                nameOffset + nameBytes + u16(head, 28));
    }

    private List<StrictZip.Entry> checkedNames(List<StrictZip.Entry> entries) {
        String clash = EntryNames.firstClash(entries.stream().map(StrictZip.Entry::name).toList());
        if (!clash.isEmpty()) {
            throw refused(clash, "is there twice");
        }
        return entries.stream().sorted(Comparator.comparing(StrictZip.Entry::name)).toList();
    }

    private String text(ByteBuffer bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw broken("a file name is not UTF-8");
        }
    }

    private RuntimeException broken(String why) {
        return Refusal.invalid(label + " cannot be used: " + why + "; pack it again");
    }

    private RuntimeException refused(String name, String why) {
        return Refusal.invalid(label + ": entry " + Refusal.quoted(name) + " " + why);
    }

    private static int u16(ByteBuffer buffer, int at) {
        return Short.toUnsignedInt(buffer.getShort(at));
    }

    private static long u32(ByteBuffer buffer, int at) {
        return Integer.toUnsignedLong(buffer.getInt(at));
    }
}
