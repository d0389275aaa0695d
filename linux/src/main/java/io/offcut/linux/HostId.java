package io.offcut.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Tells processes that share one kernel and one /dev/shm from those that do not. */
public final class HostId {
    private static final int DIGITS = 32;

    private HostId() {}

    /**
     * The same 32 hexadecimal digits in all processes that see the same /dev/shm since the same
     * boot, and others in a container with its own.
     */
    public static String current() {
        return of(Path.of("/proc"), Path.of("/dev/shm"));
    }

    static String of(Path proc, Path sharedMemory) {
        String boot = KernelFile.readOrEmpty(proc.resolve("sys/kernel/random/boot_id")).strip();
        return digest(boot + '\n' + identity(sharedMemory));
    }

    /** Device and inode name a directory whatever path or namespace it is seen through. */
    private static String identity(Path directory) {
        try {
            return Files.getAttribute(directory, "unix:dev")
                    + ":"
                    + Files.getAttribute(directory, "unix:ino");
        } catch (IOException | UnsupportedOperationException e) {
            // Nothing to share through: equal to nobody.
            return "none, process " + ProcessRef.of(ProcessHandle.current().pid());
        }
    }

    private static String digest(String text) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash).substring(0, DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}
