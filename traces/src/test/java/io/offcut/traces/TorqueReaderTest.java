package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.testing.SharedData;
import io.offcut.traces.Complaints.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

class TorqueReaderTest {
    private static final String END =
            "10/01/2017 00:01:38;E;520891.m1;user=ann group=lab jobname=x queue=batch ctime=1000"
                    + " start=1010 exec_host=c2/16-31+c3/0,4-7 Resource_List.vmem=8gb"
                    + " Resource_List.walltime=08:00:00 end=1110 Exit_status=0"
                    + " resources_used.cput=01:00:50 resources_used.mem=2100kb\n";

    @Test
    void readsTheRecordsOfEnds() {
        SwfLog log =
                Logs.read(
                        "10/01/2017 00:00:16;Q;520887.m1;queue=batch\n"
                                + END
                                + "10/01/2017 00:02:00;E;520892[3].m1;user=bob ctime=900 start=1010"
                                + " end=1020 exec_host=c2/0+c2/1 Exit_status=271\n");

        assertThat(log.complaints().located()).isEmpty();
        JobTable jobs = log.jobs();
        assertThat(jobs.size()).isEqualTo(2);
        assertThat(jobs.job(0)).isEqualTo(520892);
        assertThat(jobs.procs(0)).isEqualTo(2);
        assertThat(jobs.waitSeconds(0)).isEqualTo(110);
        assertThat(jobs.value(0, SwfField.STATUS)).isEqualTo(5);
        assertThat(jobs.submitSeconds(1)).isEqualTo(100);
        assertThat(jobs.waitSeconds(1)).isEqualTo(10);
        assertThat(jobs.runSeconds(1)).isEqualTo(100);
        assertThat(jobs.procs(1)).isEqualTo(21);
        assertThat(jobs.averageCpuSeconds(1)).isEqualTo(3650 / 21.0);
        assertThat(jobs.usedMemoryKib(1)).isEqualTo(100);
        assertThat(jobs.requestedMemoryKib(1)).isEqualTo(Math.ceilDiv(8 << 20, 21));
        assertThat(jobs.requestedSeconds(1)).isEqualTo(28_800);
        assertThat(log.observed()).isEqualTo(new SwfLog.Window(1020 - 900, 1506816120 - 900));
        assertThat(parts(log, 1)).containsExactly("c2/16*16", "c3/0*1", "c3/4*4");
    }

    private static List<String> parts(SwfLog log, int row) {
        Placements placements = log.jobs().placements();
        List<String> parts = new ArrayList<>();
        placements.forEach(
                row,
                (node, nodes, first, cpus) ->
                        parts.add(placements.nodes().get(node) + "/" + first + "*" + cpus));
        return parts;
    }

    @Test
    void readsThePlacesOfPbs() {
        SwfLog log = Logs.read(END.replace("c2/16-31+c3/0,4-7", "n1/0*16+n2/1*8"));

        assertThat(log.jobs().procs(0)).isEqualTo(24);
        assertThat(parts(log, 0))
                .containsExactly(
                        "n1/" + Placements.UNKNOWN_CPU + "*16",
                        "n2/" + Placements.UNKNOWN_CPU + "*8");
    }

    @Test
    void leavesOutWhatIsNoRecord() {
        SwfLog log =
                Logs.read(END + "half a rec\n99/99/2017 00:01:38;E;1.m;x\n" + END + "\0\0;;;\n");

        assertThat(log.jobs().size()).isEqualTo(2);
        assertThat(log.complaints().count(Kind.NOT_A_RECORD)).isEqualTo(3);
        assertThat(log.complaints().located().getFirst().line()).isEqualTo(2);
    }

    @Test
    void readsMasonAsItsTableSays() throws IOException {
        SwfLog log = JobLogs.read(SharedData.require("jobs/mason_2017-10_12_torque_acct.anon.gz"));

        assertThat(log.complaints().located()).isEmpty();
        assertThat(log.header().maxNodes()).hasValue(18);
        assertThat(log.header().maxProcs()).hasValue(576);
        assertThat(rows(log)).hasSize(16_221).containsExactlyElementsOf(rowsOfTable());
    }

    /** Job, start, end, cores, used memory in KiB and CPU seconds of each job. */
    private static List<String> rows(SwfLog log) {
        JobTable jobs = log.jobs();
        long start = log.header().unixStartTimeSeconds().orElseThrow();
        List<String> rows = new ArrayList<>();
        for (int row = 0; row < jobs.size(); row++) {
            long began = start + jobs.submitSeconds(row) + jobs.waitSeconds(row);
            rows.add(
                    String.join(
                            ",",
                            Long.toString(jobs.job(row)),
                            Long.toString(began),
                            Long.toString(began + jobs.runSeconds(row)),
                            Integer.toString(jobs.procs(row)),
                            Long.toString(jobs.usedMemoryKib(row)),
                            Long.toString(
                                    Math.round(jobs.averageCpuSeconds(row) * jobs.procs(row)))));
        }
        rows.sort(Comparator.naturalOrder());
        return rows;
    }

    private static List<String> rowsOfTable() throws IOException {
        List<String> rows = new ArrayList<>();
        try (BufferedReader table =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(
                                        Files.newInputStream(
                                                SharedData.require("jobs/mason_jobs.csv.gz"))),
                                StandardCharsets.UTF_8))) {
            table.readLine();
            for (String line = table.readLine(); line != null; line = table.readLine()) {
                // Places are quoted, with commas inside.
                String[] cells = line.replaceAll("\"[^\"]*\"", "").split(",", -1);
                int cores = Integer.parseInt(cells[8]);
                rows.add(
                        String.join(
                                ",",
                                cells[0].replaceAll("\\[.*", ""),
                                cells[4],
                                cells[5],
                                cells[8],
                                Long.toString(
                                        Math.ceilDiv(Long.parseLong(cells[12]) / 1024, cores)),
                                cells[14]));
            }
        }
        rows.sort(Comparator.naturalOrder());
        return rows;
    }
}
