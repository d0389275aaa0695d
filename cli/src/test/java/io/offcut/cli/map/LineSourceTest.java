package io.offcut.cli.map;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.client.Item;
import io.offcut.core.OffcutException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LineSourceTest {
    private static List<String> lines(LineSource source) {
        List<String> lines = new ArrayList<>();
        while (source.hasNext()) {
            Item<LineSource.Position> item = source.next();
            lines.add(new String(item.input().toArray(ValueLayout.JAVA_BYTE), UTF_8));
        }
        return lines;
    }

    private static LineSource of(String text) {
        return LineSource.of(new ByteArrayInputStream(text.getBytes(UTF_8)), 1 << 20);
    }

    @ParameterizedTest
    @CsvSource({
        "'', ''",
        "'a', 'a'",
        "'a\n', 'a'",
        "'a\nb', 'a|b'",
        "'a\r\nb\n', 'a|b'",
        "'\n\nx\n', '||x'"
    })
    void splitsLines(String text, String expected) {
        assertThat(String.join("|", lines(of(text)))).isEqualTo(expected);
        assertThat(lines(of(text))).hasSize(text.isEmpty() ? 0 : expected.split("\\|", -1).length);
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3"})
    void splitsAsJavaDoesWhateverTheReadsAre(long seed) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 5_000; i++) {
            text.append("x".repeat(random.nextInt(300))).append('\n');
        }
        byte[] bytes = text.toString().getBytes(UTF_8);
        InputStream pieces =
                new ByteArrayInputStream(bytes) {
                    @Override
                    public synchronized int read(byte[] to, int off, int length) {
                        return super.read(to, off, Math.min(length, 1 + random.nextInt(700)));
                    }
                };
        LineSource source = LineSource.of(pieces, 1 << 20);

        assertThat(lines(source)).as("seed %d", seed).isEqualTo(text.toString().lines().toList());
        CRC32C whole = new CRC32C();
        whole.update(bytes);
        assertThat(source.position())
                .isEqualTo(new LineSource.Position(5_000, bytes.length, (int) whole.getValue()));
    }

    @Test
    void cutsALineThatIsLongerThanItMayBe() {
        LineSource source =
                LineSource.of(
                        new ByteArrayInputStream(("y".repeat(900_000) + "\nz\n").getBytes(UTF_8)),
                        100);

        List<String> lines = lines(source);

        assertThat(lines.get(0)).hasSizeBetween(101, 110);
        assertThat(lines.get(1)).isEqualTo("z");
    }

    @Test
    void readsFilesOneAfterTheOtherAndNamesTheirLines(@TempDir Path folder) throws IOException {
        Path first = Files.writeString(folder.resolve("a"), "1\n2\n3");
        Path second = Files.writeString(folder.resolve("b"), "4\n5\n");
        LineSource source = LineSource.of(List.of(first, second), 100);

        assertThat(lines(source)).containsExactly("1", "2", "3", "4", "5");
        assertThat(source.describe(3)).isEqualTo(first + ":3");
        assertThat(source.describe(5)).isEqualTo(second + ":2");
    }

    @Test
    void saysWhichFileIsGone(@TempDir Path folder) {
        LineSource source = LineSource.of(List.of(folder.resolve("none")), 100);
        assertThatThrownBy(source::hasNext)
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("none");
    }
}
