package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FunctionTraceGeneratorTest {
    @TempDir Path folder;
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
        assertThat((double) popular / trace.calls()).isBetween(0.80, 0.96);
    }

    @Test
    void callsMoreByDayThanByNight() {
        FunctionTrace trace = FunctionTraceGenerator.generate(MODEL, 1);
        int[] byHour = new int[24];
        for (int call = 0; call < trace.calls(); call++) {
            byHour[(int) (trace.arrivalMillis(call) / 3_600_000 % 24)]++;
        }

        // 1.5 of the mean at the peak, 0.5 in the night.
        assertThat((double) byHour[12] / byHour[0]).isBetween(2.4, 3.8);
    }

    @Test
    void hasThePopularityOfTheData() {
        FunctionTrace trace =
                FunctionTraceGenerator.generate(
                        new FunctionTraceModel(1_350, 927_272, 1, 0.17, 3), 1);
        int[] calls = new int[1_350];
        for (int call = 0; call < trace.calls(); call++) {
            calls[trace.function(call)]++;
        }
        Arrays.sort(calls);

        double all = trace.calls();
        assertThat(all).isCloseTo(927_272, within(20_000.0));
        assertThat(Arrays.stream(calls, 1_350 - 270, 1_350).sum() / all)
                .isCloseTo(0.91, within(0.04));
        assertThat(Arrays.stream(calls, 1_350 - 67, 1_350).sum() / all)
                .isCloseTo(0.64, within(0.10));
    }

    @Test
    void hasTheDurationsAndMemoryOfTheData() {
        FunctionTrace trace =
                FunctionTraceGenerator.generate(new FunctionTraceModel(4_001, 400_000, 1, 0, 1), 3);
        long[] memory = new long[4_001];
        for (int function = 0; function < memory.length; function++) {
            memory[function] = trace.functionMemoryBytes(function);
        }
        Arrays.sort(memory);

        assertThat(memory[400] >> 20).isBetween(104L, 118L);
        assertThat(memory[2_000] >> 20).isBetween(138L, 147L);
        assertThat(memory[3_600] >> 20).isBetween(196L, 222L);
        double[] means = meanMillis(trace);
        // Half under 688 ms, nine in ten under 16.8 s, to what a thousand functions can show.
        assertThat(means.length).isGreaterThan(1_000);
        assertThat(means[means.length / 2]).isBetween(520.0, 900.0);
        assertThat(means[means.length * 9 / 10]).isBetween(12_000.0, 23_000.0);
    }

    /** Of functions with enough calls to have one, sorted. */
    private static double[] meanMillis(FunctionTrace trace) {
        int[] calls = new int[trace.functions().size()];
        double[] sums = new double[calls.length];
        for (int call = 0; call < trace.calls(); call++) {
            calls[trace.function(call)]++;
            sums[trace.function(call)] += trace.durationMillis(call);
        }
        return IntStream.range(0, calls.length)
                .filter(function -> calls[function] >= 20)
                .mapToDouble(function -> sums[function] / calls[function])
                .sorted()
                .toArray();
    }

    @Test
    void isReadAgainAsItWasWritten() throws IOException {
        FunctionTrace made =
                FunctionTraceGenerator.generate(new FunctionTraceModel(20, 2_000, 1, 0.2, 3), 3);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        FunctionTraceWriter.write(out, made);
        Path file = Files.write(folder.resolve("calls.csv"), out.toByteArray());

        FunctionTrace read = AzureFunctions.read(file, 1);

        assertThat(read.complaints().total()).isZero();
        assertThat(read.calls()).isEqualTo(made.calls());
        for (int call = 0; call < read.calls(); call++) {
            assertThat(read.arrivalMillis(call)).isEqualTo(made.arrivalMillis(call));
            assertThat(read.durationMillis(call)).isEqualTo(made.durationMillis(call));
            assertThat(read.memoryBytes(call)).isEqualTo(made.memoryBytes(call));
        }
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
