package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class JobTraceGeneratorTest {
    @Test
    void makesTheShippedSampleByteForByte() throws IOException {
        SwfLog log =
                JobTraceGenerator.generate(JobTraceModel.SAMPLE_256, SampleTraces.SAMPLE_256_SEED);

        byte[] generated = SwfRoundTripTest.written(log).getBytes(StandardCharsets.ISO_8859_1);
        try (InputStream shipped = SampleTraces.open()) {
            assertThat(Arrays.mismatch(generated, shipped.readAllBytes()))
                    .as("first byte that differs; -1 for none")
                    .isEqualTo(-1);
        }
    }

    @Test
    void shippedSampleReadsWithoutComplaint() {
        SwfLog log = SampleTraces.sample256();

        assertThat(log.complaints().total()).isZero();
        assertThat(log.jobs().size()).isEqualTo(2_000);
        assertThat(log.header().maxProcs()).hasValue(256);
        assertThat(log.header().maxNodes()).hasValue(16);
    }

    @Test
    void anotherSeedMakesAnotherLog() throws IOException {
        JobTraceModel model = new JobTraceModel(50, 64, 4, 0.5, 5, 0);

        String first = SwfRoundTripTest.written(JobTraceGenerator.generate(model, 1));

        assertThat(SwfRoundTripTest.written(JobTraceGenerator.generate(model, 1))).isEqualTo(first);
        assertThat(SwfRoundTripTest.written(JobTraceGenerator.generate(model, 2)))
                .isNotEqualTo(first);
    }

    @Test
    void hasTheLoadAndTheSizesOfTheModel() {
        JobTraceModel model = new JobTraceModel(20_000, 256, 16, 0.8, 40, 0);
        JobTable jobs = JobTraceGenerator.generate(model, 7).jobs();

        double work = 0;
        int serial = 0;
        int powersOfTwo = 0;
        for (int row = 0; row < jobs.size(); row++) {
            assertThat(jobs.procs(row)).isBetween(1, 256);
            assertThat(jobs.runSeconds(row)).isBetween(1, 162_755);
            assertThat(jobs.requestedSeconds(row)).isGreaterThanOrEqualTo(jobs.runSeconds(row));
            work += (double) jobs.procs(row) * jobs.runSeconds(row);
            serial += jobs.procs(row) == 1 ? 1 : 0;
            powersOfTwo += jobs.procs(row) > 1 && Integer.bitCount(jobs.procs(row)) == 1 ? 1 : 0;
        }
        assertThat(serial / 20_000.0).isCloseTo(0.244, within(0.015));
        // Sizes that were not rounded are powers of two at times as well, above all the 2.
        assertThat(powersOfTwo / 20_000.0).isBetween(0.56, 0.70);
        long span = jobs.submitSeconds(19_999);
        assertThat(work / (256.0 * span)).isCloseTo(0.8, within(0.01));
    }

    @Test
    void arrivalsFollowTheDay() {
        JobTraceModel model = new JobTraceModel(20_000, 256, 16, 0.8, 40, 0);
        JobTable jobs = JobTraceGenerator.generate(model, 7).jobs();

        int night = 0;
        int afternoon = 0;
        for (int row = 0; row < jobs.size(); row++) {
            long hour = jobs.submitSeconds(row) / 3600 % 24;
            night += hour >= 3 && hour < 6 ? 1 : 0;
            afternoon += hour >= 13 && hour < 16 ? 1 : 0;
        }
        assertThat(afternoon).isGreaterThan(5 * night);
    }

    @Test
    void refusesAModelWithoutProcessors() {
        assertThatThrownBy(() -> new JobTraceModel(1, 1, 1, 0.5, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 processors");
    }
}
