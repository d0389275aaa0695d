package io.offcut.slurm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;

/**
 * The SPANK plugin that tells the node daemon of jobs (see {@link JobEventServer}), as this build
 * compiled it for the Slurm of this machine. A site compiles its own from the sources in {@code
 * slurm-integration/spank}.
 */
public final class SpankPlugin {
    private static final String LIBRARY = "offcut.so";

    /**
     * What the plugin is told in plugstack.conf.
     *
     * @param socketPattern the node daemon's socket; {@code %n} stands for Slurm's name of the node
     * @param deadline how long a message may hold a job's start at most; from 1 ms to 60 s
     */
    public record Settings(String socketPattern, Duration deadline) {
        public Settings {
            long millis = deadline.toMillis();
            if (millis < 1 || millis > 60_000) {
                throw new IllegalArgumentException("a deadline of the plugin of " + deadline);
            }
            if (!socketPattern.startsWith("/")
                    || socketPattern.chars().anyMatch(c -> c <= ' ' || c == '#')) {
                throw new IllegalArgumentException(
                        "the plugin's socket must be an absolute path that plugstack.conf can"
                                + " hold: '"
                                + socketPattern
                                + "'");
            }
        }
    }

    private SpankPlugin() {}

    /** Whether this build contains the plugin: it was made beside a C compiler and a Slurm. */
    public static boolean available() {
        return SpankPlugin.class.getResource(LIBRARY) != null;
    }

    /**
     * Writes {@code offcut.so} and a {@code plugstack.conf} that loads it into an existing
     * directory; files of these names are replaced. Commands and new steps read it at once, but a
     * slurmd looks only when it starts whether there is a plugin with a prolog.
     *
     * @throws OffcutException NOT_FOUND if this build has no plugin, EXHAUSTED if the files cannot
     *     be written
     */
    public static void install(Path directory, Settings settings) {
        if (!available()) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "this build has no SPANK plugin: install a C compiler, make and slurm/spank.h"
                            + " (Debian: gcc libc6-dev make libslurm-dev), and build again");
        }
        try {
            Path library = writeLibrary(directory);
            Path temporary = directory.resolve(".plugstack.conf.new");
            Files.writeString(temporary, line(library, settings));
            Files.move(
                    temporary, directory.resolve("plugstack.conf"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot install the SPANK plugin in " + directory + " (" + e + "): check it",
                    e);
        }
    }

    private static String line(Path library, Settings settings) {
        return "optional %s socket=%s deadline_ms=%d\n"
                .formatted(library, settings.socketPattern(), settings.deadline().toMillis());
    }

    private static Path writeLibrary(Path directory) throws IOException {
        Path target = directory.resolve(LIBRARY);
        Path temporary = directory.resolve("." + LIBRARY + ".new");
        try (InputStream in = SpankPlugin.class.getResourceAsStream(LIBRARY)) {
            if (in == null) {
                throw new IOException("this build lacks " + LIBRARY);
            }
            Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
        // Somebody may have it loaded: replace it as a whole, never write into it.
        return Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    }
}
