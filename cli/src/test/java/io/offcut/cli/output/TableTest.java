package io.offcut.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableTest {
    @Test
    void alignsColumns() {
        Table table = new Table("NODE", " CORES");
        table.row("n1", 2);
        table.row("login", 128);

        assertThat(table.render(Terminal.NONE))
                .isEqualTo(
                        """
                        NODE   CORES
                        n1         2
                        login    128\
                        """);
    }

    @Test
    void cutsTheWidestColumnToFit() {
        Table table = new Table("NAME", "OWNER");
        table.row("x".repeat(100), "me");

        String text = table.render(Terminal.NONE);

        assertThat(text.lines()).allMatch(line -> line.length() <= 80);
        assertThat(text).contains("x…  me");
    }

    @Test
    void cutsWhereTextsStillDiffer() {
        Table table = new Table("NAME", "OWNER");
        table.row("a".repeat(90) + ".first", "me");
        table.row("a".repeat(90) + ".second", "me");

        assertThat(table.render(Terminal.NONE).lines())
                .allMatch(line -> line.length() <= 80)
                .anyMatch(line -> line.contains("a.first"))
                .anyMatch(line -> line.contains("a.second"));
    }

    @Test
    void leavesWhatCannotBeCutAndStillDiffer() {
        Table table = new Table("NAME");
        String same = "a".repeat(60);
        table.row(same + "-" + same);
        table.row(same + "+" + same);

        assertThat(table.render(Terminal.NONE)).contains("-", "+");
    }

    @Test
    void letsNothingControlTheTerminal() {
        Table table = new Table("NAME");
        table.row("a\033[2Jb\nc");

        assertThat(table.render(Terminal.NONE)).isEqualTo("NAME\na [2Jb c");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1536, 1.5 KiB",
        "268435456, 256 MiB",
        "9223372036854775807, 8192 PiB"
    })
    void writesSizes(long bytes, String text) {
        assertThat(Units.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"950, 950 ms", "42000, 42 s", "185000, 3m 05s", "7620000, 2h 07m"})
    void writesTimes(long millis, String text) {
        assertThat(Units.time(millis)).isEqualTo(text);
    }
}
