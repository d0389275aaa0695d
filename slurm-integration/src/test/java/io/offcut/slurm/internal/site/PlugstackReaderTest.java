package io.offcut.slurm.internal.site;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.slurm.internal.site.SiteFacts.Plugstack;
import io.offcut.testing.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class PlugstackReaderTest {
    @TempDir Path folder;

    private Plugstack read(String text) throws IOException {
        return PlugstackReader.read(write("plugstack.conf", text));
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    @Test
    void readsLinesAsSlurmDoes() throws IOException {
        Plugstack stack =
                read(
                        """
                        # required /no/offcut.so
                        required private-tmp.so
                        \toptional \t/usr/lib/offcut.so  socket=/run/j.sock deadline_ms=5 # why
                        """);

        assertThat(stack.problem()).isEmpty();
        assertThat(stack.warnings()).isEmpty();
        assertThat(stack.lines()).hasSize(2);
        Plugstack.Line line = stack.offcut().getFirst();
        assertThat(line.required()).isFalse();
        assertThat(line.path()).isEqualTo("/usr/lib/offcut.so");
        assertThat(line.arguments()).containsExactly("socket=/run/j.sock", "deadline_ms=5");
        assertThat(line.place()).isEqualTo(folder.resolve("plugstack.conf") + ":3");
    }

    @Test
    void followsIncludesInOrderWithWildcardsBesideTheFile() throws IOException {
        write("plugstack.conf.d/b.conf", "optional b.so\n");
        write("plugstack.conf.d/a.conf", "optional a.so\ninclude deeper.conf\n");
        write("plugstack.conf.d/.hidden.conf", "optional hidden.so\n");
        write("plugstack.conf.d/deeper.conf.no", "optional no.so\n");
        write("plugstack.conf.d/deeper.conf", "required deeper.so\n");

        Plugstack stack = read("include plugstack.conf.d/*.conf\ninclude none/*.conf\n");

        assertThat(stack.lines())
                .extracting(Plugstack.Line::path)
                .containsExactly("a.so", "deeper.so", "b.so", "deeper.so");
        assertThat(stack.warnings()).isEmpty();
    }

    @Test
    void endsWhenFilesIncludeEachOther() throws IOException {
        write("other.conf", "include plugstack.conf\noptional x.so\n");

        Plugstack stack = read("include *.conf\ninclude other.conf\n");

        assertThat(stack.warnings()).anyMatch(w -> w.contains("in a circle"));
    }

    @Test
    void saysThatAFileIsMissingOrNone() throws IOException {
        Files.createDirectory(folder.resolve("dir"));

        assertThat(PlugstackReader.read(folder.resolve("none")).problem())
                .isEqualTo("is not there");
        assertThat(PlugstackReader.read(folder.resolve("dir")).problem())
                .isEqualTo("is not a file");
        // A device that never ends must not be read.
        assertThat(PlugstackReader.read(Path.of("/dev/zero")).problem()).isEqualTo("is not a file");
        assertThat(read("include dir\n").warnings()).hasSize(1);
    }

    @Test
    void warnsOfLinesThatSlurmPassesOver() throws IOException {
        Plugstack stack = read("Optional offcut.so\noptional\noptionel offcut.so\n");

        assertThat(stack.lines()).isEmpty();
        assertThat(stack.warnings()).hasSize(3);
    }

    @Test
    void boundsHugeLinesFilesAndNumbersOfLines() throws IOException {
        String huge = "optional " + "x".repeat(5000) + "\noptional offcut.so\n";
        assertThat(read(huge).lines()).hasSize(1);
        assertThat(read(huge).warnings()).hasSize(1);

        Plugstack large = read("optional a.so\n".repeat(200_000));
        assertThat(large.lines()).hasSize(1000);
        assertThat(large.warnings()).anyMatch(w -> w.contains("only the first MiB"));
    }

    @Test
    void survivesJunk() throws IOException {
        Random random = new Random(Seeds.next());
        for (int i = 0; i < 200; i++) {
            byte[] junk = new byte[random.nextInt(4000)];
            random.nextBytes(junk);
            Path file = Files.write(folder.resolve("plugstack.conf"), junk);

            Plugstack stack = PlugstackReader.read(file);

            assertThat(stack.warnings()).hasSizeLessThanOrEqualTo(20);
            assertThat(stack.warnings()).allMatch(w -> w.chars().noneMatch(c -> c < ' '));
        }
        assertThat(read("include /\0/x\ninclude [\ninclude **\n").lines()).isEmpty();
    }
}
