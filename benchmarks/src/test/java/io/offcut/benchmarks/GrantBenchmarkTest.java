package io.offcut.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That the benchmark measures what it says, with few nodes. Its times are not looked at. */
class GrantBenchmarkTest {
    private static final GrantOptions SMALL = new GrantOptions(40, 8, 7, true, false, true);

    @Test
    void countsEveryEventOnceAndTheBareUpdatesBesideThem() {
        for (GrantResult.Phase phase : GrantBenchmark.run(SMALL).phases()) {
            Map<String, GrantResult.Row> rows =
                    phase.rows().stream()
                            .collect(Collectors.toMap(GrantResult.Row::what, Function.identity()));
            long all = events(rows, Meter.Kind.ALL_EVENTS);
            assertThat(all).isGreaterThanOrEqualTo(40 * 8);
            assertThat(events(rows, Meter.Kind.GRANT) + events(rows, Meter.Kind.OTHER_EVENT))
                    .isEqualTo(all);
            assertThat(events(rows, Meter.Kind.BARE)).isEqualTo(all);
            assertThat(phase.granted()).isPositive();
            assertThat(phase.held()).isPositive();
            assertThat(rows.values())
                    .allSatisfy(
                            row -> assertThat(row.p50Nanos()).isLessThanOrEqualTo(row.maxNanos()));
        }
    }

    @Test
    void moreIsWantedThanThereIsOnlyInTheOverFullPhases() {
        var phases = GrantBenchmark.run(SMALL).phases();

        assertThat(phases.get(0).queued()).isLessThan(phases.get(2).queued());
    }

    @Test
    void theSameSeedMakesTheSameLoad() {
        assertThat(counts(GrantBenchmark.run(SMALL))).isEqualTo(counts(GrantBenchmark.run(SMALL)));
    }

    @Test
    void printsTheSameNumbersAsTableAndAsJson() throws Exception {
        GrantResult result = GrantBenchmark.run(SMALL);

        JsonNode json = new ObjectMapper().readTree(new Report(result, null).json()).get("core");
        assertThat(json.get("nodes").asInt()).isEqualTo(40);
        assertThat(json.get("heapBytes").asLong()).isEqualTo(result.heapBytes());
        assertThat(json.get("phases").get(0).get("rows").get(2).get("events").asLong())
                .isEqualTo(result.phases().getFirst().rows().get(2).events());
        assertThat(result.table())
                .contains(
                        "40 nodes", "event that grants", "bare map and queue update", "bound 2 ms");
    }

    @Test
    void readsItsCommandLine() {
        assertThat(GrantOptions.parse("--nodes", "5", "--format", "json", "--seed", "9"))
                .isEqualTo(new GrantOptions(5, 30, 9, true, true, true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"--nodes", "--nodes 0", "--nodes x", "--what 3", "--format xml", "--only x"})
    void refusesACommandLineItDoesNotUnderstand(String line) {
        assertThatThrownBy(() -> GrantOptions.parse(line.split(" ", -1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static long events(Map<String, GrantResult.Row> rows, Meter.Kind kind) {
        GrantResult.Row row = rows.get(kind.label);
        return row == null ? -1 : row.events();
    }

    private static String counts(GrantResult result) {
        return result.phases().stream()
                .map(phase ->
                        phase.granted()
                                + " "
                                + phase.rows().stream().map(GrantResult.Row::events).toList())
                .collect(Collectors.joining("; "));
    }
}
