package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.Complaints.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobLogsTest {
    private static final String SWF = "1 0 0 10 1 -1 -1 1 9 -1 1 1 1 1 1 1 -1 -1\n";

    @ParameterizedTest
    @ValueSource(strings = {".swf", ".swf.gz", ".swf.zst"})
    void readsWhatItWrites(String suffix, @TempDir Path folder) {
        SwfLog sample = SampleTraces.sample256();
        Path file = folder.resolve("log" + suffix);

        LogOutput.write(file, LogOutput.Format.SWF, sample);
        SwfLog again = JobLogs.read(file);

        assertThat(again.header()).isEqualTo(sample.header());
        assertThat(again.jobs().size()).isEqualTo(2_000);
        for (int row = 0; row < 2_000; row++) {
            for (SwfField field : SwfField.values()) {
                assertThat(again.jobs().value(row, field))
                        .isEqualTo(sample.jobs().value(row, field));
            }
        }
        assertThat(folder).isDirectoryContaining("glob:**log" + suffix);
        assertThat(folder.toFile().list()).hasSize(1);
    }

    @Test
    void writesNamesAndPlacesAsCsv() throws IOException {
        SwfLog log =
                Logs.read(
                        "10/01/2017 00:01:38;E;7.m1;user=ann,\"b\" queue=batch ctime=1000 start=1010"
                                + " exec_host=c2/16-31+c3/0 end=1110 Exit_status=0\n");
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        LogOutput.write(out, LogOutput.Format.CSV, log);

        assertThat(out.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "job,submit_seconds,wait_seconds,run_seconds,procs,average_cpu_seconds,"
                                + "used_memory_kib_per_proc,requested_procs,requested_seconds,"
                                + "requested_memory_kib_per_proc,status,user,group,executable,queue,"
                                + "partition,preceding_job,think_seconds,hosts",
                        "7,0,10,100,17,,,17,,,1,\"ann,\"\"b\"\"\",,,batch,,,,c2/16-31+c3/0");
    }

    @Test
    void saysInOneLineWhichFormatsThereAre() {
        assertThatThrownBy(() -> Logs.read("hello,\u0000world\nsecond line\n"))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessage("the log test begins with 'hello,?world': " + JobLogs.FORMATS)
                .hasMessageNotContaining("\n");
    }

    @Test
    void saysWhatAnotherKindOfFileIs() {
        Map<String, String> kinds =
                Map.of(
                        "1647471604\ninvokers: p1\n----\n", "samples of idle nodes",
                        "unix_seconds,node,state\n", "samples of idle nodes",
                        "1647471604,n1,idle\n", "samples of idle nodes",
                        "date,idle_cpus,idle_nodes\n", "samples of a machine as a whole",
                        "app,func,end_timestamp,duration\n", "a function trace",
                        "job,submit,start,end,procs\n", "a table of jobs that Offcut wrote");

        kinds.forEach((text, kind) ->
                assertThatThrownBy(() -> Logs.read(text))
                        .isInstanceOfSatisfying(
                                OffcutException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                        .hasMessageStartingWith("test holds " + kind + ": "));
    }

    @Test
    void readsFramesOfZstdOneAfterTheOther() throws IOException {
        byte[] twice = concat(zstd(SWF), zstd(SWF.replaceFirst("1", "2")));

        assertThat(Logs.read(twice).jobs().size()).isEqualTo(2);
    }

    @Test
    void keepsWhatADamagedArchiveHolds() throws IOException {
        byte[] packed = zstd(SWF.repeat(20_000));
        byte[] noise = gzip(SWF.repeat(20_000));
        Arrays.fill(noise, noise.length - 60, noise.length - 10, (byte) 0x55);

        SwfLog half = Logs.read(Arrays.copyOf(packed, packed.length - 8));
        SwfLog bad = Logs.read(noise);

        assertThat(half.complaints().count(Kind.TRUNCATED)).isEqualTo(1);
        assertThat(bad.complaints().count(Kind.TRUNCATED)).isEqualTo(1);
        assertThat(bad.jobs().size()).isLessThanOrEqualTo(20_000);
    }

    @Test
    void readsAnArchiveThatExpandsAThousandfoldInOneBuffer() throws IOException {
        // 256 MiB of one line, then a job: 260 kB when packed.
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            byte[] mebibyte = new byte[1 << 20];
            Arrays.fill(mebibyte, (byte) ';');
            for (int i = 0; i < 256; i++) {
                out.write(mebibyte);
            }
            out.write(("\n" + SWF).getBytes(StandardCharsets.ISO_8859_1));
        }

        SwfLog log = Logs.read(packed.toByteArray());

        assertThat(log.jobs().size()).isEqualTo(1);
        assertThat(log.complaints().count(Kind.LINE_TOO_LONG)).isEqualTo(1);
    }

    @Test
    void tellsHowFarItHasRead(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("log.swf");
        Files.writeString(file, SWF.repeat(10_000));
        long[] last = new long[1];

        JobLogs.read(file, ZoneOffset.UTC, bytes -> last[0] = bytes);

        assertThat(last[0]).isEqualTo(Files.size(file));
    }

    @Test
    void readsAnEmptyFileAsALogWithoutJobs() {
        assertThat(Logs.read("").jobs().size()).isZero();
        assertThat(Logs.read("\n\n").complaints().total()).isZero();
    }

    private static byte[] zstd(String text) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new ZstdOutputStream(packed)) {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        }
        return packed.toByteArray();
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        }
        return packed.toByteArray();
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
