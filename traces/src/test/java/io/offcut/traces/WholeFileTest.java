package io.offcut.traces;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
    @TempDir private Path folder;

    @Test
    void ofTwoWritersAtOnceTheLastToBeDoneWins() throws IOException {
        Path file = folder.resolve("file");
        try (WholeFile first = WholeFile.at(file);
                WholeFile second = WholeFile.at(file)) {
            first.out().write("the first is long".getBytes(UTF_8));
            second.finish("second".getBytes(UTF_8));
            assertThat(file).hasContent("second");
            first.done();
        }

        assertThat(file).hasContent("the first is long");
        assertThat(folder.toFile().list()).containsOnly("file");
    }

    @Test
    void whatIsNotDoneLeavesWhatWasThere() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "before");
        try (WholeFile whole = WholeFile.at(file)) {
            whole.out().write(1);
        }

        assertThat(file).hasContent("before");
        assertThat(folder.toFile().list()).containsOnly("file");
    }

    @Test
    void partsOfOthersAreRemovedOnDemandAlone() throws IOException {
        Files.writeString(folder.resolve(".offcut-1.part"), "of a killed process");
        Path file = folder.resolve("file");
        WholeFile.write(file, new byte[1]);
        assertThat(folder.toFile().list()).hasSize(2);

        WholeFile.removeParts(folder);

        assertThat(folder.toFile().list()).containsOnly("file");
    }

    @Test
    void aLogIsWrittenToTheFileThatALinkNamesAndKeepsItsMode() throws IOException {
        Path file = Files.writeString(folder.resolve("log.swf"), "before");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Path link = Files.createSymbolicLink(folder.resolve("link.swf"), Path.of("log.swf"));

        LogOutput.write(link, out -> out.write("after".getBytes(UTF_8)));

        assertThat(link).isSymbolicLink().hasContent("after");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }
}
