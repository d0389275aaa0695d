package io.offcut.slurm.internal.site;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.testing.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PluginFileReaderTest {
    @TempDir Path folder;

    private Path compiled(int version) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/cc")), "needs a C compiler");
        Path source = folder.resolve("p.c");
        // A constructor would run if the file were loaded.
        Files.writeString(
                source,
                "#include <stdlib.h>\nextern const unsigned int undefined_one;\nconst unsigned int *use(void) { return &undefined_one; }\n"
                        + "__attribute__((constructor)) static void run(void) { abort(); }\n"
                        + "const char plugin_type[] = \"spank\";\n"
                        + "const unsigned int spank_plugin_version = 1;\n"
                        + "const unsigned int plugin_version = "
                        + version
                        + ";\n");
        Path object = folder.resolve("offcut.so");
        Process cc =
                new ProcessBuilder(
                                "/usr/bin/cc",
                                "-shared",
                                "-fPIC",
                                "-o",
                                object.toString(),
                                source.toString())
                        .inheritIO()
                        .start();
        assertThat(cc.waitFor(30, SECONDS)).isTrue();
        assertThat(cc.exitValue()).isZero();
        return object;
    }

    @Test
    void readsTheVersionWithoutLoadingTheFile() throws Exception {
        assertThat(PluginFileReader.read(compiled(0x160508)).slurmVersion()).isEqualTo("22.05.8");
        assertThat(PluginFileReader.read(compiled(0x190501)).slurmVersion()).isEqualTo("25.05.1");
    }

    @Test
    void readsNothingOutOfDamagedFiles() throws Exception {
        byte[] whole = Files.readAllBytes(compiled(0x160508));
        for (int length = 0; length < whole.length; length += 61) {
            OptionalInt cut = ElfSymbol.intOf(Arrays.copyOf(whole, length), "plugin_version");
            assertThat(cut)
                    .satisfiesAnyOf(
                            c -> assertThat(c).isEmpty(), c -> assertThat(c).hasValue(0x160508));
        }
        Random random = new Random(Seeds.next());
        for (int i = 0; i < 5000; i++) {
            byte[] damaged = whole.clone();
            for (int j = 0; j < 20; j++) {
                damaged[random.nextInt(i % 2 == 0 ? 64 : damaged.length)] = (byte) random.nextInt();
            }
            assertThat(ElfSymbol.intOf(damaged, "plugin_version")).isNotNull();
        }
        assertThat(ElfSymbol.intOf(whole, "undefined_one")).isEmpty();
        assertThat(ElfSymbol.intOf("#!/bin/sh\n".repeat(50).getBytes(US_ASCII), "x")).isEmpty();
    }

    @Test
    void tellsWhoMayChangeTheFile() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: makes its files");
        Path file = Files.writeString(folder.resolve("offcut.so"), "x");
        Path real = file.toRealPath();

        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(PluginFileReader.read(file).writers()).isEmpty();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxr-x"));
        assertThat(PluginFileReader.read(file).writers())
                .isEqualTo(real + " may be written by others than root");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(PluginFileReader.read(file).writers()).startsWith(real.getParent() + " may be");
        Files.setAttribute(file, "unix:uid", 65534);
        assertThat(PluginFileReader.read(file).writers()).contains("belongs to user");
    }

    @Test
    void saysWhatIsNoPlugin() throws IOException {
        assertThat(PluginFileReader.read(folder.resolve("none")).problem())
                .isEqualTo("is not there");
        assertThat(PluginFileReader.read(folder).problem()).isEqualTo("is not a file");
        assertThat(PluginFileReader.read(Path.of("/dev/zero")).problem())
                .isEqualTo("is not a file");
        Path text = Files.writeString(folder.resolve("offcut.so"), "not an object");
        assertThat(PluginFileReader.read(text).slurmVersion()).isEmpty();
    }
}
