package io.offcut.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProgressFileTest {
    private static final ValueLayout.OfLong COUNTER =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    @TempDir Path dir;

    private int me() throws IOException {
        return (Integer) Files.getAttribute(dir, "unix:uid");
    }

    @Test
    void readsWhatTheJobWritesIntoItsMapping() throws IOException {
        Path path = dir.resolve("7");
        try (ProgressFile file = ProgressFile.make(path, me());
                Arena arena = Arena.ofConfined()) {
            assertThat(file.read()).isZero();
            MemorySegment mapped = SharedMemory.open(path, 4096, arena);
            mapped.set(COUNTER, 0, 123_456_789_012L);
            assertThat(file.read()).isEqualTo(123_456_789_012L);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rw-------");
            file.delete();
            assertThat(path).doesNotExist();
            mapped.set(COUNTER, 0, 1);
        }
    }

    @Test
    void survivesAJobThatShortensItOrWritesNonsense() throws IOException {
        Path path = dir.resolve("7");
        try (ProgressFile file = ProgressFile.make(path, me())) {
            try (FileChannel job = FileChannel.open(path, StandardOpenOption.WRITE)) {
                job.truncate(3);
            }
            assertThat(file.read()).isNegative();
            Files.write(path, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, 0});
            assertThat(file.read()).isNegative();
        }
    }

    @Test
    void goesOnCountingWhereAnEarlierDaemonLeftIt() throws IOException {
        Path path = dir.resolve("7");
        Files.write(path, new byte[4096]);
        try (FileChannel job = FileChannel.open(path, StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            assertThat(job.size()).isEqualTo(4096);
            SharedMemory.open(path, 4096, arena).set(COUNTER, 0, 41);
        }
        try (ProgressFile file = ProgressFile.make(path, me())) {
            assertThat(file.read()).isEqualTo(41);
        }
    }

    @Test
    void neverFollowsALink() throws IOException {
        Path target = Files.write(dir.resolve("target"), new byte[4096]);
        Path link = Files.createSymbolicLink(dir.resolve("7"), target);
        int me = me();
        assertThatThrownBy(() -> ProgressFile.make(link, me))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.EXHAUSTED))
                .hasMessageContaining(link.toString());
        assertThat(target).exists();
    }
}
