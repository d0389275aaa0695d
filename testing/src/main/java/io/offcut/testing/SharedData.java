package io.offcut.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import org.opentest4j.TestAbortedException;

/** Real logs that are not part of the project: {@code ../shared/data} beside the repository. */
public final class SharedData {
    private SharedData() {}

    /** The file, or the test is skipped with the name of what it needs. */
    public static Path require(String name) {
        for (Path folder = Path.of("").toAbsolutePath();
                folder != null;
                folder = folder.getParent()) {
            Path file = folder.resolve("../shared/data").resolve(name).normalize();
            if (Files.exists(file)) {
                return file;
            }
        }
        throw new TestAbortedException("needs ../shared/data/" + name + " beside the repository");
    }
}
