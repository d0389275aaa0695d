package io.offcut.slurm.internal.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.OffcutException;
import io.offcut.slurm.CommandResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BoundedCommandTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    private static CommandResult shell(String script, Duration timeout) {
        return BoundedCommand.run(
                List.of("/bin/sh", "-c", script), Map.of("GREETING", "hi"), null, timeout);
    }

    @Test
    void returnsOutputErrorAndExitCode() {
        CommandResult result = shell("echo $GREETING; echo oops >&2; exit 3", LONG);

        assertThat(result).isEqualTo(new CommandResult(3, "hi\n", "oops\n", false));
        assertThat(result.succeeded()).isFalse();
    }

    @Test
    void passesArgumentsUnchanged(@TempDir Path directory) {
        CommandResult result =
                BoundedCommand.run(
                        List.of("/usr/bin/printf", "%s|", "a b", "\"q\"", "", "$x", "'"),
                        Map.of(),
                        directory,
                        LONG);

        assertThat(result.output()).isEqualTo("a b|\"q\"||$x|'|");
    }

    @Test
    void killsWhatOverstaysEvenIfItIgnoresSigterm() {
        CommandResult result =
                shell("trap '' TERM; echo $$; while :; do sleep 1; done", Duration.ofSeconds(2));

        assertThat(result.timedOut()).isTrue();
        assertThat(result.exitCode()).isEqualTo(-1);
        long pid = Long.parseLong(result.output().strip());
        assertThat(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)).isFalse();
    }

    @Test
    void keepsOnlySoMuchOutput() {
        CommandResult result = shell("head -c 6000000 /dev/zero", LONG);

        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).hasSize(BoundedCommand.MAX_TEXT_BYTES);
    }

    @Test
    void cutsOverlongLines() {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());

        BoundedCommand.runLines(
                List.of("/bin/sh", "-c", "printf 'abcdef\\n\\nxy'"), Map.of(), LONG, 4, lines::add);

        assertThat(lines).containsExactly("abcd", "xy");
    }

    @Test
    void saysWhichProgramCannotBeRun() {
        assertThatThrownBy(() -> BoundedCommand.run(List.of("/no/such"), Map.of(), null, LONG))
                .isInstanceOf(OffcutException.class)
                .hasMessageStartingWith("cannot run /no/such");
    }
}
