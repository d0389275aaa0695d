package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.testing.SharedData;
import io.offcut.traces.Complaints.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AzureFunctionsTest {
    private static final String DURATIONS =
            """
            HashFunction,percentile_Average_0,percentile_Average_1,percentile_Average_25,\
            percentile_Average_50,percentile_Average_75,percentile_Average_99,\
            percentile_Average_100
            f,100,110,120,130,140,150,160
            """;
    private static final String MEMORY =
            """
            HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1
            o,a,900,188,172
            """;

    @Test
    void expandsTheCallsOfEachMinute(@TempDir Path folder) throws IOException {
        Files.writeString(
                folder.resolve("invocations_per_function_md.anon.d01.csv"),
                """
                HashOwner,HashApp,HashFunction,Trigger,1,2,3
                o,a,f,http,3,0,2
                o,b,g,timer,0,1,0
                o,b,h,timer,0,many,0
                o,b
                """);
        Files.writeString(folder.resolve("function_durations_percentiles.anon.d01.csv"), DURATIONS);
        Files.writeString(folder.resolve("app_memory_percentiles.anon.d01.csv"), MEMORY);

        FunctionTrace trace = AzureFunctions.read(folder, 1);

        assertThat(trace.calls()).isEqualTo(6);
        assertThat(trace.functions()).containsExactly("f", "g", "h");
        int[] inMinute = new int[3];
        for (int call = 0; call < trace.calls(); call++) {
            inMinute[(int) (trace.arrivalMillis(call) / 60_000)]++;
            boolean f = trace.function(call) == 0;
            assertThat(trace.durationMillis(call)).isBetween(f ? 100 : 0, f ? 160 : 0);
            assertThat(trace.memoryBytes(call)).isEqualTo(f ? 188L << 20 : -1);
        }
        assertThat(inMinute).containsExactly(3, 1, 2);
        assertThat(trace.complaints().count(Kind.FIELD_UNREADABLE)).isEqualTo(1);
        assertThat(trace.complaints().count(Kind.TOO_SHORT)).isEqualTo(1);
    }

    @Test
    void readsOneDayOf1350Functions() {
        Path folder = SharedData.require("functions/azure2019-1350f");

        FunctionTrace trace = AzureFunctions.read(folder, 1);

        assertThat(trace.complaints().located()).isEmpty();
        assertThat(trace.functions()).hasSize(1_350);
        assertThat(trace.calls()).isEqualTo(927_272);
        assertThat(trace.arrivalMillis(927_271)).isLessThan(86_400_000);
        int[] calls = new int[1_350];
        for (int call = 0; call < trace.calls(); call++) {
            calls[trace.function(call)]++;
        }
        assertThat(trace.functions().getFirst()).startsWith("1779fd33");
        assertThat(calls[0]).isEqualTo(481);
        assertThat(calls[1]).isEqualTo(195);
        assertThat(trace.functionMemoryBytes(0)).isEqualTo(188L << 20);
        assertThat(sum(trace)).isEqualTo(sum(AzureFunctions.read(folder, 1)));
        assertThat(sum(trace)).isNotEqualTo(sum(AzureFunctions.read(folder, 2)));
    }

    private static long sum(FunctionTrace trace) {
        long sum = 0;
        for (int call = 0; call < trace.calls(); call++) {
            sum = sum * 31 + trace.arrivalMillis(call);
            sum = sum * 31 + trace.durationMillis(call);
            sum = sum * 31 + trace.function(call);
        }
        return sum;
    }

    @Test
    void readsTheCallsOf2021() {
        FunctionTrace trace =
                AzureFunctions.read(SharedData.require("functions/azure2021-200.csv"), 1);

        assertThat(trace.complaints().located()).isEmpty();
        assertThat(trace.calls()).isEqualTo(199);
        assertThat(trace.functions()).hasSize(31);
        long millis = 0;
        for (int call = 0; call < trace.calls(); call++) {
            millis += trace.durationMillis(call);
        }
        assertThat(millis).isEqualTo(10_599_170);
        assertThat(trace.arrivalMillis(0)).isEqualTo(1);
        assertThat(trace.memoryBytes(0)).isEqualTo(-1);
    }

    @Test
    void saysWhatItExpects(@TempDir Path folder) throws IOException {
        Path other = folder.resolve("x.csv");
        Files.writeString(other, "a,b\n1,2\n");

        assertThatThrownBy(() -> AzureFunctions.read(folder.resolve("none"), 1))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
        assertThatThrownBy(() -> AzureFunctions.read(other, 1))
                .hasMessage(
                        "the file "
                                + other
                                + " is no function trace; give the folder of Azure's 2019 trace or"
                                + " the file of its 2021 trace");
        assertThatThrownBy(() -> AzureFunctions.read(folder, 1))
                .hasMessageStartingWith("no calls by the minute in the folder " + folder);
    }
}
