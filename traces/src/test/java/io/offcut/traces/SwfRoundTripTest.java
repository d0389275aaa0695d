package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SwfRoundTripTest {
    private static final String TEXT =
            """
            ; Version: 2.2
            ;MaxProcs: 128 processors
            ; MaxNodes: 8
            ; UnixStartTime: 843480031
            ; Note: a note: with colons
            1 0 5 100 4 2.5 1024 4 200 2048 1 7 8 9 10 11 -1 -1
            2 10 -1 0 1 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 1 30
            3 1400749079 -1 2147483647 1 0.125 99999999999 -1 -1 -1 5 -1 -1 -1 -1 -1 -1 -1
            """;

    @Test
    void readsEveryFieldAndWritesTheSameBytes() throws IOException {
        SwfLog log = read(TEXT.getBytes(StandardCharsets.ISO_8859_1));

        assertThat(log.complaints().total()).isZero();
        JobTable jobs = log.jobs();
        assertThat(jobs.size()).isEqualTo(3);
        assertThat(jobs.job(0)).isEqualTo(1);
        assertThat(jobs.waitSeconds(0)).isEqualTo(5);
        assertThat(jobs.runSeconds(0)).isEqualTo(100);
        assertThat(jobs.procs(0)).isEqualTo(4);
        assertThat(jobs.averageCpuSeconds(0)).isEqualTo(2.5);
        assertThat(jobs.usedMemoryKib(0)).isEqualTo(1024);
        assertThat(jobs.requestedProcs(0)).isEqualTo(4);
        assertThat(jobs.requestedSeconds(0)).isEqualTo(200);
        assertThat(jobs.requestedMemoryKib(0)).isEqualTo(2048);
        assertThat(jobs.value(0, SwfField.PARTITION)).isEqualTo(11);
        assertThat(jobs.value(1, SwfField.THINK_TIME)).isEqualTo(30);
        assertThat(jobs.submitSeconds(2)).isEqualTo(1_400_749_079L);
        assertThat(jobs.usedMemoryKib(2)).isEqualTo(99_999_999_999L);
        assertThat(written(log)).isEqualTo(TEXT);
    }

    @Test
    void readsHeaderFieldsByLabel() {
        SwfHeader header = read(TEXT.getBytes(StandardCharsets.ISO_8859_1)).header();

        assertThat(header.maxProcs()).hasValue(128);
        assertThat(header.maxNodes()).hasValue(8);
        assertThat(header.unixStartTimeSeconds()).hasValue(843_480_031L);
        assertThat(header.text("note")).isEqualTo("a note: with colons");
        assertThat(header.text("TimeZone")).isEmpty();
        assertThat(header.number("Version")).hasValue(2);
    }

    @Test
    void readsGzipWhateverItsName(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("log.txt");
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(TEXT.getBytes(StandardCharsets.ISO_8859_1));
        }

        assertThat(written(SwfReader.read(file))).isEqualTo(TEXT);
    }

    @Test
    void readsCarriageReturnsTabsAndALastLineWithoutEnd() {
        SwfLog log =
                read(
                        "; MaxProcs: 4\r\n\t1  2\t3 4 5 -1 -1 5 9 -1 1 1 1 1 1 1 -1 -1\r\n\r\n 2 3 4 5 6 -1 -1 5 9 -1 1 1 1 1 1 1 -1 7"
                                .getBytes(StandardCharsets.ISO_8859_1));

        assertThat(log.complaints().total()).isZero();
        assertThat(log.jobs().size()).isEqualTo(2);
        assertThat(log.jobs().procs(0)).isEqualTo(5);
        assertThat(log.jobs().value(1, SwfField.THINK_TIME)).isEqualTo(7);
        assertThat(log.header().maxProcs()).hasValue(4);
    }

    @Test
    void writesAnotherWaitForASchedule() throws IOException {
        SwfLog log = read(TEXT.getBytes(StandardCharsets.ISO_8859_1));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new SwfWriter(out, SwfHeader.EMPTY.with("MaxProcs", "9")).write(log.jobs(), 1, 77);

        assertThat(out.toString(StandardCharsets.ISO_8859_1))
                .isEqualTo("; MaxProcs: 9\n2 10 77 0 1 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 1 30\n");
    }

    static SwfLog read(byte[] bytes) {
        try (SwfReader reader = new SwfReader(new ByteArrayInputStream(bytes), "test")) {
            return reader.readAll();
        }
    }

    static String written(SwfLog log) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        SwfWriter.write(out, log.header(), log.jobs());
        return out.toString(StandardCharsets.ISO_8859_1);
    }
}
