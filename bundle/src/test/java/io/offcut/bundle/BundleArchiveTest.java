package io.offcut.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleArchiveTest {
    private static final String MANIFEST =
            """
            name: mixed
            functions:
              - {name: f, kind: native, file: lib/f.so, symbol: f}
              - {name: j, kind: java, file: classes, symbol: J}
              - {name: c, kind: command, command: [bin/run, -x]}
            """;

    @TempDir Path root;
    private Path source;

    @BeforeEach
    void writeBundle() throws IOException {
        source = bundle("source");
    }

    private Path bundle(String name) throws IOException {
        Path folder = Files.createDirectory(root.resolve(name));
        file(folder, "offcut.yaml", Zips.text(MANIFEST));
        file(folder, "lib/f.so", new byte[] {0x7F, 'E', 'L', 'F', 1, 2, 3});
        file(folder, "classes/J.class", new byte[] {1});
        file(folder, "bin/run", Zips.text("no interpreter line"));
        file(folder, "bin/script", Zips.text("#!/bin/sh\n"));
        file(folder, "data/empty", new byte[0]);
        return folder;
    }

    private static void file(Path folder, String name, byte[] content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
    }

    private BundleArchive.Packed pack(Path from, String name) {
        return BundleArchive.pack(from, root.resolve(name), BundleLimits.DEFAULT);
    }

    @Test
    void sameFilesGiveTheSameBytes() throws IOException {
        Path other = bundle("other");
        Files.setLastModifiedTime(other.resolve("bin/run"), FileTime.fromMillis(1_000_000));
        assertThat(other.resolve("bin/run").toFile().setExecutable(true)).isTrue();
        BundleArchive.Packed first = pack(source, "1.zip");
        BundleArchive.Packed second = pack(other, "2.zip");
        assertThat(Files.readAllBytes(second.file())).isEqualTo(Files.readAllBytes(first.file()));
        assertThat(first.sha256()).isEqualTo(second.sha256()).matches("[0-9a-f]{64}");
        assertThat(first.archiveBytes()).isEqualTo(Files.size(first.file()));
    }

    /** Pins the format: a change of it would give every bundle of every site another name. */
    @Test
    void keepsTheNameOfAKnownBundle() throws IOException {
        Path folder = Files.createDirectory(root.resolve("known"));
        file(folder, "offcut.yaml", Zips.text(Zips.MANIFEST));
        assertThat(pack(folder, "known.zip").sha256())
                .isEqualTo("1c284e66bfe39a6fae65462846eabda48e03be6eca0e771ec7a9290b73ec2880");
    }

    @Test
    void changedContentGivesAnotherName() throws IOException {
        String before = pack(source, "1.zip").sha256();
        file(source, "data/empty", new byte[] {0});
        assertThat(pack(source, "2.zip").sha256()).isNotEqualTo(before);
    }

    @Test
    void unpacksReadOnlyWithProgramsExecutable() throws IOException {
        Path target = root.resolve("target");
        BundleArchive.unpack(pack(source, "1.zip").file(), target, BundleLimits.DEFAULT);
        assertThat(target.resolve("lib/f.so")).hasSameBinaryContentAs(source.resolve("lib/f.so"));
        assertThat(target.resolve("data/empty")).isEmptyFile();
        assertThat(mode(target, "lib/f.so")).isEqualTo("r-xr-xr-x");
        assertThat(mode(target, "bin/run")).isEqualTo("r-xr-xr-x");
        assertThat(mode(target, "bin/script")).isEqualTo("r-xr-xr-x");
        assertThat(mode(target, "offcut.yaml")).isEqualTo("r--r--r--");
        assertThat(mode(target, "classes/J.class")).isEqualTo("r--r--r--");
    }

    private static String mode(Path folder, String name) throws IOException {
        return java.nio.file.attribute.PosixFilePermissions.toString(
                Files.getPosixFilePermissions(folder.resolve(name)));
    }

    @Test
    void takesAReadyZipAsItIs() throws IOException {
        byte[] zip = Zips.with(Map.of("notes.txt", Zips.text("hello")));
        BundleArchive.Packed packed = pack(Zips.write(root, zip), "copy.zip");
        assertThat(Files.readAllBytes(packed.file())).isEqualTo(zip);
        assertThat(packed.manifest().name()).isEqualTo("demo");
    }

    @Test
    void refusesAFunctionWhoseFileIsMissing() throws IOException {
        for (String name : new String[] {"lib/f.so", "classes/J.class", "bin/run"}) {
            byte[] content = Files.readAllBytes(source.resolve(name));
            Files.delete(source.resolve(name));
            assertThatThrownBy(() -> pack(source, "1.zip"))
                    .isInstanceOf(OffcutException.class)
                    .hasMessageContaining("is not in the bundle");
            assertThat(root.resolve("1.zip")).doesNotExist();
            file(source, name, content);
        }
    }

    @Test
    void refusesLinksInTheFolder() throws IOException {
        Files.createSymbolicLink(source.resolve("out"), Path.of("/etc/passwd"));
        assertThatThrownBy(() -> pack(source, "1.zip"))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("'out' is a symbolic link");
    }

    @Test
    void saysWhatIsMissing() {
        assertThatThrownBy(() -> pack(root.resolve("nowhere"), "1.zip"))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
        assertThatThrownBy(() -> pack(source.resolve("bin"), "1.zip"))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("no offcut.yaml");
    }
}
