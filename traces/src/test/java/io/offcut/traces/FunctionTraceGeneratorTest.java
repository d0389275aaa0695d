package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FunctionTraceGeneratorTest {
    private static final FunctionTraceModel MODEL = new FunctionTraceModel(500, 200_000, 2, 0.5, 3);

    @Test
    void makesAsManyCallsAsAskedMostOfThemOfFewFunctions() {
        FunctionTrace trace = FunctionTraceGenerator.generate(MODEL, 1);

        assertThat((double) trace.calls()).isCloseTo(400_000, within(20_000.0));
        int[] calls = new int[500];
        for (int call = 0; call < trace.calls(); call++) {
            calls[trace.function(call)]++;
        }
        Arrays.sort(calls);
        int popular = Arrays.stream(calls, 400, 500).sum();
        assertThat((double) popular / trace.calls()).isGreaterThan(0.95);
    }

    @Test
    void callsMoreByDayThanByNight() {
        FunctionTrace trace = FunctionTraceGenerator.generate(MODEL, 1);
        int[] byHour = new int[24];
        for (int call = 0; call < trace.calls(); call++) {
            byHour[(int) (trace.arrivalMillis(call) / 3_600_000 % 24)]++;
        }

        // 1.5 of the mean at the peak, 0.5 in the night.
        assertThat((double) byHour[14] / byHour[2]).isBetween(2.4, 3.8);
    }

    @Test
    void hasTheDurationsAndMemoryOfThePaper() {
        FunctionTrace trace =
                FunctionTraceGenerator.generate(new FunctionTraceModel(4_001, 1_000, 1, 0, 1), 3);
        long[] memory = new long[4_001];
        for (int function = 0; function < memory.length; function++) {
            memory[function] = trace.functionMemoryBytes(function);
        }
        Arrays.sort(memory);

        // Median of the Burr distribution: λ (2^(1/k) − 1)^(1/c).
        double median = 107.083e6 * Math.pow(Math.pow(2, 1 / 0.221) - 1, 1 / 11.652);
        assertThat((double) memory[2_000]).isCloseTo(median, within(median * 0.05));
    }

    @Test
    void makesTheSameOfOneSeed() {
        FunctionTrace one = FunctionTraceGenerator.generate(MODEL, 7);
        FunctionTrace two = FunctionTraceGenerator.generate(MODEL, 7);

        assertThat(one.calls()).isEqualTo(two.calls());
        for (int call = 0; call < one.calls(); call++) {
            assertThat(one.arrivalMillis(call)).isEqualTo(two.arrivalMillis(call));
            assertThat(one.durationMillis(call)).isEqualTo(two.durationMillis(call));
        }
        assertThat(FunctionTraceGenerator.generate(MODEL, 8).calls()).isNotEqualTo(one.calls());
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> new FunctionTraceModel(0, 1, 1, 0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got 0 functions");
        assertThatThrownBy(() -> new FunctionTraceModel(1, 1e9, 14, 0, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
