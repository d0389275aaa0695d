package io.offcut.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostileArchiveTest {
    @TempDir Path folder;

    private void refuses(byte[] zip, ErrorCode code, String... words) throws IOException {
        Path file = Zips.write(folder, zip);
        assertThatThrownBy(() -> BundleArchive.verify(file, BundleLimits.DEFAULT))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(code);
                            assertThat(e.getMessage()).contains(words).doesNotContain("\n");
                        });
        Path target = folder.resolve("unpacked");
        assertThatThrownBy(() -> BundleArchive.unpack(file, target, BundleLimits.DEFAULT))
                .isInstanceOf(OffcutException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../evil",
                "a/../../evil",
                "/etc/evil",
                "C:/evil",
                "a\\..\\evil",
                "a//b",
                "./a",
                "a/./b",
                "a\nb"
            })
    void refusesNamesThatLeaveTheFolder(String name) throws IOException {
        refuses(Zips.with(Map.of(name, Zips.text("x"))), ErrorCode.INVALID_INPUT, "entry '");
        assertThat(folder.resolveSibling("evil")).doesNotExist();
    }

    @Test
    void refusesSymbolicLinks() throws IOException {
        byte[] zip = Zips.with(Map.of("link", Zips.text("/etc/passwd")));
        int record = Zips.lastCentralRecord(zip);
        zip[record + 5] = 3;
        zip[record + 40] = (byte) 0xFF;
        zip[record + 41] = (byte) 0xA1;
        refuses(zip, ErrorCode.INVALID_INPUT, "'link'", "symbolic link");
    }

    @Test
    void refusesDuplicateEntries() throws IOException {
        Map<String, byte[]> twins = new LinkedHashMap<>();
        twins.put("twin-a", Zips.text("x"));
        twins.put("twin-b", Zips.text("y"));
        byte[] zip = Zips.replaced(Zips.with(twins), "twin-b", "twin-a");
        refuses(zip, ErrorCode.INVALID_INPUT, "'twin-a' is there twice");
    }

    @Test
    void refusesAFileThatIsAlsoAFolder() throws IOException {
        Map<String, byte[]> clash = new LinkedHashMap<>();
        clash.put("a", Zips.text("x"));
        clash.put("a/b", Zips.text("y"));
        refuses(Zips.with(clash), ErrorCode.INVALID_INPUT, "'a' is there twice");
    }

    @Test
    void refusesALocalHeaderThatContradictsTheDirectory() throws IOException {
        byte[] zip = Zips.with(Map.of("honest", Zips.text("x")));
        int record = Zips.lastCentralRecord(zip);
        byte[] name = Zips.text("liar..");
        System.arraycopy(name, 0, zip, record + 46, name.length);
        refuses(zip, ErrorCode.INVALID_INPUT, "two descriptions that differ");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 1000})
    void refusesALyingSize(int difference) throws IOException {
        byte[] content = new byte[5000];
        byte[] zip = Zips.with(Map.of("liar", content));
        int record = Zips.lastCentralRecord(zip);
        int size = content.length + difference;
        zip[record + 24] = (byte) size;
        zip[record + 25] = (byte) (size >> 8);
        refuses(zip, ErrorCode.INVALID_INPUT, "'liar'", "not what the archive says");
    }

    @Test
    void refusesAWrongChecksum() throws IOException {
        byte[] zip = Zips.with(Map.of("liar", Zips.text("content")));
        zip[Zips.lastCentralRecord(zip) + 16] ^= 1;
        refuses(zip, ErrorCode.INVALID_INPUT, "'liar'", "checksum");
    }

    @Test
    void refusesOverlappingEntries() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("same", Zips.text("x"));
        files.put("samf", Zips.text("x"));
        byte[] zip = Zips.with(files);
        int last = Zips.lastCentralRecord(zip);
        int previous = last - 46 - 4;
        System.arraycopy(zip, previous + 42, zip, last + 42, 4);
        refuses(zip, ErrorCode.INVALID_INPUT, "overlap");
    }

    @Test
    void refusesEncryptedEntries() throws IOException {
        byte[] zip = Zips.with(Map.of("secret", Zips.text("x")));
        zip[Zips.lastCentralRecord(zip) + 8] |= 1;
        refuses(zip, ErrorCode.INVALID_INPUT, "'secret' is encrypted");
    }

    @Test
    void refusesACompressionBomb() throws IOException {
        byte[] zip = Zips.with(Map.of("bomb", new byte[64 << 20]));
        assertThat(zip.length).isLessThan(100_000);
        refuses(zip, ErrorCode.TOO_LARGE, "compression ratio");
    }

    @Test
    void refusesMoreThanTheLimits() throws IOException {
        byte[] zip = Zips.with(Map.of("a", new byte[100], "b", new byte[100]));
        Path file = Zips.write(folder, zip);
        Stream.of(
                        new BundleLimits(100, 10_000, 10, 10_000),
                        new BundleLimits(10_000, 200, 10, 10_000),
                        new BundleLimits(10_000, 10_000, 2, 10_000),
                        new BundleLimits(10_000, 10_000, 10, 20))
                .forEach(limits ->
                        assertThatThrownBy(() -> BundleArchive.verify(file, limits))
                                .as("%s", limits)
                                .isInstanceOfSatisfying(
                                        OffcutException.class,
                                        e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_LARGE)));
    }

    @Test
    void refusesAnythingThatIsNotAZip() throws IOException {
        refuses(new byte[0], ErrorCode.INVALID_INPUT, "not a zip file");
        refuses(Zips.text("hello"), ErrorCode.INVALID_INPUT, "not a zip file");
        byte[] zip = Zips.with(Map.of());
        refuses(Arrays.copyOf(zip, zip.length - 5), ErrorCode.INVALID_INPUT, "cut off");
    }

    @Test
    void refusesAnArchiveWithoutManifest() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            Zips.add(zip, "other.yaml", Zips.text(Zips.MANIFEST));
        }
        refuses(bytes.toByteArray(), ErrorCode.INVALID_INPUT, "no offcut.yaml");
    }

    /** Whatever bytes change: accepted unchanged in content, or refused in one line. */
    @Test
    void neverFailsInAnotherWayOnRandomDamage() throws IOException {
        byte[] good = Zips.with(Map.of("lib.so", new byte[300], "dir/x", Zips.text("x")));
        long seed = Seeds.next();
        Random random = new Random(seed);
        for (int round = 0; round < 3_000; round++) {
            byte[] bad = good.clone();
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            Path file = Zips.write(folder, bad);
            try {
                assertThat(BundleArchive.verify(file, BundleLimits.DEFAULT).functions()).hasSize(1);
            } catch (OffcutException e) {
                assertThat(e.getMessage())
                        .as("seed %d, round %d", seed, round)
                        .doesNotContain("\n");
                assertThat(e.code())
                        .as("seed %d, round %d: %s", seed, round, e.getMessage())
                        .isIn(ErrorCode.INVALID_INPUT, ErrorCode.TOO_LARGE);
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", round " + round, e);
            }
        }
        assertThat(Files.exists(folder)).isTrue();
    }
}
