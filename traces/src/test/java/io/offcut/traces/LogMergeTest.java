package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LogMergeTest {
    @Test
    void countsFromTheEarliestStart() {
        SwfLog february = log("; UnixStartTime: 2000\n; MaxProcs: 8\n1 5 0 10 2\n");
        SwfLog january = log("; UnixStartTime: 1000\n; MaxProcs: 4\n1 7 0 20 3\n2 1100 0 30 4\n");

        SwfLog both = LogMerge.of(List.of(february, january));

        assertThat(both.header().maxProcs()).hasValue(4);
        assertThat(submits(both)).containsExactly(7, 1005, 1100);
    }

    @Test
    void takesUndatedLogsToStartTogetherAndKeepsTheirOrder() {
        SwfLog first = log("1 5 0 10 2\n3 9 0 10 2\n");
        SwfLog second = log("; UnixStartTime: 2000\n2 5 0 11 2\n3 9 0 12 2\n");

        SwfLog both = LogMerge.of(List.of(first, second));

        assertThat(submits(both)).containsExactly(5, 5, 9, 9);
        int[] rows = both.jobs().rowsBySubmission();
        assertThat(both.jobs().runSeconds(rows[1])).isEqualTo(11);
        assertThat(both.jobs().runSeconds(rows[3])).isEqualTo(12);
    }

    @Test
    void oneLogIsItself() {
        SwfLog log = log("1 5 0 10 2\n");
        assertThat(LogMerge.of(List.of(log))).isSameAs(log);
    }

    @Test
    void saysInWhatHeadersContradictEachOther() {
        SwfLog small = log("; Computer: SP2\n; MaxProcs: 100\n1 5 0 10 2\n");
        SwfLog large = log("; Computer: SP2\n; MaxProcs: 128\n1 5 0 10 2\n");
        SwfLog silent = log("1 5 0 10 2\n");
        SwfLog other = log("; Computer: Bullx\n; MaxProcs: 100\n1 5 0 10 2\n");
        List<String> three = List.of("a", "b", "c");

        assertThat(LogMerge.contradiction(three, List.of(small, silent, large)))
                .contains("MaxProcs is 100 in a and 128 in c");
        assertThat(LogMerge.contradiction(three, List.of(silent, small, other)))
                .contains("Computer is SP2 in b and Bullx in c");
        assertThat(LogMerge.contradiction(three, List.of(small, silent, small))).isEmpty();
    }

    @Test
    void aMachineThatJobsWereSeenOnIsAsLargeAsAnyLogShowsIt() {
        String head = "JobID|Submit|Start|End|NCPUS|NodeList|State\n";
        SwfLog january =
                Logs.read(
                        head
                                + "1|2024-01-01T00:00:00|2024-01-01T00:00:00|2024-01-01T00:01:00|4|n1|COMPLETED\n");
        SwfLog february =
                Logs.read(
                        head
                                + "2|2024-02-01T00:00:00|2024-02-01T00:00:00|2024-02-01T00:01:00|8|n[1-2]|COMPLETED\n");

        SwfLog both = LogMerge.of(List.of(january, february));

        assertThat(LogMerge.contradiction(List.of("a", "b"), List.of(january, february))).isEmpty();
        assertThat(both.header().maxProcs()).hasValue(8);
        assertThat(both.header().maxNodes()).hasValue(2);
        assertThat(both.header().isOfMachineSeen()).isTrue();
    }

    @Test
    void findsTheLongestTimeOfWhichNoLogTells() {
        SwfLog late = log("; UnixStartTime: 9000\n1 0 0 10 2\n");
        SwfLog first = log("; UnixStartTime: 1000\n1 5 10 3000 2\n2 20 0 1 1\n");
        SwfLog second = log("; UnixStartTime: 2000\n1 7 0 20 3\n");

        assertThat(LogMerge.longestGap(List.of(late, first, second)))
                .contains(new LogMerge.Gap(1, 0, 9000 - 4015));
        assertThat(LogMerge.longestGap(List.of(first, second))).isEmpty();
        assertThat(LogMerge.longestGap(List.of(late, log("1 0 0 10 2\n")))).isEmpty();
    }

    /** Fields 12 to 16 are user, group, program, queue and partition. */
    private static final String JOB = "1 5 0 10 2 -1 -1 2 10 -1 1 %d 1 1 %d 1 -1 -1\n";

    @Test
    void monthsOfOneMachineKeepTheirNumbers() {
        SwfLog january = log("; Computer: SP2\n; UnixStartTime: 1000\n" + JOB.formatted(1, 0));
        SwfLog february = log("; Computer: SP2\n; UnixStartTime: 2000\n" + JOB.formatted(1, 2));

        SwfLog both = LogMerge.of(List.of(january, february));

        assertThat(values(both, SwfField.USER)).containsExactly(1, 1);
        assertThat(values(both, SwfField.QUEUE)).containsExactly(0, 2);
        assertThat(both.header()).isEqualTo(january.header());
    }

    @Test
    void usersOfTwoMachinesAreNotOne() {
        SwfLog one = log("; Computer: SP2\n; Queue: 3 batch\n" + JOB.formatted(7, 3));
        SwfLog other = log("; Computer: Curie\n; Queue: 1 batch\n" + JOB.formatted(7, 1));

        SwfLog both = LogMerge.of(List.of(one, other));

        assertThat(values(both, SwfField.USER)).containsExactly(7, 14);
        assertThat(values(both, SwfField.QUEUE)).containsExactly(3, 4);
        assertThat(both.header().lines())
                .contains(" Queue: 3 batch", " Queue: 4 batch")
                .doesNotContain(" Queue: 1 batch");
    }

    @Test
    void namesDecideWhereThereAreAny() {
        SwfLog one = named("ada", "bob", JOB.formatted(1, -1) + JOB.formatted(2, -1));
        SwfLog other = named("cyd", "ada", JOB.formatted(1, -1) + JOB.formatted(2, -1));

        SwfLog both = LogMerge.of(List.of(one, other));

        assertThat(values(both, SwfField.USER)).containsExactly(1, 2, 3, 1);
        assertThat(both.name(SwfField.USER, 3)).isEqualTo("cyd");
    }

    @Test
    void numbersWithoutANameAreNotOneOnTwoMachinesOfWhichAThirdHasNames() {
        SwfLog one = log("; Computer: SP2\n" + JOB.formatted(3, -1));
        SwfLog other = log("; Computer: Curie\n" + JOB.formatted(3, -1));
        SwfLog names = named("ada", "bob", JOB.formatted(2, -1) + JOB.formatted(3, -1));

        SwfLog all = LogMerge.of(List.of(one, other, names));

        assertThat(values(all, SwfField.USER)).containsExactly(1, 2, 3, 4);
        assertThat(all.names().get(SwfField.USER)).containsExactly("3@1", "3@2", "bob", "3@3");
    }

    @Test
    void numbersWithoutANameStayOneOnOneMachine() {
        SwfLog one = log(JOB.formatted(3, -1));
        SwfLog names = named("ada", "bob", JOB.formatted(2, -1) + JOB.formatted(3, -1));

        SwfLog both = LogMerge.of(List.of(one, names));

        assertThat(values(both, SwfField.USER)).containsExactly(1, 2, 1);
    }

    @Test
    void saysWhatEqualNumbersAreTakenFor() {
        SwfLog silent = log(JOB.formatted(3, -1));
        SwfLog one = log("; Computer: SP2\n" + JOB.formatted(3, -1));
        SwfLog other = log("; Computer: Curie\n" + JOB.formatted(3, -1));
        SwfLog names = named("ada", "bob", JOB.formatted(2, -1));

        assertThat(LogMerge.rule(List.of(silent, one)))
                .isEqualTo(
                        "taken to be of one machine: equal numbers are one user, queue and so on");
        assertThat(LogMerge.rule(List.of(one, other, names)))
                .isEqualTo(
                        "of several machines: equal numbers are not one user, queue and so on;"
                                + " by name: users");
    }

    @Test
    void queuesGoByNameWhereHeadersOfOneMachineContradictEachOther() {
        SwfLog one = log("; Queue: 1 short\n; Queue: 2 long\n" + JOB.formatted(1, 2));
        SwfLog other = log("; Queue: 1 long\n; Queue: 2 short\n" + JOB.formatted(1, 1));

        SwfLog both = LogMerge.of(List.of(one, other));

        assertThat(values(both, SwfField.QUEUE)).containsExactly(1, 1);
        assertThat(both.header().lines()).containsExactly(" Queue: 1 long");
        assertThat(values(both, SwfField.USER)).containsExactly(1, 1);
    }

    @Test
    void jobsStayOnTheNodesThatTheirLogsName() {
        SwfLog one = placed("n1", "n2");
        SwfLog other = placed("n2", "n1");

        JobTable jobs = LogMerge.of(List.of(one, other)).jobs();

        assertThat(jobs.placements().nodes()).containsExactly("n1", "n2");
        assertThat(places(jobs, 0)).containsExactly("n1:0+2", "n2:0+2");
        assertThat(places(jobs, 1)).isEmpty();
        assertThat(places(jobs, 2)).containsExactly("n2:0+2", "n1:0+2");
        assertThat(places(jobs, 3)).isEmpty();
    }

    /** A job on two nodes, then one of which it is not known where it ran. */
    private static SwfLog placed(String first, String second) {
        JobTable.Builder jobs = new JobTable.Builder();
        long[] values = new long[SwfField.COUNT];
        jobs.placements().part(first, 0, 2);
        jobs.placements().part(second, 0, 2);
        jobs.add(values, -1);
        jobs.add(values, -1);
        SwfLog none = log("");
        return none.with(none.header(), jobs.build());
    }

    private static List<String> places(JobTable jobs, int row) {
        List<String> places = new ArrayList<>();
        jobs.placements()
                .forEach(
                        row,
                        (node, nodes, firstCpu, cpus) -> {
                            for (int at = node; at < node + nodes; at++) {
                                places.add(
                                        jobs.placements().nodes().get(at)
                                                + ":"
                                                + firstCpu
                                                + "+"
                                                + cpus);
                            }
                        });
        return places;
    }

    private static SwfLog named(String first, String second, String text) {
        SwfLog log = log(text);
        Map<SwfField, List<String>> names = Map.of(SwfField.USER, List.of(first, second));
        return new SwfLog(log.header(), log.jobs(), log.complaints(), names, null);
    }

    private static long[] values(SwfLog log, SwfField field) {
        long[] values = new long[log.jobs().size()];
        Arrays.setAll(values, row -> log.jobs().value(row, field));
        return values;
    }

    private static long[] submits(SwfLog log) {
        long[] submits = new long[log.jobs().size()];
        int[] rows = log.jobs().rowsBySubmission();
        for (int at = 0; at < submits.length; at++) {
            submits[at] = log.jobs().submitSeconds(rows[at]);
        }
        return submits;
    }

    private static SwfLog log(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        try (SwfReader reader = new SwfReader(new ByteArrayInputStream(bytes), "test")) {
            return reader.readAll();
        }
    }
}
