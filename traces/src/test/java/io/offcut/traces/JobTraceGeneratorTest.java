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
    void usesAsMuchMemoryAsGaiaAndAsksForAsMuchMoreAsMason() {
        JobTable jobs =
                JobTraceGenerator.generate(new JobTraceModel(20_000, 256, 16, 0.8, 40, 0), 7)
                        .jobs();
        long[] used = new long[jobs.size()];
        double usedSum = 0;
        double requestedSum = 0;
        for (int row = 0; row < used.length; row++) {
            used[row] = jobs.usedMemoryKib(row);
            assertThat(jobs.requestedMemoryKib(row)).isGreaterThanOrEqualTo(used[row]);
            usedSum += used[row];
            requestedSum += jobs.requestedMemoryKib(row);
        }
        Arrays.sort(used);

        assertThat((double) used[10_000]).isCloseTo(73_000, within(3_000.0));
        assertThat((double) used[18_000]).isCloseTo(369_000, within(20_000.0));
        assertThat(usedSum / requestedSum).isCloseTo(0.27, within(0.015));
        // 15 % of 4 GiB a core: more than 90 % of jobs at Livermore are below.
        assertThat(Arrays.stream(used).filter(kib -> kib < 0.15 * (4 << 20)).count())
                .isGreaterThan(18_000);
    }

    @Test
    void leavesAsMuchMemoryOfNodesFreeAsPizDaint() {
        long perProcKib = 4 << 20;
        JobTable jobs =
                JobTraceGenerator.generate(
                                new JobTraceModel(
                                        20_000,
                                        256,
                                        16,
                                        0.8,
                                        40,
                                        0,
                                        MemoryModel.pizDaint(perProcKib)),
                                7)
                        .jobs();
        double used = 0;
        double held = 0;
        for (int row = 0; row < jobs.size(); row++) {
            double procSeconds = (double) jobs.procs(row) * jobs.runSeconds(row);
            used += procSeconds * jobs.usedMemoryKib(row);
            held += procSeconds * perProcKib;
        }

        assertThat(1 - used / held).isCloseTo(0.753, within(0.02));
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
