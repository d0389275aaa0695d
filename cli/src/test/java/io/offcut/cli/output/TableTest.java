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
    void cutsNothingWithoutATerminal() {
        Table table = new Table("NAME", "OWNER", "WHY").expendable("OWNER");
        table.row("x".repeat(100), "me", "it is long ".repeat(20));

        assertThat(table.render(Terminal.NONE).lines().toList().get(1))
                .isEqualTo("x".repeat(100) + "  me     " + "it is long ".repeat(20).strip());
    }

    @Test
    void wrapsTheLastColumnOfANarrowTerminal() {
        Table table = new Table("NAME", "WHY");
        table.row("n1", "the plugin asks at another socket than the daemon has");
        table.row("n2", "no");

        assertThat(table.render(terminal(40)))
                .isEqualTo(
                        """
                        NAME  WHY
                        n1    the plugin asks at another socket
                              than the daemon has
                        n2    no\
                        """);
    }

    @Test
    void leavesOutWhatMayBeAndSaysSo() {
        Table table = new Table("REQUEST", "USER", " CALLS").expendable("CALLS", "USER");
        table.row("r".repeat(32), "somebody", 1);

        assertThat(table.render(terminal(42)))
                .isEqualTo(
                        "REQUEST                           USER\n"
                                + "r".repeat(32)
                                + "  somebody\n"
                                + "(no room for CALLS: widen the terminal, or pipe into 'cat')");
    }

    @Test
    void leavesIdsWholeWhereverTheyAre() {
        Table table = new Table("A", "B");
        table.row("a".repeat(60), "b".repeat(60));

        assertThat(table.render(terminal(80))).contains("a".repeat(60) + "  " + "b".repeat(60));
    }

    private static Terminal terminal(int columns) {
        return new Terminal(true, false, columns, false);
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
