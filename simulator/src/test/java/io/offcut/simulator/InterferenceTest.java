package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.OffcutException;
import io.offcut.simulator.Interference.Pair;
import io.offcut.testing.SharedData;
import io.offcut.traces.JobTable;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InterferenceTest {
    @Test
    void readsATableOfClassesAndPairs() {
        Interference table =
                Interference.parse(
                        "site.txt",
                        """
                        # by queue
                        job default solver
                        job run 100 network   # by run time, for the sake of it
                        pair network compute 1.2 1.05
                        pair * compute 1.01 2
                        """);
        JobTable jobs = Tables.of(Tables.job(0, 0, 100, 1, -1), Tables.job(0, 0, 50, 1, -1));

        assertThat(table.jobClass(jobs, 0)).isEqualTo("network");
        assertThat(table.jobClass(jobs, 1)).isEqualTo("solver");
        assertThat(table.pair("network", "compute"))
                .isEqualTo(new Pair("network", "compute", 1200, 1050));
        assertThat(table.pair("solver", "compute")).isEqualTo(new Pair("*", "compute", 1010, 2000));
        assertThat(table.pair("solver", "memory").jobPermille()).isEqualTo(1000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "job",
                "job colour 3 memory",
                "job queue three memory",
                "pair a b 1.1",
                "pair a b 0.9 1",
                "pair a b 1.00001 1"
            })
    void saysWhichLineIsWrong(String line) {
        assertThatThrownBy(() -> Interference.parse("site.txt", "\n" + line))
                .isInstanceOf(OffcutException.class)
                .hasMessageStartingWith("site.txt:2: '" + line + "'")
                .hasMessageNotContainingAny("enum", "exponential", "input string", "Index");
    }

    @Test
    void theDefaultIsTheMeanOfWhatWasMeasured() throws IOException {
        List<String> lines =
                Files.readAllLines(
                        SharedData.require("oracle/piz-daint-notebook/colocation_milc_nas.txt"));

        assertThat(Interference.MEASURED.pair("any", Interference.COMPUTE))
                .isEqualTo(measured(lines, Interference.COMPUTE, "ep"::equals));
        assertThat(Interference.MEASURED.pair("any", Interference.MEMORY))
                .isEqualTo(measured(lines, Interference.MEMORY, List.of("cg", "mg")::contains));
        assertThat(Interference.MEASURED.pair("any", Interference.SOLVER))
                .isEqualTo(measured(lines, Interference.SOLVER, List.of("bt", "lu")::contains));
    }

    /** The printed table is cut into blocks of columns; each row begins with the same number. */
    private static Pair measured(List<String> lines, String name, Predicate<String> kernels) {
        double jobs = 0;
        double functions = 0;
        int rows = 0;
        for (String line : lines) {
            String[] words = line.strip().split("\\s+", -1);
            if (words.length == 5 && kernels.test(words[1])) {
                jobs += Double.parseDouble(row(lines, words[0], 1)[6]);
                functions += Double.parseDouble(row(lines, words[0], 2)[2]);
                rows++;
            }
        }
        return new Pair(
                "*",
                name,
                (int) Math.round(jobs / rows * 1000),
                (int) Math.round(functions / rows * 1000));
    }

    /** The n-th block's row of this number, counted from 0. */
    private static String[] row(List<String> lines, String number, int block) {
        List<String[]> rows =
                lines.stream()
                        .map(line -> line.strip().split("\\s+", -1))
                        .filter(parts -> parts[0].equals(number))
                        .toList();
        return rows.get(block);
    }
}
