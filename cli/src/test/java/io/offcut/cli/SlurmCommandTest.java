package io.offcut.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.cli.output.Terminal;
import io.offcut.core.ErrorCode;
import io.offcut.slurm.SiteFinding;
import io.offcut.slurm.SiteReport;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SlurmCommandTest {
    private static final SiteReport REPORT =
            new SiteReport(
                    List.of(
                            SiteFinding.ok("controller", "cluster c1"),
                            SiteFinding.note("swap", "512 MiB", "turn swap off: jobs slow down"),
                            SiteFinding.change(
                                    "PrologFlags", "Alloc", "add Contain: " + "why ".repeat(60))));

    @Test
    void putsWhatMustBeChangedFirstAndCutsNoAdvice() {
        String text = SlurmCommand.Doctor.text(REPORT, Terminal.NONE);

        assertThat(text.lines().toList())
                .startsWith(
                        "STATE   CHECK        FOUND",
                        "ok      controller   cluster c1",
                        "note    swap         512 MiB",
                        "CHANGE  PrologFlags  Alloc",
                        "",
                        "WHAT TO DO",
                        "CHANGE PrologFlags: add Contain: " + "why ".repeat(60))
                .endsWith("note swap: turn swap off: jobs slow down");
        assertThat(text).doesNotContain("\033");
    }

    @Test
    void saysNothingToDoWhenAllIsWell() {
        SiteReport well = new SiteReport(List.of(SiteFinding.ok("controller", "cluster c1")));

        assertThat(SlurmCommand.Doctor.text(well, Terminal.NONE)).doesNotContain("WHAT TO DO");
        assertThat(well.failure()).isEmpty();
        assertThat(REPORT.failure()).contains(ErrorCode.CONFLICT);
    }

    @Test
    void saysAtOnceThatTheNamedConfigurationIsNotThere(@TempDir Path folder) {
        String none = folder.resolve("slurm.conf").toString();

        TestRun run = TestRun.of("slurm", "doctor", "--slurm-conf", none);

        assertThat(run.exitCode()).isEqualTo(ErrorCode.NOT_FOUND.exitCode());
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err()).contains(none);
    }
}
