package io.offcut.slurm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The scripts for Slurm's {@code Prolog=} and {@code Epilog=} and the small program by which they
 * reach the node daemon. They travel inside this module and are installed into a directory.
 */
public final class SlurmHooks {
    private static final String RESOURCES = "hooks/";
    private static final String NOTIFY = "offcut-notify";

    /**
     * Where the hooks are.
     *
     * @param prolog for {@code Prolog=} in slurm.conf
     * @param epilog for {@code Epilog=}
     */
    public record Installed(Path prolog, Path epilog) {}

    private SlurmHooks() {}

    /** Whether this build contains the program; it does if it was made where a C compiler is. */
    public static boolean available() {
        return SlurmHooks.class.getResource(RESOURCES + NOTIFY) != null;
    }

    /**
     * Writes {@code offcut-prolog}, {@code offcut-epilog}, {@code offcut-notify} and {@code
     * hook.conf} into the directory, which is made if need be. Files of these names are replaced.
     *
     * @throws OffcutException NOT_FOUND if this build has no {@code offcut-notify}, EXHAUSTED if
     *     the files cannot be written
     */
    public static Installed install(Path directory, HookSettings settings) {
        if (!available()) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "this build has no offcut-notify: install a C compiler and make, and build"
                            + " again");
        }
        try {
            Files.createDirectories(directory);
            copy(NOTIFY, directory);
            Path prolog = copy("offcut-prolog", directory);
            Path epilog = copy("offcut-epilog", directory);
            Files.writeString(directory.resolve("hook.conf"), text(settings));
            return new Installed(prolog, epilog);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot install the hooks in " + directory + " (" + e + "): check the path",
                    e);
        }
    }

    private static String text(HookSettings settings) {
        return "# How Slurm's prolog and epilog reach the node daemon.\nsocket="
                + settings.socketPattern()
                + "\ndeadline_ms="
                + settings.deadline().toMillis()
                + "\n";
    }

    private static Path copy(String name, Path directory) throws IOException {
        Path target = directory.resolve(name);
        Path temporary = directory.resolve("." + name + ".new");
        try (InputStream in = SlurmHooks.class.getResourceAsStream(RESOURCES + name)) {
            if (in == null) {
                throw new IOException("this build lacks " + name);
            }
            Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
        // A hook may be running: replace it as a whole, never write into it.
        return Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    }
}
