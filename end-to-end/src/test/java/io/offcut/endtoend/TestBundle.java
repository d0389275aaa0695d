package io.offcut.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A bundle of small programs, whose answers are known. */
final class TestBundle {
    private TestBundle() {}

    /**
     * Writes it into a new folder. {@code slow-upper} takes a fifth of a second, so that something
     * can happen meanwhile.
     */
    static Path write(Path dir) throws IOException {
        Files.createDirectories(dir);
        Files.writeString(
                dir.resolve("offcut.yaml"),
                """
                name: text
                functions:
                  - name: upper
                    kind: command
                    command: [tr, a-z, A-Z]
                    idempotent: true
                  - name: slow-upper
                    kind: command
                    command: [sh, -c, "sleep 0.2; exec tr a-z A-Z"]
                    idempotent: true
                  - name: once
                    kind: command
                    command: [sh, -c, "sleep 0.2; exec tr a-z A-Z"]
                  - name: broken
                    kind: command
                    command: [sh, -c, "echo no luck today >&2; exit 3"]
                """);
        return dir;
    }
}
