package io.offcut.simulator;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Real logs that are not part of the project: {@code ../shared/data} beside the repository. */
final class SharedData {
    private SharedData() {}

    /** The file, or the test is skipped with the name of what it needs. */
    static Path require(String name) {
        for (Path folder = Path.of("").toAbsolutePath();
                folder != null;
                folder = folder.getParent()) {
            Path file = folder.resolve("../shared/data").resolve(name).normalize();
            if (Files.exists(file)) {
                return file;
            }
        }
        assumeTrue(false, "needs ../shared/data/" + name + " beside the repository");
        throw new AssertionError("not reached");
    }
}
