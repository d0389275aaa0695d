package io.offcut.traces.idle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.offcut.traces.QuantileCurve;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class IdleTraceGeneratorTest {
    private static final IdleTraceModel PROMETHEUS =
            new IdleTraceModel(IdleTraceModel.PROMETHEUS, 300, 11.85, 10, 8 * 8640, 1_000_000);

    @Test
    void hasTheIntervalsOfPrometheusAsPublished() throws IOException {
        IdleStatistics facts = statistics(PROMETHEUS, 5);
        Map<Integer, Long> seconds =
                facts.percentileSeconds().stream()
                        .collect(
                                Collectors.toMap(
                                        IdleStatistics.Percentile::percent,
                                        IdleStatistics.Percentile::seconds));

        // Lengths are whole samples of ten seconds: half of one, and a twelfth, are allowed.
        Map.of(10, 21, 25, 53, 50, 129, 75, 489, 90, 1910)
                .forEach((percent, published) ->
                        assertThat((double) seconds.getOrDefault(percent, -1L))
                                .as("p%d", percent)
                                .isCloseTo(published, within(5 + published / 12.0)));
        assertThat(below(facts, 60).share()).isCloseTo(0.26, within(0.03));
        assertThat(below(facts, 60).surfaceShare()).isCloseTo(0.011, within(0.004));
        assertThat(below(facts, 300).share()).isCloseTo(0.69, within(0.03));
        assertThat(below(facts, 300).surfaceShare()).isCloseTo(0.10, within(0.025));
        assertThat(facts.meanIdleNodes()).isCloseTo(11.85, within(1.0));
    }

    @Test
    void hasTheIntervalsOfPizDaintAsPublished() throws IOException {
        IdleStatistics facts =
                statistics(new IdleTraceModel(IdleTraceModel.PIZ_DAINT, 1000, 60, 20, 4320, 0), 5);

        assertThat(
                        facts.percentileSeconds().stream()
                                .filter(p -> p.percent() == 50)
                                .findFirst()
                                .orElseThrow()
                                .seconds())
                .isBetween(300L, 401L);
        assertThat(below(facts, 600).share()).isBetween(0.70, 0.80);
        assertThat(below(facts, 1800).share()).isBetween(0.92, 0.945);
    }

    @Test
    void makesTheSameBytesOfOneSeed() throws IOException {
        IdleTraceModel model = new IdleTraceModel(IdleTraceModel.PROMETHEUS, 50, 5, 10, 500, 0);

        assertThat(written(model, 1)).isEqualTo(written(model, 1)).isNotEqualTo(written(model, 2));
    }

    @Test
    void refusesMoreIdleNodesThanThereAre() {
        assertThatThrownBy(() -> new IdleTraceModel(IdleTraceModel.PROMETHEUS, 5, 5, 10, 9, 0))
                .hasMessageContaining("got 5 nodes, 5.0 idle");
        assertThatThrownBy(() -> QuantileCurve.of(0, 5, 1, 4)).hasMessageContaining("must grow");
    }

    private static IdleStatistics.Below below(IdleStatistics facts, int seconds) {
        return facts.lengths().stream()
                .filter(length -> length.seconds() == seconds)
                .findFirst()
                .orElseThrow();
    }

    private static IdleStatistics statistics(IdleTraceModel model, long seed) throws IOException {
        return IdleStatistics.of(
                IdleRecord.read(
                        new IdleSampleReader(
                                new ByteArrayInputStream(written(model, seed)), "made")));
    }

    private static byte[] written(IdleTraceModel model, long seed) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        IdleTraceGenerator.write(model, seed, out);
        return out.toByteArray();
    }
}
