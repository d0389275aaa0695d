package io.offcut.traces.transform;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.traces.Complaints;
import io.offcut.traces.JobTable;
import io.offcut.traces.JobTraceGenerator;
import io.offcut.traces.JobTraceModel;
import io.offcut.traces.LogOutput;
import io.offcut.traces.SwfField;
import io.offcut.traces.SwfHeader;
import io.offcut.traces.SwfLog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TransformTest {
    private static final long WEEK = 7 * 86_400;

    /** Eight weeks of jobs, about; the users are numbers. */
    private static final SwfLog LOG =
            JobTraceGenerator.generate(
                    new JobTraceModel(6_000, 256, 16, 0.72, 40, 1_767_225_600L), 5);

    private static final JobFilter ALL =
            new JobFilter(
                    Long.MIN_VALUE,
                    Long.MAX_VALUE,
                    Long.MIN_VALUE,
                    Long.MAX_VALUE,
                    Set.of(),
                    Map.of());

    @Test
    void keepsTheJobsForWhichAllConditionsHold() {
        JobFilter filter =
                new JobFilter(
                        WEEK, 2 * WEEK, 4, 32, Set.of(1), Map.of(SwfField.USER, Set.of("1", "2")));

        JobTable kept = filter.apply(LOG).jobs();

        int expected = 0;
        for (int row = 0; row < LOG.jobs().size(); row++) {
            long submit = LOG.jobs().submitSeconds(row);
            int procs = LOG.jobs().procs(row);
            long user = LOG.jobs().value(row, SwfField.USER);
            expected +=
                    submit >= WEEK && submit < 2 * WEEK && procs >= 4 && procs <= 32 && user <= 2
                            ? 1
                            : 0;
        }
        assertThat(kept.size()).isEqualTo(expected).isPositive();
        assertThat(ALL.apply(LOG).jobs().size()).isEqualTo(6_000);
        assertThat(filter.apply(LOG).header().text("MaxJobs")).isEqualTo("" + expected);
    }

    @Test
    void samplesWholeWeeksAtTheirTimeOfTheWeek() {
        SwfLog sample = JobSample.days(LOG, 21, 3);

        Map<Long, Long> submitOf = new HashMap<>();
        for (int row = 0; row < LOG.jobs().size(); row++) {
            submitOf.put(LOG.jobs().job(row), LOG.jobs().submitSeconds(row));
        }
        Map<Long, Set<Long>> cameFrom = new HashMap<>();
        long last = 0;
        for (int row = 0; row < sample.jobs().size(); row++) {
            long before = submitOf.getOrDefault(sample.jobs().job(row), -1L);
            long now = sample.jobs().submitSeconds(row);
            assertThat(now).isGreaterThanOrEqualTo(last);
            assertThat((before - now) % WEEK).isZero();
            cameFrom.computeIfAbsent(now / WEEK, w -> new HashSet<>()).add(before / WEEK);
            last = now;
        }
        assertThat(cameFrom.keySet()).containsExactlyInAnyOrder(0L, 1L, 2L);
        assertThat(cameFrom.values()).allSatisfy(weeks -> assertThat(weeks).hasSize(1));
        // A week is taken whole.
        long week = cameFrom.getOrDefault(0L, Set.of(-1L)).iterator().next();
        assertThat(countIn(sample.jobs(), 0)).isEqualTo(countIn(LOG.jobs(), week));
        assertThat(sample.header().lines().getLast()).contains("3 of", "weeks", "seed 3");
    }

    private static long countIn(JobTable jobs, long week) {
        long count = 0;
        for (int row = 0; row < jobs.size(); row++) {
            count += jobs.submitSeconds(row) / WEEK == week ? 1 : 0;
        }
        return count;
    }

    @Test
    void samplesAsMuchAsAskedTheSameForOneSeed() throws IOException {
        assertThat(JobSample.jobs(LOG, 1_234, 1).jobs().size()).isEqualTo(1_234);
        assertThat(JobSample.fraction(LOG, 1, 1).jobs().size()).isEqualTo(6_000);
        assertThat(JobSample.days(LOG, 2, 1).header().lines().getLast()).contains("2 of", "days");
        assertThat(text(JobSample.fraction(LOG, .5, 9)))
                .isEqualTo(text(JobSample.fraction(LOG, .5, 9)))
                .isNotEqualTo(text(JobSample.fraction(LOG, .5, 10)));
    }

    @Test
    void leavesNoNameAndNoText() throws IOException {
        SwfLog log = named();

        SwfLog anonymous = JobAnonymizer.apply(log, false);

        assertThat(text(anonymous))
                .doesNotContainIgnoringCase("ann")
                .doesNotContain("Ltd")
                .doesNotContain("4711")
                .contains("; UnixStartTime: 1401580800\n", "; MaxProcs: 8\n")
                .endsWith(
                        """
                        1 604800 1 10 2 -1 -1 2 -1 -1 1 1 -1 -1 1 -1 -1 -1
                        2 604900 1 10 2 -1 -1 2 -1 -1 1 1 -1 -1 2 -1 1 5
                        """);
        assertThat(anonymous.names()).isEmpty();
    }

    @Test
    void shiftsTimesByWholeWeeks() {
        SwfLog shifted = JobAnonymizer.apply(named(), true);
        long before = 1_401_580_800L + 604_800;
        long now =
                shifted.header().unixStartTimeSeconds().orElseThrow()
                        + shifted.jobs().submitSeconds(0);

        assertThat(now).isLessThan(WEEK);
        assertThat((before - now) % WEEK).isZero();
    }

    private static SwfLog named() {
        JobTable.Builder table = new JobTable.Builder();
        table.add(row(4711, WEEK, 7, 2), -1);
        long[] second = row(4712, WEEK + 100, 7, 1);
        second[SwfField.PRECEDING_JOB.column()] = 4711;
        second[SwfField.THINK_TIME.column()] = 5;
        table.add(second, -1);
        return new SwfLog(
                new SwfHeader(
                        List.of(
                                " Installation: Ann Ltd",
                                " MaxProcs: 8 of Ann",
                                " UnixStartTime: 1401580800",
                                " Queue: 1 ann-private")),
                table.build(),
                new Complaints(),
                Map.of(SwfField.USER, List.of("x", "y", "z", "a", "b", "c", "ann")),
                null);
    }

    private static long[] row(long job, long submit, long user, long queue) {
        long[] values = new long[SwfField.COUNT];
        Arrays.fill(values, -1);
        values[SwfField.JOB.column()] = job;
        values[SwfField.SUBMIT.column()] = submit;
        values[SwfField.WAIT.column()] = 1;
        values[SwfField.RUN.column()] = 10;
        values[SwfField.PROCS.column()] = 2;
        values[SwfField.REQUESTED_PROCS.column()] = 2;
        values[SwfField.STATUS.column()] = 1;
        values[SwfField.USER.column()] = user;
        values[SwfField.QUEUE.column()] = queue;
        return values;
    }

    private static String text(SwfLog log) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LogOutput.write(out, LogOutput.Format.SWF, log);
        return out.toString(StandardCharsets.UTF_8);
    }
}
