package io.offcut.benchmarks.sensing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The benchmark looks at a node on which there is something to see. */
class SensingBenchTest {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyJobOfTheRecordedNodeHasAnOffer(boolean version2) throws Exception {
        SensingResult result = new SensingBench(15, 25, 0, false).measure(version2);
        // One CPU of each of 64 jobs, executors' own load being taken away, and memory of nobody's.
        assertThat(result.offers()).isEqualTo(RecordedNode.JOBS + 1);
        assertThat(result.cpuMicros()).isPositive();
        assertThat(result.files()).isGreaterThan(5 * RecordedNode.JOBS);
    }
}
