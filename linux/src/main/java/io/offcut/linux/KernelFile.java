package io.offcut.linux;

import io.offcut.core.CpuSet;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Small text files of /proc, /sys and cgroup file systems: bounded, lenient reading. What is absent
 * or unreadable is empty text or the given default, because such files come and go with processes.
 */
public final class KernelFile {
    /** Longer files are cut here. */
    public static final int MAX_BYTES = 1 << 20;

    /** Directories with more entries are cut here. */
    public static final int MAX_ENTRIES = 1 << 16;

    private KernelFile() {}

    /** The content, at most {@link #MAX_BYTES} of it; empty when it cannot be read. */
    public static String readOrEmpty(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(MAX_BYTES), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    /** The content as one number; {@code otherwise} when it is not one. */
    public static long readLong(Path file, long otherwise) {
        return parseLong(readOrEmpty(file), otherwise);
    }

    /** The content as a CPU list; empty when it is not one. */
    public static CpuSet readCpuList(Path file) {
        return cpuList(readOrEmpty(file));
    }

    /** The entries of a directory in no particular order; none when it cannot be read. */
    public static List<Path> list(Path directory) {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            for (Path entry : stream) {
                if (entries.size() == MAX_ENTRIES) {
                    break;
                }
                entries.add(entry);
            }
        } catch (IOException | DirectoryIteratorException e) {
            return entries;
        }
        return entries;
    }

    /** The names in a directory in no particular order; none when it cannot be read. */
    public static String[] names(Path directory) {
        String[] names = directory.toFile().list();
        return names == null ? new String[0] : names;
    }

    /** Writes as a shell's {@code >} does, in one write. */
    static void write(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardCharsets.ISO_8859_1);
    }

    /** The number in the line {@code key number} of a flat-keyed file, else {@code otherwise}. */
    public static long field(String text, String key, long otherwise) {
        return parseLong(valueAfter(text, key + " "), otherwise);
    }

    /** What follows {@code prefix} on the line that begins with it, stripped; else empty. */
    public static String valueAfter(String text, String prefix) {
        for (int start = 0; start < text.length(); ) {
            int end = text.indexOf('\n', start);
            end = end < 0 ? text.length() : end;
            if (text.startsWith(prefix, start)) {
                return text.substring(start + prefix.length(), end).strip();
            }
            start = end + 1;
        }
        return "";
    }

    static long parseLong(String text, long otherwise) {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    static CpuSet cpuList(String text) {
        try {
            return CpuSet.parse(text);
        } catch (IllegalArgumentException e) {
            return CpuSet.empty();
        }
    }
}
