package io.offcut.slurm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With scripts that stand in for Slurm's commands and fail as those do. */
class SlurmCommandsTest {
    @TempDir Path bin;

    private SlurmCommands commands() {
        return SlurmCommands.ofConfiguration(Path.of("/c/slurm.conf"), Duration.ofSeconds(20))
                .withBinDirectory(bin);
    }

    private void script(String name, String body) throws IOException {
        Path file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void assertFails(ThrowingCallable call, ErrorCode code, String... parts) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void asksForOneJobInUtcWithTheGivenConfiguration() throws IOException {
        script(
                "scontrol",
                """
                [ "$*" = "show job -d -o 12" ] && [ "$SLURM_CONF $TZ" = "/c/slurm.conf UTC" ] &&
                echo "JobId=12 JobName=x UserId=u(1) JobState=RUNNING Partition=p NodeList=n1 \
                 Nodes=n1 CPU_IDs=3 Mem=1 OverSubscribe=OK"
                """);

        assertThat(commands().job("12").allocationOn("n1"))
                .contains(new NodeAllocation(CpuSet.of(3), 1 << 20));
    }

    @Test
    void tellsWhenAToolIsMissing() {
        assertThat(commands().installed()).isFalse();
        assertFails(
                () -> commands().nodes(),
                ErrorCode.NOT_FOUND,
                "scontrol is not installed",
                "slurm-client");
    }

    @Test
    void tellsWhenTheControllerIsSilent() throws IOException {
        script("scontrol", "exec sleep 600");

        assertFails(
                () -> commands().withTimeout(Duration.ofMillis(200)).nodes(),
                ErrorCode.UNREACHABLE,
                "did not answer",
                "200 ms",
                "slurmctld");
    }

    @Test
    void tellsWhenTheControllerRefuses() throws IOException {
        script(
                "scontrol",
                "echo 'slurm_load_node error: Unable to contact slurm controller' >&2; exit 1");

        assertFails(() -> commands().nodes(), ErrorCode.UNREACHABLE, "Unable to contact");
    }

    @Test
    void tellsWhenAJobIsUnknown() throws IOException {
        script("scontrol", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");

        assertFails(() -> commands().job("99"), ErrorCode.NOT_FOUND, "does not know job 99");
    }

    @Test
    void tellsWhenTheAnswerIsOfAnotherJob() throws IOException {
        script("scontrol", "echo 'JobId=7 JobName=x'");

        assertFails(() -> commands().job("99"), ErrorCode.NOT_FOUND, "no record of job 99");
    }

    @Test
    void passesNothingToTheCommandLineThatIsNoJobOrNode() {
        assertFails(() -> commands().job("1 --help"), ErrorCode.INVALID_INPUT, "not a Slurm job");
        assertFails(() -> commands().jobIdsOn("-x y"), ErrorCode.INVALID_INPUT, "name of a Slurm");
        assertFails(() -> commands().jobIdsOn(""), ErrorCode.INVALID_INPUT, "name of a Slurm");
    }

    @Test
    void readsTheJobsOfANodeAndNothingElse() throws IOException {
        script("squeue", "printf '12\\n  7 \\n12\\nslurm is fine\\n'");

        assertThat(commands().jobIdsOn("n1")).containsExactly("12", "7");
    }
}
