package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SharedMemoryTest {
    @TempDir private Path folder;

    @Test
    void whatOneMappingWritesTheOtherReads() throws Exception {
        Path file = folder.resolve("region");
        try (Arena arena = Arena.ofShared()) {
            MemorySegment ours = SharedMemory.create(file, 100_000, "rw-rw----", arena);
            MemorySegment theirs = SharedMemory.open(file, 100_000, arena);
            assertThat(ours.byteSize()).isEqualTo(100_000);
            assertThat(ours.toArray(JAVA_BYTE)).containsOnly((byte) 0);
            ours.set(JAVA_LONG, 99_992, 0x1234_5678_9abcL);
            assertThat(theirs.get(JAVA_LONG, 99_992)).isEqualTo(0x1234_5678_9abcL);
        }
        assertThat(Files.size(file)).isEqualTo(100_000);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-rw----");
    }

    @Test
    void refusesToCreateOverAnything() throws Exception {
        Path file = Files.writeString(folder.resolve("there"), "content");
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
        try (Arena arena = Arena.ofConfined()) {
            for (Path path : new Path[] {file, link}) {
                assertThatThrownBy(() -> SharedMemory.create(path, 8, "rw-------", arena))
                        .isInstanceOfSatisfying(
                                OffcutException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
            }
        }
        assertThat(file).hasContent("content");
        assertThat(folder.resolve("nowhere")).doesNotExist();
    }

    @Test
    void refusesToOpenThroughALink() throws Exception {
        Path file = Files.write(folder.resolve("file"), new byte[64]);
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        refusesToOpen(link, ErrorCode.INVALID_INPUT, "is not a file");
        refusesToOpen(folder, ErrorCode.INVALID_INPUT, "is not a file");
        refusesToOpen(Path.of("/dev/zero"), ErrorCode.INVALID_INPUT, "is not a file");
    }

    @Test
    void refusesAFileThatIsTooSmallOrNotThere() throws Exception {
        Path file = Files.write(folder.resolve("file"), new byte[63]);
        refusesToOpen(file, ErrorCode.INVALID_INPUT, "has 63 bytes, expected 64");
        refusesToOpen(folder.resolve("none"), ErrorCode.NOT_FOUND, "is not there");
    }

    private static void refusesToOpen(Path path, ErrorCode code, String reason) {
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> SharedMemory.open(path, 64, arena))
                    .hasMessageContaining(path.toString())
                    .hasMessageContaining(reason)
                    .isInstanceOfSatisfying(
                            OffcutException.class, e -> assertThat(e.code()).isEqualTo(code));
        }
    }

    @Test
    void fullFileSystemIsAnErrorAndLeavesNothing() throws Exception {
        Path small = Files.createDirectory(folder.resolve("small"));
        Assumptions.assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString()),
                "needs to mount a small tmpfs: only root may");
        try (Arena arena = Arena.ofConfined()) {
            Path file = small.resolve("region");
            assertThatThrownBy(() -> SharedMemory.create(file, 2 << 20, "rw-------", arena))
                    .isInstanceOfSatisfying(
                            OffcutException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.EXHAUSTED))
                    .hasMessageContaining("2097152 bytes");
            assertThat(file).doesNotExist();
        } finally {
            assertThat(run("umount", small.toString())).isTrue();
        }
    }

    @Test
    void putsBytesWhereAPageIsAndFailsWhereNoneIs() throws Exception {
        byte[] bytes = new byte[20_000];
        new Random(7).nextBytes(bytes);
        Path file = folder.resolve("region");
        try (Arena arena = Arena.ofConfined();
                FileChannel channel = FileChannel.open(file, CREATE_NEW, READ, WRITE)) {
            MemorySegment mapped = channel.map(MapMode.READ_WRITE, 0, 100_000, arena);
            SharedMemory.put(mapped.asSlice(10), ByteBuffer.wrap(bytes));
            assertThat(mapped.asSlice(10, bytes.length).toArray(JAVA_BYTE)).isEqualTo(bytes);
            assertThat(mapped.get(JAVA_BYTE, 10L + bytes.length)).isZero();
            channel.truncate(4096);
            assertThatThrownBy(() -> SharedMemory.put(mapped, ByteBuffer.wrap(bytes)))
                    .isInstanceOf(IOException.class);
            assertThat(mapped.get(JAVA_BYTE, 4095)).isEqualTo(bytes[4095]);
        }
    }

    private static boolean run(String... command) throws Exception {
        try (Children children = new Children()) {
            Process process = children.start(command);
            return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        }
    }
}
