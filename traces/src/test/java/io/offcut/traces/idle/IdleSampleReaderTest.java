package io.offcut.traces.idle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.testing.Seeds;
import io.offcut.traces.Complaints.Kind;
import io.offcut.traces.Complaints.Located;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdleSampleReaderTest {
    private static final String RECORDS =
            """
            1647471604
            invokers: p2165,p1739
            lowprio      up   12:00:00      3   idle p[0016-0017,0020]
            lowprio      up   12:00:00      1  idle~ p1562
            ----
            1647471618
            invokers:
            ----
            """;

    @Test
    void readsRecordsAndCountsOnlyNodesThatAreIdleOrRunAPilot() {
        assertThat(samples(RECORDS))
                .containsExactly(
                        new IdleSample(
                                1647471604,
                                Set.of("p0016", "p0017", "p0020", "p2165", "p1739"),
                                Set.of("p2165", "p1739")),
                        new IdleSample(1647471618, Set.of(), Set.of()));
    }

    @Test
    void readsRowsAndASampleInWhichNoNodeIsIdle() {
        String rows =
                """
                unix_seconds,node,state
                100,,
                100,n1,idle
                100,n1,idle
                100,n2,idle~
                100,n3,mix
                110,,
                120,n2,idle
                """;

        assertThat(samples(rows))
                .containsExactly(
                        new IdleSample(100, Set.of("n1"), Set.of()),
                        new IdleSample(110, Set.of(), Set.of()),
                        new IdleSample(120, Set.of("n2"), Set.of()));
    }

    @Test
    void leavesOutWhatIsWrongAndSaysWhere() {
        String text =
                """
                soon
                invokers: p1
                ----
                10
                invokers: p[1
                lowprio up idle p2
                lowprio up 12:00:00 1 idle p3
                ----
                5
                ----
                20
                invokers: p1
                30
                invokers: p2
                ----
                40
                """;
        IdleSampleReader reader = reader(text);

        assertThat(all(reader))
                .containsExactly(
                        new IdleSample(10, Set.of("p3"), Set.of()),
                        new IdleSample(30, Set.of("p2"), Set.of("p2")));
        assertThat(reader.complaints().located())
                .containsExactly(
                        new Located(Kind.NOT_A_NUMBER, 1, 0, "soon"),
                        new Located(Kind.NOT_A_RECORD, 5, 0, "p[1"),
                        new Located(Kind.NOT_A_RECORD, 6, 0, "lowprio up idle p2"),
                        new Located(Kind.NOT_LATER, 10, 0, "the sample of 5"),
                        new Located(Kind.SAMPLE_UNFINISHED, 13, 0, "the sample of 20"),
                        new Located(Kind.SAMPLE_UNFINISHED, 16, 0, "the sample of 40"));
        assertThat(reader.complaints().located().getFirst())
                .hasToString("line 1: not a number: soon");
    }

    @Test
    void leavesOutRowsThatAreWrongAndSaysWhere() {
        IdleSampleReader reader =
                reader(
                        "1,a,idle\nx,b,idle\n1,b\n1,c,idle,now\n"
                                + "2".repeat(2_000_000)
                                + "\n3,d,idle");

        assertThat(all(reader))
                .containsExactly(
                        new IdleSample(1, Set.of("a"), Set.of()),
                        new IdleSample(3, Set.of("d"), Set.of()));
        assertThat(reader.complaints().counts())
                .containsEntry(Kind.NOT_A_NUMBER, 1L)
                .containsEntry(Kind.NOT_A_RECORD, 2L)
                .containsEntry(Kind.LINE_TOO_LONG, 1L);
        assertThat(reader.complaints().located().getLast().excerpt()).hasSizeLessThanOrEqualTo(60);
    }

    @Test
    void keepsTheWholeSamplesOfATruncatedArchive() throws IOException {
        StringBuilder rows = new StringBuilder();
        Random random = new Random(1);
        for (int time = 1; time <= 5_000; time++) {
            rows.append(time).append(",n").append(random.nextInt(1 << 30)).append(",idle\n");
        }
        byte[] packed = gzip(rows.toString());
        IdleSampleReader reader = reader(Arrays.copyOf(packed, packed.length / 2));

        List<IdleSample> samples = all(reader);

        assertThat(samples).hasSizeBetween(100, 4_999);
        assertThat(samples.get(99).unixSeconds()).isEqualTo(100);
        assertThat(reader.complaints().counts())
                .containsEntry(Kind.TRUNCATED, 1L)
                .containsEntry(Kind.SAMPLE_UNFINISHED, 1L);
        assertThat(all(reader(packed))).hasSize(5_000);
    }

    @Test
    void readsSamplesCompressedWithZstd() {
        byte[] packed = Zstd.compress("1,a,idle\n2,b,idle\n".getBytes(StandardCharsets.UTF_8));

        assertThat(all(reader(packed)))
                .containsExactly(
                        new IdleSample(1, Set.of("a"), Set.of()),
                        new IdleSample(2, Set.of("b"), Set.of()));
    }

    @Test
    void takesAnyBytesWithoutFailing() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        String[] words = {
            "1647471604",
            "----",
            "invokers:",
            "idle",
            "p[1-3]",
            "p[",
            ",",
            "\n",
            " ",
            "12:00:00",
            "-1",
            "\u0000",
            "é",
            "n1,idle",
            "99999999999999999999",
            "unix_seconds,node,state\n"
        };
        for (int round = 0; round < 500; round++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(60); n > 0; n--) {
                text.append(words[random.nextInt(words.length)]);
            }
            long last = Long.MIN_VALUE;
            for (IdleSample sample : all(reader(text.toString()))) {
                assertThat(sample.unixSeconds()).as("seed %d: %s", seed, text).isGreaterThan(last);
                assertThat(sample.idle()).as("seed %d", seed).containsAll(sample.pilots());
                last = sample.unixSeconds();
            }
        }
    }

    @Test
    void saysWhichFileIsMissingOrHoldsNoSamples(@TempDir Path folder) {
        Path missing = folder.resolve("none.csv");
        assertThatThrownBy(() -> IdleRecord.read(missing))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND))
                .hasMessage("no samples at " + missing + "; check the path");
        assertThatThrownBy(() -> IdleRecord.read(folder))
                .hasMessageContaining("give a text file, plain, gzip or zstd");
        assertThatThrownBy(() -> IdleRecord.read(reader("nothing known\n")))
                .hasMessage(
                        "the test holds 0 samples of idle nodes, two are needed;"
                                + " line 1: not a number: nothing known");
        assertThatThrownBy(() -> IdleRecord.read(reader("")))
                .hasMessageEndingWith("the formats are in docs/reference/idle-samples.md");
    }

    @Test
    void saysWhatAnotherKindOfFileIs() {
        assertThatThrownBy(() -> IdleRecord.read(reader("; MaxProcs: 4\n1 0 0 10 1\n")))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessage(
                        "the test holds a job log: 'offcut trace info' and 'offcut simulate' take"
                                + " it");
        assertThatThrownBy(() -> IdleRecord.read(reader("date,idle_cpus,idle_nodes\n1,2,3\n")))
                .hasMessage(
                        "the test holds samples of a machine as a whole: 'offcut trace idle' takes"
                                + " them");
    }

    static IdleSampleReader reader(String text) {
        return reader(text.getBytes(StandardCharsets.UTF_8));
    }

    private static IdleSampleReader reader(byte[] bytes) {
        return new IdleSampleReader(new ByteArrayInputStream(bytes), "the test");
    }

    private static List<IdleSample> samples(String text) {
        IdleSampleReader reader = reader(text);
        List<IdleSample> samples = all(reader);
        assertThat(reader.complaints().located()).isEmpty();
        return samples;
    }

    private static List<IdleSample> all(IdleSampleReader reader) {
        List<IdleSample> samples = new ArrayList<>();
        for (IdleSample sample = reader.next(); sample != null; sample = reader.next()) {
            samples.add(sample);
        }
        return samples;
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return packed.toByteArray();
    }
}
