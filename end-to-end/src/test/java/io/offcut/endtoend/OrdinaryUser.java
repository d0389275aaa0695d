package io.offcut.endtoend;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A user who is not root, with a home folder and a copy of this program: {@code nobody} where the
 * tests run as root, else whoever runs them.
 */
final class OrdinaryUser {
    private static final String NOBODY = "nobody";
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    private final Path home;
    private final String classPath;
    private final Map<String, String> environment = new HashMap<>();
    private int runs;

    /** What a command left behind. */
    record Outcome(int exitCode, String out, String err) {}

    /** A command that runs. */
    record Run(Process process, Path out, Path err) {
        Outcome outcome(Duration timeout) throws IOException, InterruptedException {
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("not done after " + timeout + ": " + said());
            }
            return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
        }

        String said() throws IOException {
            return Files.readString(out) + Files.readString(err);
        }
    }

    /**
     * @param root a temporary folder; every user may pass through it from now on
     */
    OrdinaryUser(Path root) throws IOException {
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
        classPath = ROOT ? copyClassPath(root.resolve("classes")) : classPath();
        home = folder(root.resolve("home"));
        environment.put("HOME", home.toString());
        environment.put("USER", ROOT ? NOBODY : System.getProperty("user.name"));
    }

    private static String classPath() {
        return System.getProperty("java.class.path");
    }

    Path home() {
        return home;
    }

    Map<String, String> environment() {
        return environment;
    }

    /** Makes a folder of this user. */
    Path folder(Path folder) throws IOException {
        Files.createDirectories(folder);
        own(folder);
        return folder;
    }

    /** Writes a file of this user, which nobody else can read. */
    Path write(Path folder, String name, String text) throws IOException {
        Path file = folder(folder).resolve(name);
        Files.writeString(file, text, StandardCharsets.UTF_8);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        own(file);
        return file;
    }

    private static void own(Path path) throws IOException {
        if (ROOT) {
            UserPrincipal user =
                    path.getFileSystem()
                            .getUserPrincipalLookupService()
                            .lookupPrincipalByName(NOBODY);
            Files.setOwner(path, user);
        }
    }

    /** Starts {@code offcut …} in the home folder. */
    Run offcut(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of(
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classPath,
                        "io.offcut.cli.Main"));
        command.addAll(List.of(arguments));
        return start(command);
    }

    /** Starts another program in the home folder. */
    Run start(List<String> line) throws IOException {
        List<String> command = new ArrayList<>();
        if (ROOT) {
            command.addAll(
                    List.of("setpriv", "--reuid", NOBODY, "--regid", "65534", "--clear-groups"));
        }
        command.addAll(line);
        Path out = Files.createFile(home.resolveSibling("run-" + ++runs + ".out"));
        Path err = Files.createFile(home.resolveSibling("run-" + runs + ".err"));
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(home.toFile())
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile())
                        .redirectInput(Path.of("/dev/null").toFile());
        builder.environment().putAll(environment);
        return new Run(builder.start(), out, err);
    }

    private static String copyClassPath(Path to) throws IOException {
        Files.createDirectories(to);
        List<String> copies = new ArrayList<>();
        for (String entry : classPath().split(File.pathSeparator, -1)) {
            Path from = Path.of(entry);
            if (!Files.exists(from)) {
                continue;
            }
            Path copy = to.resolve(copies.size() + "-" + from.getFileName());
            try (Stream<Path> files = Files.walk(from)) {
                for (Path file : files.toList()) {
                    Path target =
                            file.equals(from)
                                    ? copy
                                    : copy.resolve(from.relativize(file).toString());
                    Files.copy(file, target);
                    Files.setPosixFilePermissions(
                            target, PosixFilePermissions.fromString("rwxr-xr-x"));
                }
            }
            copies.add(copy.toString());
        }
        Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwxr-xr-x"));
        return String.join(File.pathSeparator, copies);
    }
}
