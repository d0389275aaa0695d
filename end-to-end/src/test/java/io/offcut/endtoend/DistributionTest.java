package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.slurm.SpankPlugin;
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

    private static final String NEEDS_PLUGIN =
            "needs the SPANK plugin: no C compiler or slurm/spank.h at build time";

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
    void holdsTheDocumentationAndWhatAProgramInCNeeds() throws Exception {
        assertThat(root.resolve("docs/start/README.md")).content().contains("## In a C program");
        Path library = root.resolve("c/lib/liboffcut.a");
        assumeTrue(Files.exists(library), "needs a C compiler at build time");
        assertThat(root.resolve("c/share/man/man3/offcut.3")).isNotEmptyFile();
        assertThat(root.resolve("c/lib/pkgconfig/offcut.pc"))
                .content()
                .contains("prefix=${pcfiledir}/../..\n", "libdir=${prefix}/lib\n");

        run(
                Map.of(),
                "cc",
                "-I" + root.resolve("c/include"),
                "-o",
                dir.resolve("price").toString(),
                root.resolve("c/examples/price.c").toString(),
                library.toString(),
                "-pthread",
                "-lm");

        assertThat(dir.resolve("price")).isExecutable();
    }

    @Test
    void holdsThePluginForTheSlurmOfTheSite() throws Exception {
        assumeTrue(SpankPlugin.available(), NEEDS_PLUGIN);
        Path installed = dir.resolve("installed");

        run(
                Map.of("MAKEFLAGS", ""),
                "make",
                "-C",
                root.resolve("spank").toString(),
                "install",
                "OUT=" + dir.resolve("built"),
                "PLUGINDIR=" + installed);

        assertThat(installed.resolve("offcut.so")).isExecutable();
        assertThat(root.resolve("spank/plugstack.conf.example"))
                .content()
                .contains(" socket=" + STATE + "/node/jobs.sock ");
    }

    @Test
    void itsPluginFindsADaemonThatIsToldNothing() throws Exception {
        assumeTrue(
                "root".equals(System.getProperty("user.name")), "needs root: the default folders");
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                "needs Slurm: " + SlurmCluster.missingPrograms());
        assumeTrue(SpankPlugin.available(), NEEDS_PLUGIN);
        assumeFalse(
                Files.exists(STATE) || Files.exists(SETTINGS),
                "needs a machine without an installation: "
                        + STATE
                        + " or "
                        + SETTINGS
                        + " exists");
        SlurmClusterConfig config =
                SlurmClusterConfig.fakeNodes(1, 2, 2000).withOffcutPlugin(LONGEST);
        try (SlurmCluster cluster = SlurmCluster.start(config);
                Program daemon = Program.start(dir, environment(), nodeFor(cluster))) {
            Path line = cluster.directory().resolve("plugstack.conf");
            Files.writeString(line, Files.readString(line).replaceFirst(" socket=\\S+", ""));
            await("the daemon")
                    .atMost(LONGEST)
                    .until(() -> !daemon.process().isAlive() || daemon.said().contains("ready at"));
            assertThat(daemon.process().isAlive()).as(daemon.said()).isTrue();

            assertThat(cluster.run("srun", "-n1", "true").exitCode()).isZero();

            assertThat(daemon.said()).contains("job 1, prolog: ", "job 1, allocation: ");
        } finally {
            remove(STATE);
        }
    }

    private static List<String> nodeFor(SlurmCluster cluster) {
        return List.of(
                root.resolve("bin/offcut").toString(),
                "node",
                "--name=" + cluster.nodeNames().getFirst(),
                "--port=0",
                "--slurm",
                "--set=slurmConf=" + cluster.slurmConf());
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
