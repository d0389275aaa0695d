package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.slurm.SlurmHooks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a site installs: the packed distribution, unpacked and run. */
final class DistributionTest {
    private static final Duration LONGEST = Duration.ofMinutes(1);

    /** Where root's node daemon has its state when it is told nothing else. */
    private static final Path STATE = Path.of("/var/lib/offcut");

    private static final Path SETTINGS = Path.of("/etc/offcut");

    @TempDir static Path dir;

    private static Path root;

    @BeforeAll
    static void unpack() throws Exception {
        assumeTrue(
                Files.isDirectory(Path.of("../cli/target/lib")),
                "needs the packaged command: run the phase verify, not test");
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path packed = only(Path.of("target").toAbsolutePath(), "offcut-*.tar.gz");
        assertThat(run(Map.of(), "tar", "-xzf", packed.toString(), "-C", dir.toString())).isEmpty();
        root = only(dir, "offcut-*");
    }

    private static Path only(Path folder, String glob) throws Exception {
        try (var found = Files.newDirectoryStream(folder, glob)) {
            return found.iterator().next();
        }
    }

    /** What it says, on both outputs. */
    private static String run(Map<String, String> environment, String... command) throws Exception {
        try (Program program = Program.start(dir, environment, Arrays.asList(command))) {
            assertThat(program.await(LONGEST)).as(program.said()).isZero();
            return program.said();
        }
    }

    private static Map<String, String> environment() {
        return Map.of("JAVA_HOME", System.getProperty("java.home"), "HOME", dir.toString());
    }

    @Test
    void saysItsVersion() throws Exception {
        String version = root.getFileName().toString().replace("offcut-", "offcut ");

        assertThat(run(environment(), root.resolve("bin/offcut").toString(), "version"))
                .startsWith(version + " (");
    }

    @Test
    void holdsAllThatSlurmNeeds() throws Exception {
        assumeTrue(SlurmHooks.available(), "needs offcut-notify: no C compiler at build time");
        for (String program : List.of("offcut-prolog", "offcut-epilog", "offcut-notify")) {
            assertThat(root.resolve("hooks").resolve(program)).isExecutable();
        }
        assertThat(root.resolve("hooks/hook.conf.example"))
                .content()
                .contains("\nsocket=" + STATE + "/node/jobs.sock\n");
    }

    @Test
    void itsHooksFindADaemonThatIsToldNothing() throws Exception {
        assumeTrue(
                "root".equals(System.getProperty("user.name")), "needs root: the default folders");
        assumeTrue(SlurmHooks.available(), "needs offcut-notify: no C compiler at build time");
        assumeFalse(
                Files.exists(STATE) || Files.exists(SETTINGS),
                "needs a machine without an installation: "
                        + STATE
                        + " or "
                        + SETTINGS
                        + " exists");
        List<String> node =
                List.of(
                        root.resolve("bin/offcut").toString(),
                        "node",
                        "--name=distribution-test",
                        "--port=0",
                        "--slurm",
                        // No controller there: a job is taken to have the whole node.
                        "--set=slurmConf=" + dir.resolve("no-slurm.conf"));
        try (Program daemon = Program.start(dir, environment(), node)) {
            await("the daemon")
                    .atMost(LONGEST)
                    .until(() -> !daemon.process().isAlive() || daemon.said().contains("ready at"));
            assertThat(daemon.process().isAlive()).as(daemon.said()).isTrue();
            Map<String, String> job = Map.of("SLURM_JOB_ID", "4711");

            assertThat(run(job, root.resolve("hooks/offcut-prolog").toString())).isEmpty();
            assertThat(daemon.said()).contains("job 4711 starts");
            assertThat(run(job, root.resolve("hooks/offcut-epilog").toString())).isEmpty();
        } finally {
            remove(STATE);
        }
    }

    private static void remove(Path folder) throws Exception {
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }
}
