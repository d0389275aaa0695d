package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.offcut.core.CpuSet;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ThisProcessTest {
    @Test
    void aZombieIsNotAlive() throws IOException, InterruptedException {
        // The shell leaves its child to a sleep that never waits for it.
        Process shell = new ProcessBuilder("sh", "-c", "sh -c 'echo $$' & exec sleep 100").start();
        try {
            ProcessRef child = ProcessRef.of(Long.parseLong(shell.inputReader().readLine()));
            await().until(() -> !child.isAlive());
            assertThat(ProcessRef.of(shell.pid()).isAlive()).isTrue();
        } finally {
            shell.destroyForcibly().waitFor();
        }
    }

    @Test
    void anOrphanStaysInTheTreeOfAProcessThatAdopts() throws IOException {
        String java = ProcessHandle.current().info().command().orElseThrow();
        try (Children children = new Children()) {
            Process child =
                    children.start(
                            java,
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            AdoptingChild.class.getName(),
                            "/nowhere/home");
            assertThat(child.inputReader().readLine()).isEqualTo("true true false 0");
        }
    }

    @Test
    void findsADetachedProcessByTheHomeItWasStartedWith() throws IOException {
        String home = "/nowhere/" + ProcessHandle.current().pid();
        ProcessBuilder builder =
                new ProcessBuilder("sh", "-c", "setsid sleep 600 >/dev/null 2>&1 &");
        builder.environment().put("HOME", home + "/worker-0");
        Process parent = builder.start();
        try {
            await().until(() -> !parent.isAlive());
            assertThat(ProcessTree.descendants(parent.pid())).isEmpty();
            assertThat(ProcessTree.atHome(Path.of(home))).hasSize(1);
            assertThat(ProcessTree.atHome(Path.of(home + "/worker"))).isEmpty();
        } finally {
            ProcessTree.atHome(Path.of(home)).forEach(p -> Signals.send(p, Signals.SIGKILL));
        }
        await().until(() -> ProcessTree.atHome(Path.of(home)).isEmpty());
    }

    @Test
    void mapsMemoryThatCostsNothingUntilTouched() {
        try (Arena arena = Arena.ofConfined()) {
            long bytes = 1L << 36;
            MemorySegment memory = GuardedMemory.map(bytes, arena);
            memory.set(JAVA_BYTE, bytes - 1, (byte) 7);
            assertThat(memory.get(JAVA_BYTE, bytes - 1)).isEqualTo((byte) 7);
            assertThat(memory.get(JAVA_BYTE, 0)).isZero();
            assertThat(GuardedMemory.guard(memory.asSlice(0, GuardedMemory.pageBytes()))).isTrue();
            assertThat(GuardedMemory.guard(memory.asSlice(1, 1))).isFalse();
        }
    }

    @Test
    void pinsEveryThreadToTheCpusItMayUse() {
        assertThat(ThisProcess.pin(CpuAffinity.current())).isTrue();
        assertThat(CpuAffinity.ofProcess(ProcessHandle.current().pid()))
                .isEqualTo(CpuAffinity.current());
        assertThat(ThisProcess.pin(CpuSet.of(CpuSet.MAX_CPU))).isFalse();
    }
}
