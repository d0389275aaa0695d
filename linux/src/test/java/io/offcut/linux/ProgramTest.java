package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramTest {
    private static final long PATIENCE_NANOS = 60_000_000_000L;
    private static final Map<String, String> ENVIRONMENT =
            Map.of("PATH", "/usr/bin:/bin", "GREETING", "hello ü");

    @TempDir private Path directory;

    /** What became of a process that was given no input. */
    private record Outcome(int exitCode, String output, String errors) {}

    private Outcome run(String... command) throws IOException {
        StringBuilder output = new StringBuilder();
        StringBuilder errors = new StringBuilder();
        try (Arena arena = Arena.ofConfined();
                ChildProcess child = program(command).start()) {
            MemorySegment chunk = arena.allocate(4096);
            child.closeInput();
            for (int open = 3; open > 0; ) {
                int ready = child.await(PATIENCE_NANOS);
                assertThat(ready).isNotZero();
                open -= (ready & ChildProcess.ENDED) != 0 ? 1 : 0;
                if ((ready & ChildProcess.OUTPUT) != 0) {
                    open -= add(output, chunk, child.readOutput(chunk)) ? 0 : 1;
                }
                if ((ready & ChildProcess.ERRORS) != 0) {
                    open -= add(errors, chunk, child.readErrors(chunk)) ? 0 : 1;
                }
            }
            return new Outcome(child.end(0), output.toString(), errors.toString());
        }
    }

    private static boolean add(StringBuilder text, MemorySegment chunk, int bytes) {
        if (bytes > 0) {
            byte[] read = chunk.asSlice(0, bytes).toArray(JAVA_BYTE);
            text.append(new String(read, StandardCharsets.UTF_8));
        }
        return bytes >= 0;
    }

    private Program program(String... command) {
        return new Program(List.of(command), ENVIRONMENT, directory);
    }

    @Test
    void runsWithItsArgumentsEnvironmentAndFolder() throws IOException {
        Outcome outcome =
                run(
                        "/bin/sh",
                        "-c",
                        "echo \"$1, $GREETING\"; pwd; echo bad >&2; exit 7",
                        "sh",
                        "a b");
        assertThat(outcome)
                .isEqualTo(
                        new Outcome(7, "a b, hello ü\n" + directory.toRealPath() + "\n", "bad\n"));
        assertThat(run("/usr/bin/env").output().lines()).hasSize(ENVIRONMENT.size());
    }

    @Test
    void aSignalThatEndsItIsInItsExitCode() throws IOException {
        assertThat(run("/bin/sh", "-c", "kill -TERM $$").exitCode()).isEqualTo(128 + 15);
    }

    @Test
    void inheritsNoFileOfThisProcess() throws IOException {
        Path file = Files.createFile(directory.resolve("open"));
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            assertThat(open.getFD().valid()).isTrue();
            // The fourth is the folder that ls itself reads.
            assertThat(run("/bin/ls", "/proc/self/fd").output()).isEqualTo("0\n1\n2\n3\n");
        }
    }

    @Test
    void signalsAreAsTheyAreForAnyProgram() throws IOException {
        String status = run("/bin/cat", "/proc/self/status").output();
        for (String set : List.of("SigBlk", "SigIgn", "SigCgt")) {
            assertThat(KernelFile.valueAfter(status, set + ":")).as(set).matches("0+");
        }
    }

    @Test
    void leadsAGroupOfItsOwnInTheSameSession() throws IOException {
        String[] own = Files.readString(Path.of("/proc/self/stat")).split(" ", -1);
        String[] stat = run("/bin/cat", "/proc/self/stat").output().split(" ", -1);
        assertThat(stat[4]).isEqualTo(stat[0]);
        assertThat(stat[5]).isEqualTo(own[5]);
    }

    @Test
    void aScriptWithoutAnInterpreterIsTheShells() throws IOException {
        Path script = Files.writeString(directory.resolve("script"), "echo $0 $1\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();
        assertThat(run(script.toString(), "x").output()).isEqualTo(script + " x\n");
    }

    @Test
    void saysWhyItCannotBeStartedAndLeavesNoFileOpen() throws IOException {
        Path own = Path.of("/proc/self/fd");
        assertThatThrownBy(() -> program("/nowhere/program").start())
                .hasMessage("No such file or directory");
        int before = KernelFile.list(own).size();
        for (int i = 0; i < 10; i++) {
            assertThatThrownBy(() -> program(directory.toString()).start())
                    .hasMessage("Permission denied");
            assertThat(run("/bin/true").exitCode()).isZero();
        }
        assertThat(KernelFile.list(own)).hasSizeLessThan(before + 10);
    }

    @Test
    void inputThatNobodyReadsBlocksNobody() throws IOException {
        try (Arena arena = Arena.ofConfined();
                ChildProcess child = program("/bin/sleep", "1000").start()) {
            MemorySegment much = arena.allocate(1 << 22);
            long written = 0;
            for (int bytes = child.write(much); bytes > 0; bytes = child.write(much)) {
                written += bytes;
            }
            assertThat(written).isBetween(1L, much.byteSize() - 1);
            assertThat(child.await(1_000_000)).isZero();
            assertThat(child.end(PATIENCE_NANOS)).isEqualTo(128 + Signals.SIGKILL);
            assertThat(child.write(much)).isNegative();
        }
    }

    @Test
    void itsGroupEndsWithIt() throws IOException {
        long sleeper;
        try (Arena arena = Arena.ofConfined();
                ChildProcess child =
                        program("/bin/sh", "-c", "sleep 1000 2>/dev/null >&2 & echo $!").start()) {
            MemorySegment chunk = arena.allocate(64);
            StringBuilder text = new StringBuilder();
            child.closeInput();
            while (add(text, chunk, child.readOutput(chunk))) {
                assertThat(text.length()).isLessThan(64);
            }
            sleeper = Long.parseLong(text.toString().strip());
            assertThat(ProcessRef.of(sleeper).isAlive()).isTrue();
        }
        await().until(() -> !ProcessRef.of(sleeper).isAlive());
    }
}
