package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.testing.SharedData;
import io.offcut.traces.Complaints.Kind;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SacctReaderTest {
    private static final String SAMPLES = "jobs/ubccr-slurm-sim/sacct-samples/";

    @Test
    void readsJobsWhateverTheOrderOfColumns() {
        SwfLog log =
                Logs.read(
                        """
                        State|NCPUS|JobID|Submit|Start|End|Timelimit|ReqMem|NNodes|NodeList|User|Partition|JobName
                        COMPLETED|64|12|2021-10-05T11:26:12|2021-10-05T11:26:22|2021-10-05T12:26:22|1-02:03:04|3.5Gn|2|b[002-003]|ann|fat|a
                        FAILED|1|11|2021-10-05T11:00:00|2021-10-05T11:00:00|2021-10-05T11:00:30|UNLIMITED|4000Mc|1|b003|bob|thin|b
                        """);

        assertThat(log.complaints().located()).isEmpty();
        JobTable jobs = log.jobs();
        assertThat(jobs.size()).isEqualTo(2);
        assertThat(jobs.job(0)).isEqualTo(11);
        assertThat(jobs.submitSeconds(0)).isZero();
        assertThat(jobs.runSeconds(0)).isEqualTo(30);
        assertThat(jobs.requestedSeconds(0)).isEqualTo(-1);
        assertThat(jobs.requestedMemoryKib(0)).isEqualTo(4000 * 1024);
        assertThat(jobs.value(0, SwfField.STATUS)).isZero();
        assertThat(jobs.submitSeconds(1)).isEqualTo(26 * 60 + 12);
        assertThat(jobs.waitSeconds(1)).isEqualTo(10);
        assertThat(jobs.runSeconds(1)).isEqualTo(3600);
        assertThat(jobs.procs(1)).isEqualTo(64);
        assertThat(jobs.requestedSeconds(1)).isEqualTo(86_400 + 2 * 3600 + 3 * 60 + 4);
        assertThat(jobs.requestedMemoryKib(1)).isEqualTo(2 * 3_670_016 / 64);
        assertThat(jobs.value(1, SwfField.STATUS)).isEqualTo(1);
        assertThat(log.name(SwfField.USER, jobs.value(1, SwfField.USER))).isEqualTo("ann");
        assertThat(log.name(SwfField.PARTITION, jobs.value(0, SwfField.PARTITION)))
                .isEqualTo("thin");
        assertThat(log.header().unixStartTimeSeconds()).hasValue(1_633_431_600L);
        assertThat(log.header().maxNodes()).hasValue(2);
    }

    @Test
    void tellsWhereJobsRan() {
        SwfLog log =
                Logs.read(
                        """
                        JobIDRaw|Submit|Start|Elapsed|AllocCPUS|NodeList|State
                        1|2021-10-05T11:00:00|2021-10-05T11:00:00|00:01:00|96|n[08-10],x1|COMPLETED
                        2|2021-10-05T11:00:01|2021-10-05T11:00:01|00:01:00|4|n09|COMPLETED
                        """);

        assertThat(log.jobs().placements().nodes()).containsExactly("n08", "n09", "n10", "x1");
        assertThat(parts(log, 0)).containsExactly("0+4 of 24");
        assertThat(parts(log, 1)).containsExactly("1+1 of 4");
        assertThat(log.header().maxProcs()).hasValue(100);
    }

    private static List<String> parts(SwfLog log, int row) {
        List<String> parts = new ArrayList<>();
        log.jobs()
                .placements()
                .forEach(
                        row,
                        (node, nodes, first, cpus) ->
                                parts.add(node + "+" + nodes + " of " + cpus));
        return parts;
    }

    @Test
    void takesMemoryFromStepsAndCpuFromTheJob() {
        SwfLog log =
                Logs.read(
                        """
                        JobID|Submit|Start|ElapsedRaw|NCPUS|TotalCPU|MaxRSS|NTasks|State
                        7|2021-10-05T11:00:00|2021-10-05T11:00:00|100|4|03:20.500|||COMPLETED
                        7.batch|2021-10-05T11:00:00|2021-10-05T11:00:00|100|4|03:20.500|320K|1|COMPLETED
                        7.0|2021-10-05T11:00:00|2021-10-05T11:00:00|100|4|00:00|2M|8|COMPLETED
                        9.0|2021-10-05T11:00:00|2021-10-05T11:00:00|100|4|00:00|9G|8|COMPLETED
                        """);

        assertThat(log.jobs().size()).isEqualTo(1);
        assertThat(log.jobs().averageCpuSeconds(0)).isEqualTo(200.5 / 4);
        assertThat(log.jobs().usedMemoryKib(0)).isEqualTo(8 * 2048 / 4);
        assertThat(log.complaints().count(Kind.STEP_WITHOUT_JOB)).isEqualTo(1);
        assertThat(log.complaints().located().getFirst().line()).isEqualTo(5);
    }

    @Test
    void putsCommandLinesOfSeveralLinesTogether() {
        SwfLog log =
                Logs.read(
                        """
                        JobID|Submit|SubmitLine|Start|ElapsedRaw|NCPUS|Comment
                        1|2021-10-05T11:00:00|sbatch --wrap=a | b|2021-10-05T11:00:00|10|2|first
                        2|2021-10-05T11:00:01|sbatch <<EOF
                        grep x | sort
                        | uniq
                        EOF|2021-10-05T11:00:02|20|3|two
                        lines
                        3|2021-10-05T11:00:03|x|2021-10-05T11:00:03|30|4|
                        """);

        assertThat(log.complaints().located()).isEmpty();
        assertThat(log.jobs().size()).isEqualTo(3);
        assertThat(log.jobs().runSeconds(1)).isEqualTo(20);
        assertThat(log.jobs().waitSeconds(1)).isEqualTo(1);
        assertThat(log.jobs().procs(2)).isEqualTo(4);
    }

    @Test
    void goesOnAfterARecordThatWasCut() {
        SwfLog log =
                Logs.read(
                        """
                        JobID|Submit|Start|ElapsedRaw|NCPUS
                        1|2021-10-05T11:00:00|2021-10-05T11:0
                        2|2021-10-05T11:00:00|2021-10-05T11:00:00|20|3
                        |||
                        3|2021-10-05T11:00:01|2021-10-05T11:00:01|30|4
                        """);

        assertThat(log.jobs().size()).isEqualTo(2);
        assertThat(log.complaints().count(Kind.TOO_SHORT)).isEqualTo(2);
        assertThat(log.complaints().located().getFirst().line()).isEqualTo(2);
        assertThat(log.jobs().job(0)).isEqualTo(2);
        assertThat(log.jobs().job(1)).isEqualTo(3);
    }

    @Test
    void keepsJobsThatNeverStartedWithoutTimes() {
        SwfLog log =
                Logs.read(
                        """
                        JobID|Submit|Start|End|ElapsedRaw|NCPUS|ReqCPUS|NodeList|State
                        5_[7-9%2]|2021-10-05T11:00:00|Unknown|Unknown|0|8|8|None assigned|PENDING
                        6|2021-10-05T11:00:01|2021-10-05T12:00:00|2021-10-05T12:00:00|0|8|8|None assigned|CANCELLED by 1000
                        7|2021-10-05T11:00:02|2021-10-05T11:00:04|Unknown|60|8|8|n1|RUNNING
                        """);

        JobTable jobs = log.jobs();
        assertThat(jobs.size()).isEqualTo(3);
        assertThat(jobs.job(0)).isEqualTo(5);
        for (int row = 0; row < 2; row++) {
            assertThat(jobs.waitSeconds(row)).isEqualTo(-1);
            assertThat(jobs.runSeconds(row)).isEqualTo(-1);
            assertThat(jobs.procs(row)).isEqualTo(-1);
            assertThat(jobs.requestedProcs(row)).isEqualTo(8);
        }
        assertThat(jobs.value(0, SwfField.STATUS)).isEqualTo(-1);
        assertThat(jobs.value(1, SwfField.STATUS)).isEqualTo(5);
        assertThat(jobs.waitSeconds(2)).isEqualTo(2);
        assertThat(jobs.runSeconds(2)).isEqualTo(60);
        assertThat(log.complaints().count(Kind.UNFINISHED)).isEqualTo(2);
        assertThat(log.complaints().droppedLines()).isZero();
    }

    @Test
    void takesTimesInTheZoneGiven() {
        String text =
                """
                JobID|Submit|Start|ElapsedRaw|NCPUS
                1|2021-10-05T11:00:00|2021-10-05T11:00:00|20|3
                """;

        try (LogInput in =
                LogInput.of(
                        new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)),
                        "test",
                        LogInput.Content.JOB_LOG)) {
            SwfLog log = JobLogs.read(in, ZoneId.of("Europe/Berlin"));
            assertThat(log.header().unixStartTimeSeconds()).hasValue(1_633_431_600L - 7200);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "sacct_simple.log, 4, 0",
        "sacct_dump2101.log, 12, 1",
        "sacct_dump2110.log, 5, 0",
        "sacct_submitline_multiline.log, 6, 1",
    })
    void readsRealDumps(String name, int jobs, int dropped) {
        SwfLog log = JobLogs.read(SharedData.require(SAMPLES + name));

        assertThat(log.jobs().size()).as("%s", log.complaints().located()).isEqualTo(jobs);
        assertThat(log.complaints().droppedLines()).isEqualTo(dropped);
    }

    @Test
    void readsWhatARealDumpSays() {
        SwfLog log = JobLogs.read(SharedData.require(SAMPLES + "sacct_dump2101.log"));
        JobTable jobs = log.jobs();
        int row = 0;
        while (jobs.job(row) != 4822203) {
            row++;
        }

        assertThat(jobs.waitSeconds(row)).isEqualTo(2 * 86_400 + 3600 + 43 * 60 + 54);
        assertThat(jobs.runSeconds(row)).isEqualTo(128_930);
        assertThat(jobs.procs(row)).isEqualTo(25);
        assertThat(jobs.averageCpuSeconds(row))
                .isEqualTo((7 * 86_400 + 17 * 3600 + 56 * 60 + 25) / 25.0);
        assertThat(jobs.usedMemoryKib(row)).isEqualTo(Math.ceilDiv(141_309_400, 25));
        assertThat(jobs.requestedMemoryKib(row)).isEqualTo(550_000 * 1024 / 25);
        assertThat(jobs.requestedSeconds(row)).isEqualTo(2400 * 60);
        assertThat(log.name(SwfField.USER, jobs.value(row, SwfField.USER))).isEqualTo("user004");
    }
}
