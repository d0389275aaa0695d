package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The test command, with a package manager and a Maven that only play their part. */
final class CheckTest {
    @TempDir Path dir;

    @BeforeEach
    void makeTree() throws Exception {
        Files.createDirectories(dir.resolve("tree/end-to-end"));
        Files.createDirectories(dir.resolve("tree/core/target"));
        Files.copy(Path.of("check"), dir.resolve("tree/end-to-end/check"));
        fake("id", "echo 0");
        fake("dpkg-query", "echo install ok installed");
        fake("apt-get", "exit 100");
        fake("mvn", "");
    }

    private void fake(String program, String body) throws Exception {
        Program.script(dir.resolve("bin").resolve(program), body);
    }

    private String check(int exitCode, String... options) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(dir.resolve("tree/end-to-end/check").toString());
        command.addAll(List.of(options));
        Map<String, String> path = Map.of("PATH", dir.resolve("bin") + ":" + System.getenv("PATH"));
        try (Program check = Program.start(dir, path, command)) {
            assertThat(check.await(Duration.ofSeconds(60))).as(check.said()).isEqualTo(exitCode);
            return check.said();
        }
    }

    @Test
    void passesWhenMavenDoes() throws Exception {
        assertThat(check(0)).contains("check: all suites of this machine passed");
    }

    @Test
    void failsWhenPackagesCannotBeInstalled() throws Exception {
        fake("dpkg-query", "exit 1");

        assertThat(check(1)).contains("check: FAILED: cannot install maven gcc");
        assertThat(check(0, "--no-install")).contains("check: all suites of this machine passed");
    }

    @Test
    void allowsNoSkippedSlurmSuiteWhereItCouldInstallSlurm() throws Exception {
        fake(
                "mvn",
                "echo 'skipped: io.offcut.ATest.a: needs Slurm: slurmd' >core/target/skipped-tests.txt");

        assertThat(check(1)).contains("needs Slurm: slurmd").contains("check: FAILED: ");
        assertThat(check(0, "--no-install")).contains("needs Slurm: slurmd");

        fake(
                "mvn",
                "echo 'skipped: io.offcut.ATest.a: needs two CPUs' >core/target/skipped-tests.txt");
        assertThat(check(0)).contains("needs two CPUs");
        assertThat(check(1, "--strict")).contains("--strict allows no skipped suite");
    }

    @Test
    void leavesTheGuestOutWhenToldTo() throws Exception {
        Path guest = Path.of("guest/run").toAbsolutePath();
        fake("mvn", guest + " --prepare >run.log 2>&1; echo status $? >>run.log");

        check(0, "--without-guest");

        assertThat(dir.resolve("tree/run.log"))
                .hasContent(
                        "guest: left out, as --without-guest or OFFCUT_WITHOUT_GUEST says\nstatus 69");
    }

    @Test
    void namesModulesThatWereNotRun() throws Exception {
        fake(
                "mvn",
                "echo '[INFO] Offcut core ...... FAILURE [  1.0 s]'; echo '[INFO] Offcut cli ....... SKIPPED'; exit 1");

        assertThat(check(1))
                .contains("check: modules not run, because one that they need failed: cli\n")
                .contains("check: FAILED: see target/check.log");
    }
}
