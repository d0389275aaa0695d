package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.Complaints.Kind;
import io.offcut.traces.Complaints.Located;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SwfMalformedTest {
    private static final String REST = " -1 -1 1 9 -1 1 1 1 1 1 1 -1 -1";

    @Test
    void countsAndLocatesWhatIsWrong() {
        SwfLog log =
                read(
                        "; MaxProcs: 4",
                        "1 0 0 10 1" + REST,
                        "2 1 0 ten 1" + REST,
                        "3 2 0",
                        "4 3 0 10 1",
                        "5 4 0 10 1" + REST + " 99",
                        "6 5 0 10 1 -1 lots 1 9 -1 1 1 1 1 1 1 -1 -1",
                        "7 6 0 99999999999 1" + REST,
                        "8 7 0 10.5 1" + REST,
                        "9 1 0 10 1" + REST);

        Complaints complaints = log.complaints();
        assertThat(complaints.located())
                .containsExactly(
                        new Located(Kind.NOT_A_NUMBER, 3, 4, "ten"),
                        new Located(Kind.TOO_SHORT, 4, 0, "3 2 0"),
                        new Located(Kind.MISSING_FIELDS, 5, 0, "4 3 0 10 1"),
                        new Located(Kind.EXTRA_FIELDS, 6, 0, "99"),
                        new Located(Kind.FIELD_UNREADABLE, 7, 7, "lots"),
                        new Located(Kind.OUT_OF_RANGE, 8, 4, "99999999999"),
                        new Located(Kind.FRACTION, 9, 4, "10.5"),
                        new Located(Kind.OUT_OF_ORDER, 10, 2, "9 1 0 10 1" + REST));
        assertThat(complaints.total()).isEqualTo(8);
        assertThat(complaints.droppedLines()).isEqualTo(3);
        assertThat(complaints.located().getFirst())
                .hasToString("line 3, field 4: not a number: ten");
        assertThat(jobNumbers(log.jobs())).containsExactly(1, 4, 5, 6, 8, 9);
        assertThat(log.jobs().usedMemoryKib(3)).isEqualTo(-1);
        assertThat(log.jobs().runSeconds(4)).isEqualTo(10);
        assertThat(log.jobs().value(1, SwfField.THINK_TIME)).isEqualTo(-1);
    }

    @Test
    void passesOverALineThatDoesNotEnd() {
        SwfLog log = read("1 0 0 10 1" + REST, "2".repeat(100_000), "3 2 0 10 1" + REST);

        assertThat(log.complaints().count(Kind.LINE_TOO_LONG)).isEqualTo(1);
        assertThat(log.complaints().located().getFirst().line()).isEqualTo(2);
        assertThat(log.complaints().located().getFirst().excerpt()).hasSizeLessThanOrEqualTo(60);
        assertThat(jobNumbers(log.jobs())).containsExactly(1, 3);
    }

    @Test
    void countsAllComplaintsAndLocatesTheFirst() {
        String[] lines = new String[1_000];
        Arrays.fill(lines, "x");
        Complaints complaints = read(lines).complaints();

        assertThat(complaints.count(Kind.NOT_A_NUMBER)).isEqualTo(1_000);
        assertThat(complaints.located()).hasSize(Complaints.MAX_LOCATED);
    }

    @Test
    void keepsWhatATruncatedArchiveHolds() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int job = 1; job <= 5_000; job++) {
            text.append(job)
                    .append(' ')
                    .append(job * 17L)
                    .append(" 0 10 1")
                    .append(REST)
                    .append('\n');
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(text.toString().getBytes(StandardCharsets.ISO_8859_1));
        }
        byte[] half = Arrays.copyOf(packed.toByteArray(), packed.size() / 2);

        SwfLog log = SwfRoundTripTest.read(half);

        assertThat(log.complaints().count(Kind.TRUNCATED)).isEqualTo(1);
        assertThat(log.jobs().size()).isBetween(100, 4_999);
        assertThat(log.jobs().submitSeconds(99)).isEqualTo(1_700);
    }

    @Test
    void readsAnEmptyLog() {
        SwfLog log = read();

        assertThat(log.jobs().size()).isZero();
        assertThat(log.complaints().total()).isZero();
    }

    @Test
    void saysWhichFileIsMissing(@TempDir Path folder) {
        Path missing = folder.resolve("none.swf");

        assertThatThrownBy(() -> SwfReader.read(missing))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND))
                .hasMessageContaining(missing.toString());
        assertThatThrownBy(() -> SwfReader.read(folder))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessageEndingWith(": Is a directory; " + JobLogs.FORMATS);
    }

    @Test
    void saysThatAFileMayNotBeReadAndWhatToLookAt() {
        InputStream forbidden =
                new FilterInputStream(InputStream.nullInputStream()) {
                    @Override
                    public int read(byte[] into, int from, int count) throws IOException {
                        throw new AccessDeniedException("/logs/a.swf");
                    }
                };

        assertThatThrownBy(() -> new SwfReader(forbidden, "/logs/a.swf"))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.FORBIDDEN))
                .hasMessage(
                        "cannot read the job log /logs/a.swf: permission denied; check its owner"
                                + " and mode");
    }

    private static SwfLog read(String... lines) {
        return SwfRoundTripTest.read(
                String.join("\n", lines).getBytes(StandardCharsets.ISO_8859_1));
    }

    private static long[] jobNumbers(JobTable jobs) {
        long[] numbers = new long[jobs.size()];
        Arrays.setAll(numbers, jobs::job);
        return numbers;
    }
}
