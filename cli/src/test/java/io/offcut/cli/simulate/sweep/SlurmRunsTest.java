package io.offcut.cli.simulate.sweep;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.cli.Io;
import io.offcut.cli.output.Terminal;
import io.offcut.client.config.ConfigLoader;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmCommands;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With programs of Slurm's names that keep what they are told. */
final class SlurmRunsTest {
    private static final String ACTIVE = "42|RUNNING|batch|5:00|N/A|N/A|n1|None\n";

    @TempDir private Path dir;

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private SlurmCommands slurm = SlurmCommands.ofSite(Duration.ofSeconds(20));

    @BeforeEach
    void install() throws IOException {
        slurm = slurm.withBinDirectory(dir.resolve("bin"));
        Files.createDirectories(dir.resolve("bin"));
        // The queue is empty until something was submitted, and knows that by its name alone.
        program(
                "squeue",
                "for w in \"$@\"; do grep -qsxe \"--job-name=${w#--name=}\" \"$dir/submitted\""
                        + " && cat \"$dir/queue\"; done; exit 0");
        program("scancel", "echo \"$@\" >> \"$dir/cancelled\"; : > \"$dir/queue\"");
        program("sbatch", "printf '%s\\n' \"$@\" >> \"$dir/submitted\"; echo 42");
        Files.writeString(dir.resolve("queue"), ACTIVE);
    }

    private void program(String name, String body) throws IOException {
        Path file = dir.resolve("bin").resolve(name);
        Files.writeString(file, "#!/bin/sh\ndir='" + dir + "'\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void aSubmitterThatWasKilledBehindSbatchSubmitsNoSecondArray() throws Exception {
        program("sbatch", "printf '%s\\n' \"$@\" >> \"$dir/submitted\"; exit 1");
        assertThatThrownBy(() -> runs(folder()).run(List.of(0, 1), _ -> false))
                .isInstanceOf(OffcutException.class);

        assertThat(runs(folder()).run(List.of(0, 1), _ -> false)).isFalse();

        assertThat(err.toString(UTF_8)).contains("taking up job 42");
        assertThat(submissions()).isEqualTo(1);
    }

    @Test
    void anArrayThatNeverCameIntoTheQueueIsSubmittedAgain() throws Exception {
        program("sbatch", "exit 1");
        assertThatThrownBy(() -> runs(folder()).run(List.of(0, 1), _ -> false))
                .isInstanceOf(OffcutException.class);
        program("sbatch", "printf '%s\\n' \"$@\" >> \"$dir/submitted\"; echo 42");

        assertThat(runs(folder()).run(List.of(0, 1), _ -> false)).isFalse();

        assertThat(submissions()).isEqualTo(1);
    }

    @Test
    void nobodyWorksBesideTasks() throws Exception {
        SlurmRuns.requireNone(slurm, root());
        submit();

        assertConflict("are in the queue: go on with --slurm, or end them with 'scancel --name=");

        Files.writeString(dir.resolve("queue"), "");
        SlurmRuns.requireNone(slurm, root());
    }

    @Test
    void whereTheQueueCannotBeAskedTasksThatAreNotDoneMayBeInIt() throws Exception {
        submit();
        Files.delete(dir.resolve("bin/squeue"));

        assertConflict("which cannot be asked");

        for (int run = 0; run < 2; run++) {
            Path done = root().resolve("points/000" + run + "/summary.json");
            Files.createDirectories(done.getParent());
            Files.writeString(done, "{}");
        }
        SlurmRuns.requireNone(slurm, root());
    }

    @Test
    void endsWhatIsInTheQueueBeforeItStartsAnew() throws Exception {
        submit();

        SlurmRuns.cancel(slurm, root());

        assertThat(dir.resolve("cancelled")).content().contains("42");
        SlurmRuns.requireNone(slurm, root());
    }

    private void submit() throws InterruptedException {
        assertThat(runs(folder()).run(List.of(0, 1), _ -> false)).isFalse();
    }

    private void assertConflict(String why) {
        assertThatThrownBy(() -> SlurmRuns.requireNone(slurm, root()))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
                .hasMessageContaining(why);
    }

    private long submissions() throws IOException {
        try (var lines = Files.lines(dir.resolve("submitted"))) {
            return lines.filter(line -> line.startsWith("--array=")).count();
        }
    }

    private Path root() {
        return dir.resolve("grid");
    }

    private SweepFolder folder() {
        SweepPlan plan =
                SweepPlan.of("1", List.of("sample"), List.of(Axis.parse("scheduler=fcfs,easy")), 1);
        return SweepFolder.open(root(), plan, false);
    }

    private SlurmRuns runs(SweepFolder folder) {
        Io io =
                new Io(
                        InputStream.nullInputStream(),
                        new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
                        new PrintStream(err, true, UTF_8),
                        Terminal.NONE,
                        new ConfigLoader(Map.of(), List.of()));
        return new SlurmRuns(io, slurm, folder, new SlurmRuns.Wishes(0, List.of()));
    }
}
