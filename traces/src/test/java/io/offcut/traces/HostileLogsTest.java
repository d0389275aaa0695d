package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is in a log: it is read with complaints, or refused in one line. */
class HostileLogsTest {
    private static final String SACCT =
            """
            JobID|JobIDRaw|Submit|Start|End|ElapsedRaw|NCPUS|ReqMem|State|NodeList|TotalCPU|MaxRSS|JobName|Comment
            4744528_255|474|2021-10-05T11:26:12|2021-10-05T11:26:12|2021-10-05T11:27:08|56|2|4000Mn|CANCELLED by 7|c[1-4,9]|00:00.010||a|b
            474.batch|474.batch|2021-10-05T11:26:12|2021-10-05T11:26:12||56|2|||||320K||
            475|475|2021-10-05T11:26:12|Unknown|Unknown|0|2|3.5G|PENDING|None assigned|||x
            y|z
            """;
    private static final String TORQUE =
            "10/01/2017 00:01:38;E;520891.m1;user=a group=b jobname=c queue=d ctime=1506830419"
                    + " start=1506830495 exec_host=c2/16-31+c3/0,4-7 Resource_List.vmem=8gb"
                    + " Resource_List.walltime=08:00:00 end=1506830498 Exit_status=0"
                    + " resources_used.cput=01:00:00 resources_used.mem=12kb\n";
    private static final String SWF =
            """
            ; MaxProcs: 4
            ; UnixStartTime: 1
            1 0 0 10 1 2.5 7 1 9 -1 1 1 1 1 1 1 -1 -1
            """;
    private static final List<String> PIECES =
            List.of(
                    "\0\0\0",
                    "99999999999999999999999999",
                    "-9223372036854775808",
                    "|||||||||||||||||||||||||||||||||||||||||",
                    "\n",
                    "[1-999999999]",
                    "[[[[[[[[[[",
                    "a[1-9][1-9][1-9][1-9][1-9][1-9][1-9][1-9]",
                    "1e308",
                    "NaN",
                    "é\u0085",
                    ";;;;;;",
                    "1-1-1-1:::::",
                    "2147483647");

    @Test
    void readsOrRefusesAnythingThatIsNearALog() throws IOException {
        long seed = Seeds.next();
        Random random = new Random(seed);
        for (int run = 0; run < 3_000; run++) {
            String good = List.of(SACCT, TORQUE, SWF).get(run % 3).repeat(1 + random.nextInt(4));
            byte[] bytes = damaged(good, random);
            readsOrRefuses(run % 5 == 0 ? packed(bytes, random) : bytes, seed, run);
        }
    }

    private static void readsOrRefuses(byte[] bytes, long seed, int run) {
        try {
            SwfLog log = Logs.read(bytes);
            assertThat(log.complaints().located()).hasSizeLessThanOrEqualTo(20);
            // What is read can be written and read again.
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            LogOutput.write(out, LogOutput.Format.SWF, log);
            LogOutput.write(OutputStream.nullOutputStream(), LogOutput.Format.CSV, log);
            assertThat(Logs.read(out.toByteArray()).jobs().size()).isEqualTo(log.jobs().size());
        } catch (OffcutException e) {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT);
            assertThat(e.getMessage()).doesNotContain("\n");
        } catch (IOException | RuntimeException e) {
            throw new AssertionError("seed " + seed + " run " + run, e);
        }
    }

    private static byte[] damaged(String text, Random random) {
        StringBuilder damaged = new StringBuilder(text);
        for (int i = random.nextInt(6); i >= 0 && !damaged.isEmpty(); i--) {
            int at = random.nextInt(damaged.length());
            switch (random.nextInt(4)) {
                case 0 -> damaged.setCharAt(at, (char) random.nextInt(256));
                case 1 -> damaged.insert(at, PIECES.get(random.nextInt(PIECES.size())));
                case 2 -> damaged.delete(at, Math.min(damaged.length(), at + random.nextInt(40)));
                default -> damaged.insert(at, "x".repeat(random.nextInt(40_000)));
            }
        }
        return damaged.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] packed(byte[] bytes, Random random) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        byte[] cut = packed.toByteArray();
        if (random.nextBoolean()) {
            cut[random.nextInt(cut.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return Arrays.copyOf(cut, cut.length - random.nextInt(cut.length / 2));
    }

    @Test
    void readsOrRefusesAnythingThatIsNearAFunctionTrace(@TempDir Path folder) throws IOException {
        Random random = new Random(Seeds.next());
        String day =
                """
                HashFunction,HashApp,minute_1,minute_2
                f,a,3,4
                g,a,0,1
                """;
        String durations =
                """
                HashFunction,percentile_Average_0,percentile_Average_1,percentile_Average_25,\
                percentile_Average_50,percentile_Average_75,percentile_Average_99,\
                percentile_Average_100
                f,1,2,3,4,5,6,7
                """;
        for (int run = 0; run < 300; run++) {
            Files.write(folder.resolve("invocations.csv"), damaged(day, random));
            Files.write(folder.resolve("durations.csv"), damaged(durations, random));
            try {
                FunctionTrace trace = AzureFunctions.read(folder, 1);
                for (int call = 1; call < trace.calls(); call++) {
                    assertThat(trace.arrivalMillis(call))
                            .isGreaterThanOrEqualTo(trace.arrivalMillis(call - 1));
                }
            } catch (OffcutException e) {
                assertThat(e.code()).isIn(ErrorCode.INVALID_INPUT, ErrorCode.TOO_LARGE);
            }
        }
    }

    @Test
    void triesARecordOfManyLinesNotOncePerLine() {
        // Each line could go on with the record before it, and none completes it.
        String log = "JobID|Submit|Comment|Start\n" + "1|x|\n".repeat(200_000);

        SwfLog read = Logs.read(log);

        assertThat(read.jobs().size()).isZero();
        assertThat(read.complaints().droppedLines()).isPositive();
    }
}
