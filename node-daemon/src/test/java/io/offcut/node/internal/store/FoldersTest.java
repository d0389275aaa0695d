package io.offcut.node.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FoldersTest {
    @TempDir private Path dir;

    @Test
    void deletesAllButWhatLinksLeadTo() throws IOException {
        Path precious = Files.createFile(Files.createDirectory(dir.resolve("other")).resolve("p"));
        Path scratch = dir.resolve("scratch");
        Files.createDirectories(scratch.resolve("a/b"));
        Files.writeString(scratch.resolve("a/file"), "x");
        Files.createSymbolicLink(scratch.resolve("a/link"), precious.getParent());
        Files.setPosixFilePermissions(
                scratch.resolve("a/b"), PosixFilePermissions.fromString("---------"));
        Files.setPosixFilePermissions(
                scratch.resolve("a"), PosixFilePermissions.fromString("r-x------"));
        Folders.delete(scratch);
        assertThat(scratch).doesNotExist();
        Path link = Files.createSymbolicLink(dir.resolve("link"), precious.getParent());
        Folders.delete(link);
        assertThat(Files.exists(link, LinkOption.NOFOLLOW_LINKS)).isFalse();
        assertThat(precious).exists();
    }

    @Test
    void followsNoLinkThatIsPutInItsWay() throws Exception {
        Path other = Files.createDirectory(dir.resolve("other"));
        Path link = Files.createSymbolicLink(dir.resolve("link"), other);
        Path scratch = dir.resolve("scratch");
        AtomicBoolean over = new AtomicBoolean();
        // A function that swaps a folder for a link and back, as fast as it can.
        Thread attacker = Thread.ofPlatform().start(() -> swap(scratch, link, over));
        try {
            for (int round = 0; round < 1_000; round++) {
                Path precious = other.resolve("precious");
                if (!Files.exists(precious)) {
                    Files.createFile(precious);
                }
                makeVictim(scratch);
                Folders.delete(scratch);
                assertThat(precious).as("in round %d", round).exists();
            }
        } finally {
            over.set(true);
            attacker.join();
        }
    }

    private static void makeVictim(Path scratch) throws IOException {
        try {
            Files.createDirectories(scratch.resolve("victim"));
        } catch (FileAlreadyExistsException e) {
            // The link of the moment, which will do as well.
            assertThat(scratch).isDirectory();
        }
    }

    private static void swap(Path scratch, Path link, AtomicBoolean over) {
        Path victim = scratch.resolve("victim");
        Path aside = scratch.resolve("aside");
        while (!over.get()) {
            try {
                Files.move(victim, aside, StandardCopyOption.ATOMIC_MOVE);
                Files.createSymbolicLink(victim, Files.readSymbolicLink(link));
                Files.delete(victim);
                Files.move(aside, victim, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                Thread.onSpinWait();
            }
        }
    }
}
