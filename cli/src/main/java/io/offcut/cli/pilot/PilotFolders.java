package io.offcut.cli.pilot;

import io.offcut.core.ErrorCode;
import io.offcut.core.HomeFolder;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Where pilots keep what they have. */
public final class PilotFolders {
    private static final int MOST_LOGS = 50;

    /** The longest folder below which the daemon's sockets have names that are short enough. */
    private static final int LONGEST_TEMP = 50;

    private static final String STATE_PREFIX = "offcut-pilot-";

    private PilotFolders() {}

    /** Where the output of pilots goes; one that ended well takes its own away. */
    public static Path logs() {
        return HomeFolder.path().resolve(".local/state/offcut/pilots");
    }

    /** The log of one. */
    public static Path log(String jobId) {
        return logs().resolve(jobId + ".log");
    }

    /** What all pilots of a user start from; made once for each version. */
    public static Path cache() {
        return HomeFolder.path().resolve(".cache/offcut");
    }

    /** Makes the folder of logs, and removes all but the newest. */
    static Path makeLogs() {
        Path logs = logs();
        try {
            Files.createDirectories(logs);
            Files.setPosixFilePermissions(logs, PosixFilePermissions.fromString("rwx------"));
            try (Stream<Path> files = Files.list(logs)) {
                List<Path> newestFirst =
                        files.sorted(
                                        Comparator.comparingLong(PilotFolders::changedMillis)
                                                .reversed())
                                .toList();
                for (Path old :
                        newestFirst.subList(
                                Math.min(MOST_LOGS, newestFirst.size()), newestFirst.size())) {
                    Files.deleteIfExists(old);
                }
            }
            return logs;
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED, "cannot make " + logs + " for the pilots' logs: " + e, e);
        }
    }

    private static long changedMillis(Path file) {
        try {
            return Files.getLastModifiedTime(file).toMillis();
        } catch (IOException e) {
            return 0;
        }
    }

    /** A new folder of this node for this user alone. */
    public static Path makeState(Map<String, String> environment) {
        String wished = environment.getOrDefault("TMPDIR", "/tmp");
        Path temp =
                Path.of(
                        wished.startsWith("/") && wished.length() <= LONGEST_TEMP
                                ? wished
                                : "/tmp");
        try {
            return Files.createTempDirectory(
                    temp,
                    STATE_PREFIX,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED, "cannot make a folder in " + temp + ": " + e, e);
        }
    }

    /** Deletes a folder with what is in it; links are not followed. */
    public static void delete(Path folder) {
        try {
            Files.walkFileTree(
                    folder,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes of)
                                throws IOException {
                            Files.deleteIfExists(file);
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult postVisitDirectory(Path dir, IOException failure)
                                throws IOException {
                            Files.deleteIfExists(dir);
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (NoSuchFileException e) {
            // an executor took the last of it away itself
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED, "cannot delete " + folder + ": remove it by hand", e);
        }
    }
}
