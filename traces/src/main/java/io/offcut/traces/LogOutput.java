package io.offcut.traces;

import com.github.luben.zstd.ZstdOutputStream;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Writes logs as files whose format and compression their names tell. */
public final class LogOutput {
    private static final int BUFFER_BYTES = 64 * 1024;

    /** What a name may end in. */
    public static final String NAMES = ".swf or .csv, with .gz or .zst behind it or not";

    private LogOutput() {}

    /** What is written to a file. */
    @FunctionalInterface
    public interface Body {
        /** Writes all of it; the stream stays open. */
        void writeTo(OutputStream out) throws IOException;
    }

    /** How the jobs are written. */
    public enum Format {
        SWF,
        CSV
    }

    /** What a file of this name is to hold; null if the name does not tell. */
    public static @Nullable Format formatOf(Path file) {
        String name = file.toString();
        for (String packed : List.of(".gz", ".zst")) {
            name =
                    name.endsWith(packed)
                            ? name.substring(0, name.length() - packed.length())
                            : name;
        }
        if (name.endsWith(".swf")) {
            return Format.SWF;
        }
        return name.endsWith(".csv") ? Format.CSV : null;
    }

    /**
     * Writes a file, which is there whole or not at all; what was there is replaced.
     *
     * @throws OffcutException {@link ErrorCode#EXHAUSTED} if it cannot be written
     */
    public static void write(Path file, Format format, SwfLog log) {
        write(file, out -> write(out, format, log));
    }

    /** The same with any content; a name that ends in .gz or .zst compresses. */
    public static void write(Path file, Body body) {
        try (WholeFile whole = WholeFile.at(file)) {
            try (OutputStream out = packed(whole.out(), file.toString())) {
                body.writeTo(out);
            }
            whole.done();
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }

    private static OutputStream packed(OutputStream file, String name) throws IOException {
        if (name.endsWith(".gz")) {
            return new GZIPOutputStream(file, BUFFER_BYTES);
        }
        return name.endsWith(".zst") ? new ZstdOutputStream(file) : file;
    }

    /** Writes to a stream, which stays open. */
    public static void write(OutputStream out, Format format, SwfLog log) throws IOException {
        switch (format) {
            case SWF -> SwfWriter.write(out, log.header(), log.jobs());
            case CSV -> CsvWriter.write(out, log);
        }
        out.flush();
    }
}
