package io.offcut.simulator;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file that is there whole or not at all: it is written beside its place and moved there when it
 * is done; what was there before stays until then. For one thread.
 */
final class WholeFile implements AutoCloseable {
    private final Path file;
    private final Path part;
    private final OutputStream out;

    WholeFile(Path file) throws IOException {
        this.file = file;
        this.part = file.resolveSibling(file.getFileName() + ".part");
        this.out = new BufferedOutputStream(Files.newOutputStream(part));
    }

    static void write(Path file, String text) throws IOException {
        try (WholeFile whole = new WholeFile(file)) {
            whole.out.write(text.getBytes(StandardCharsets.UTF_8));
            whole.done();
        }
    }

    OutputStream out() {
        return out;
    }

    /** All is written. */
    void done() throws IOException {
        out.close();
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Unless it is done, nothing of it stays. */
    @Override
    public void close() throws IOException {
        try {
            out.close();
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
