package io.offcut.cli;

import io.offcut.core.OffcutException;
import io.offcut.traces.WholeFile;
import java.io.IOException;
import java.nio.file.Path;

/** Files that are there whole or not at all, and in one line why they are not. */
public final class OutputFiles {
    private OutputFiles() {}

    /**
     * Writes where a user said: a file beside its place, and moves it there, so that nobody sees a
     * part of it; a device or a pipe in place. A link is followed.
     *
     * @throws OffcutException as {@link OffcutException#cannotWrite} if it cannot be written
     */
    public static void write(Path out, byte[] content) {
        try {
            WholeFile.write(out, content);
        } catch (IOException e) {
            throw OffcutException.cannotWrite(out, e);
        }
    }

    /**
     * Writes a file in one folder and moves it to its place; a file that was there leaves its mode.
     *
     * @param workFolder on the same file system
     * @throws OffcutException as {@link OffcutException#cannotWrite} if it cannot be written
     */
    public static void replace(Path file, byte[] content, Path workFolder) {
        try (WholeFile whole = WholeFile.by(workFolder, file)) {
            whole.finish(content);
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }

    /** Removes what a process that was killed left half written. */
    public static void removeParts(Path folder) {
        try {
            WholeFile.removeParts(folder);
        } catch (IOException e) {
            throw OffcutException.cannotWrite(folder, e);
        }
    }
}
