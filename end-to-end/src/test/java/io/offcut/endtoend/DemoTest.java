package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.cli.demo.LocalDaemon;
import io.offcut.linux.CpuAffinity;
import io.offcut.slurm.SlurmCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a newcomer runs first, as a process of its own. */
final class DemoTest {
    private static final Duration LONGEST = Duration.ofMinutes(4);

    @TempDir Path dir;

    @BeforeEach
    void needsTwoCpus() throws Exception {
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        assumeTrue(CpuAffinity.current().size() >= 2, "needs two CPUs: one for each node");
    }

    private Program start(String... arguments) throws Exception {
        // Of its own, so that what it leaves behind is seen, and is small.
        Path files = Files.createDirectories(dir.resolve("files"));
        for (int i = 0; i < 400; i++) {
            Files.writeString(files.resolve("f" + i), "line " + i + "\n" + "text ".repeat(i));
        }
        List<String> command = LocalDaemon.offcut(arguments);
        command.add(1, "-Djava.io.tmpdir=" + dir);
        return Program.start(dir, Map.of("OFFCUT_HOME", files.toString()), command);
    }

    @Test
    void everyResultIsVerifiedAndWorkersAreReclaimed() throws Exception {
        try (Program demo = start("demo")) {
            int exitCode = demo.await(LONGEST);
            assumeIdleCores(demo);
            assertThat(exitCode).as(demo.said()).isZero();
            String said = demo.said();
            List<Long> invocations = row(said, "invocations", 2);
            assertThat(invocations).as(said).allMatch(count -> count > 0);
            assertThat(row(said, "results verified", 2)).as(said).isEqualTo(invocations);
            assertThat(row(said, "workers reclaimed", 1).getFirst()).as(said).isPositive();
            assertThat(said).endsWith("All results verified.\n");
            assertThat(leftBehind()).isEmpty();
        }
    }

    @Test
    void nothingOfItGoesOnWhenItIsKilled() throws Exception {
        try (Program demo = start("demo")) {
            await("a batch job")
                    .atMost(LONGEST)
                    .until(() ->
                            !demo.process().isAlive()
                                    || demo.process()
                                            .descendants()
                                            .anyMatch(child ->
                                                    child.info()
                                                            .commandLine()
                                                            .orElse("")
                                                            .contains("while :")));
            assumeIdleCores(demo);
            List<ProcessHandle> family = demo.process().descendants().toList();
            assertThat(family).as(demo.said()).hasSizeGreaterThan(3);

            demo.process().destroyForcibly();

            await("the end of what it started")
                    .atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(family).noneMatch(ProcessHandle::isAlive));
        }
    }

    @Test
    void jobsOfARealSlurmRunBesideIt() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        try (Program demo = start("demo", "--slurm")) {
            assertThat(demo.await(LONGEST)).as(demo.said()).isZero();
            assertThat(demo.said())
                    // The first node, n1, or na1 where another cluster has n1.
                    .containsPattern("\\bn[a-z]?1\\[AA")
                    .contains("[FFFF]")
                    .contains("[CCCC]")
                    .endsWith(
                            "Job B completed on one core of its own; 8,000 results, all verified by"
                                    + " decompressing.\n");
            assertThat(leftBehind()).isEmpty();
        }
    }

    private static void assumeIdleCores(Program demo) throws Exception {
        assumeFalse(
                demo.said().contains("nothing was free within"),
                "needs a core that is idle for a moment: others used them all");
    }

    /** The whole numbers of a row of the final table. */
    private static List<Long> row(String said, String name, int columns) {
        Matcher row =
                Pattern.compile(
                                "(?m)^ +"
                                        + name
                                        + " +(?=\\d)"
                                        + "([\\d,]+) *".repeat(columns)
                                        + "$")
                        .matcher(said);
        assertThat(row.find()).as("row '" + name + "' in " + said).isTrue();
        return IntStream.rangeClosed(1, columns)
                .mapToObj(column -> Long.valueOf(row.group(column).replace(",", "")))
                .toList();
    }

    private List<Path> leftBehind() throws Exception {
        try (var files = Files.newDirectoryStream(dir, "offcut-*")) {
            return StreamSupport.stream(files.spliterator(), false).toList();
        }
    }
}
