package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.offcut.core.CpuSet;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
