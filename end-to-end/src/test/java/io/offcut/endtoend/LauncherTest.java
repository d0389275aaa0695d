package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script {@code offcut} in a source tree, with a Java and a Maven that only say what they were
 * told.
 */
final class LauncherTest {
    @TempDir Path dir;

    private Path tree;

    @BeforeEach
    void makeTree() throws Exception {
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        tree = Files.createDirectories(dir.resolve("tree"));
        Files.copy(Path.of("../offcut"), tree.resolve("offcut"));
        Files.setLastModifiedTime(
                Files.writeString(tree.resolve("pom.xml"), "<project/>"),
                FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        Program.script(dir.resolve("jdk/bin/java"), "echo java \"$@\"");
        Program.script(dir.resolve("jdk/bin/javac"), "");
        Files.writeString(dir.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
        Program.script(dir.resolve("bin/mvn"), "echo mvn >> " + dir.resolve("builds"));
        Files.createFile(dir.resolve("builds"));
    }

    private String run(int exitCode, String... before) throws Exception {
        List<String> command = new ArrayList<>(List.of(before));
        command.addAll(List.of(tree.resolve("offcut").toString(), "version"));
        Map<String, String> environment =
                Map.of(
                        "JAVA_HOME",
                        dir.resolve("jdk").toString(),
                        "PATH",
                        dir.resolve("bin") + ":" + System.getenv("PATH"));
        try (Program offcut = Program.start(dir, environment, command)) {
            assertThat(offcut.await(Duration.ofSeconds(60))).as(offcut.said()).isEqualTo(exitCode);
            return offcut.said();
        }
    }

    private List<String> builds() throws Exception {
        return Files.readAllLines(dir.resolve("builds"));
    }

    @Test
    void buildsWhatHasChangedAndOnlyThat() throws Exception {
        assertThat(run(0)).contains("offcut: building").contains("io.offcut.cli.Main version");
        assertThat(builds()).hasSize(1);

        assertThat(run(0)).doesNotContain("building").contains("io.offcut.cli.Main version");
        assertThat(builds()).hasSize(1);

        Path built = tree.resolve("target/built-cli");
        Files.setLastModifiedTime(
                tree.resolve("pom.xml"),
                FileTime.from(Files.getLastModifiedTime(built).toInstant().plusSeconds(2)));
        assertThat(run(0)).contains("offcut: building");
        assertThat(builds()).hasSize(2);
    }

    @Test
    void anotherUserRunsWhatIsBuiltAndIsToldWhenItIsNot() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: changes user");
        String[] another = {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"};

        assertThat(run(9, another))
                .startsWith("offcut: it must be built, and this user may not write " + tree)
                .hasLineCount(1);
        run(0);
        assertThat(run(0, another)).startsWith("java ").contains("io.offcut.cli.Main version");
        assertThat(builds()).hasSize(1);
    }
}
