package io.offcut.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Writes small trees of kernel files, as they look on other machines. */
final class Recorded {
    static final Path PROC = Path.of("/proc");

    private Recorded() {}

    /** Makes each file of the map, with its content, below the root. */
    static Path tree(Path root, Map<String, String> files) {
        files.forEach((name, text) -> write(root.resolve(name), text));
        return root;
    }

    static void write(Path file, String text) {
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write " + file, e);
        }
    }
}
