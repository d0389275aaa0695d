package io.offcut.cli.map;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a map has done so far, as lines of JSON in {@code DIR/.offcut-map/journal}; the first says
 * of what. Each entry is written with one call, so that a killed process leaves at most one torn
 * line at the end, which is cut off. Only one process can have it open. Not for several threads.
 */
final class Journal implements AutoCloseable {
    /** Folder inside the output folder. */
    static final String FOLDER = ".offcut-map";

    private static final int FORMAT = 1;
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * What the results in the folder are of.
     *
     * @param mode {@code files} or {@code lines}
     * @param function {@code bundle/function}
     * @param bundle SHA-256 of the bundle
     */
    record Header(String mode, String function, String bundle) {}

    private final Path file;
    private final FileOutputStream out;
    private final RandomAccessFile lockFile;
    private final FileLock lock;
    private final List<JsonNode> earlier;

    private Journal(
            Path file,
            FileOutputStream out,
            RandomAccessFile lockFile,
            FileLock lock,
            List<JsonNode> earlier) {
        this.file = file;
        this.out = out;
        this.lockFile = lockFile;
        this.lock = lock;
        this.earlier = earlier;
    }

    /**
     * Opens the journal of an output folder, or begins one.
     *
     * @param restart forget what was done
     * @throws OffcutException {@link ErrorCode#CONFLICT} if another process has it, or if it is of
     *     another function
     */
    static Journal open(Path outputFolder, Header header, boolean restart) {
        Path folder = outputFolder.resolve(FOLDER);
        Path file = folder.resolve("journal");
        try {
            Files.createDirectories(folder);
            RandomAccessFile lockFile = new RandomAccessFile(folder.resolve("lock").toFile(), "rw");
            try {
                FileLock lock = lock(lockFile, outputFolder);
                if (restart) {
                    Files.deleteIfExists(file);
                }
                List<JsonNode> entries = read(file);
                check(outputFolder, header, entries);
                FileOutputStream out = new FileOutputStream(file.toFile(), true);
                Journal journal = new Journal(file, out, lockFile, lock, entries);
                if (entries.isEmpty()) {
                    journal.append(asEntry(header));
                } else {
                    entries.removeFirst();
                }
                return journal;
            } catch (IOException | RuntimeException e) {
                lockFile.close();
                throw e;
            }
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }

    private static FileLock lock(RandomAccessFile lockFile, Path folder) throws IOException {
        FileLock lock;
        try {
            lock = lockFile.getChannel().tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "map: "
                            + folder
                            + ": another map writes there: wait for it or use another --out");
        }
        return lock;
    }

    /** All whole lines; what comes after them is cut off. */
    private static List<JsonNode> read(Path file) throws IOException {
        List<JsonNode> entries = new ArrayList<>();
        if (!Files.exists(file)) {
            return entries;
        }
        byte[] bytes = Files.readAllBytes(file);
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                JsonNode entry = parse(bytes, start, i);
                if (entry == null) {
                    break;
                }
                entries.add(entry);
                start = i + 1;
            }
        }
        if (start < bytes.length) {
            try (RandomAccessFile whole = new RandomAccessFile(file.toFile(), "rw")) {
                whole.setLength(start);
            }
        }
        return entries;
    }

    private static @Nullable JsonNode parse(byte[] bytes, int start, int end) {
        try {
            JsonNode node = JSON.readTree(bytes, start, end - start);
            return node != null && node.isObject() ? node : null;
        } catch (IOException e) {
            return null;
        }
    }

    private static void check(Path folder, Header header, List<JsonNode> entries) {
        if (entries.isEmpty()) {
            return;
        }
        JsonNode first = entries.getFirst();
        String was = null;
        if (first.path("map").asInt() != FORMAT) {
            was = "results of another version of Offcut";
        } else if (!first.path("mode").asText().equals(header.mode())) {
            was = "results of a map over " + first.path("mode").asText();
        } else if (!first.path("function").asText().equals(header.function())) {
            was = "results of the function " + first.path("function").asText();
        } else if (!first.path("bundle").asText().equals(header.bundle())) {
            was = "results of another version of " + header.function();
        }
        if (was != null) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "map: "
                            + folder
                            + ": holds "
                            + was
                            + ": use another --out, or --restart to run everything again");
        }
    }

    private static ObjectNode asEntry(Header header) {
        return entry().put("map", FORMAT)
                .put("mode", header.mode())
                .put("function", header.function())
                .put("bundle", header.bundle());
    }

    /** A new entry to be filled. */
    static ObjectNode entry() {
        return JSON.createObjectNode();
    }

    /** What was in it when it was opened, without the first line. */
    List<JsonNode> earlier() {
        return earlier;
    }

    /** Writes an entry. It is there even if this process is killed the moment after. */
    void append(ObjectNode entry) {
        try {
            String line = JSON.writeValueAsString(entry) + "\n";
            out.write(line.getBytes(StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write a journal entry", e);
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }

    @Override
    public void close() {
        try {
            out.close();
            lock.close();
            lockFile.close();
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }
}
