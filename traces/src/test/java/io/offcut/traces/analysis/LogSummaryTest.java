package io.offcut.traces.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.offcut.testing.SharedData;
import io.offcut.traces.Complaints;
import io.offcut.traces.JobLogs;
import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import io.offcut.traces.SwfHeader;
import io.offcut.traces.SwfLog;
import io.offcut.traces.SwfLog.Window;
import io.offcut.traces.analysis.LogSummary.CpuUse;
import io.offcut.traces.analysis.LogSummary.MemoryUse;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogSummaryTest {
    /** A machine of 4 cores: job 1 on 2 of them from 10 to 40, job 2 on 3 from 40 to 100. */
    private static final SwfLog SMALL = log(4, row(1, 0, 10, 30, 2), row(2, 20, 20, 60, 3));

    @Test
    void addsUpWhatJobsHold() {
        LogSummary summary = LogSummary.of(SMALL, 0, null);

        assertThat(summary.window()).isEqualTo(new Window(10, 100));
        assertThat(summary.allocated()).isEqualTo((2 * 30 + 3 * 60) / (4.0 * 90));
        assertThat(summary.coreHours()).isEqualTo(240 / 3600.0);
        assertThat(summary.mostProcs()).isEqualTo(3);
        assertThat(summary.allocatedOverTime()).hasSize(60).startsWith(.5).endsWith(.75);
        assertThat(LogSummary.of(SMALL, 8, null).allocated()).isEqualTo(240 / (8.0 * 90));
    }

    @Test
    void cutsJobsAtTheWindow() {
        LogSummary summary = LogSummary.of(SMALL, 0, new Window(30, 50));

        assertThat(summary.allocated()).isEqualTo((2 * 10 + 3 * 10) / (4.0 * 20));
    }

    @Test
    void tellsHowLongCoresStayIdle() {
        // 2 cores idle from 10 on; at 40 job 2 takes the two just freed and one of those.
        IdleLengths idle = Optional.ofNullable(LogSummary.of(SMALL, 0, null).idle()).orElseThrow();

        assertThat(idle.of()).isEqualTo("cores");
        assertThat(idle.count()).isEqualTo(2);
        assertThat(idle.hours()).isEqualTo((30 + 90) / 3600.0);
        assertThat(idle.quantileSeconds()).containsExactly(30L, 30L, 30L, 90L, 90L);
        assertThat(idle.pieces().stream().mapToDouble(IdleLengths.Piece::shareOfCount).sum())
                .isCloseTo(1, within(1e-12));
        assertThat(idle.pieces().get(2).fromSeconds()).isEqualTo(30);
        assertThat(idle.pieces().get(2).shareOfTime()).isEqualTo(.25);
    }

    @Test
    void whatIsHeldAndWhatIsIdleAreTheMachine() {
        SwfLog log = JobLogs.read(SharedData.require("jobs/UniLu-Gaia-2014-1.swf.gz"));
        LogSummary summary = LogSummary.of(log, 0, null);
        IdleLengths idle = Optional.ofNullable(summary.idle()).orElseThrow();

        assertThat(summary.coreHours() + idle.hours())
                .isCloseTo(2_004 * summary.window().seconds() / 3600.0, within(1e-3));
    }

    @Test
    void doubtsWhatIsNotToBeBelieved() {
        long[] sentinel = row(7, 0, 0, 10, 9);
        sentinel[SwfField.REQUESTED_TIME.column()] = Integer.MAX_VALUE;
        long[] long1 = row(7, 1, 0, 1000, 1);
        long1[SwfField.REQUESTED_TIME.column()] = 60;
        long[] never = row(8, 2, 5, 0, 1);

        List<Suspicion> found = LogSummary.of(log(4, sentinel, long1, never), 0, null).suspicious();

        assertThat(found)
                .extracting(Suspicion::name, Suspicion::count, Suspicion::firstJob)
                .containsExactly(
                        tuple("sentinels", 1L, 7L),
                        tuple("neverRan", 1L, 8L),
                        tuple("largerThanMachine", 1L, 7L),
                        tuple("ranOverLimit", 1L, 7L),
                        tuple("allocatedOverMachine", 10L, -1L),
                        tuple("sameNumber", 1L, 7L));
        assertThat(found).allSatisfy(one -> assertThat(one.meaning()).hasSizeGreaterThan(30));
    }

    @Test
    void readsALogWithoutJobs() {
        LogSummary summary = LogSummary.of(log(4), 0, null);

        assertThat(summary.jobs()).isZero();
        assertThat(summary.allocated()).isZero();
        assertThat(summary.suspicious()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "CEA-Curie-2011-2.1-cln.swf.gz, 312826, .620",
        "UniLu-Gaia-2014-1.swf.gz, 51987, .457",
        "KTH-SP2-1996-2.swf.gz, 28489, .704",
        "mason_2017-10_12_torque_acct.anon.gz, 16221, .393",
    })
    void knowsTheAllocationOfRealLogs(String name, int jobs, double allocated) {
        LogSummary summary =
                LogSummary.of(JobLogs.read(SharedData.require("jobs/" + name)), 0, null);

        assertThat(summary.jobs()).isEqualTo(jobs);
        assertThat(summary.allocated()).isCloseTo(allocated, within(.0005));
    }

    @Test
    void knowsTheLoadOfALogWithoutWaits() {
        SwfLog log = JobLogs.read(SharedData.require("jobs/lublin_256.swf.gz"));
        LogSummary summary = LogSummary.of(log, 0, null);

        assertThat(summary.hasWaits()).isFalse();
        assertThat(summary.idle()).isNull();
        assertThat(summary.allocated()).isCloseTo(1.06, within(.005));
        assertThat(summary.missing()).containsEntry("wait", 10_000);
    }

    @Test
    void knowsWhatGaiaUsed() {
        SwfLog log = JobLogs.read(SharedData.require("jobs/UniLu-Gaia-2014-1.swf.gz"));
        LogSummary summary = LogSummary.of(log, 0, null);
        CpuUse cpu = Optional.ofNullable(summary.cpu()).orElseThrow();
        MemoryUse memory = Optional.ofNullable(summary.memory()).orElseThrow();

        assertThat(cpu.shareOfAllocated()).isCloseTo(.18, within(.005));
        assertThat(memory.medianKibPerProc()).isBetween(72_000L, 74_000L);
        assertThat(memory.p90KibPerProc()).isBetween(368_000L, 370_000L);
        assertThat(memory.shareOfRequested()).isEqualTo(-1);
    }

    @Test
    void knowsWhatMasonUsed() {
        SwfLog log = JobLogs.read(SharedData.require("jobs/mason_2017-10_12_torque_acct.anon.gz"));
        LogSummary summary = LogSummary.of(log, 0, null);
        CpuUse cpu = Optional.ofNullable(summary.cpu()).orElseThrow();
        MemoryUse memory = Optional.ofNullable(summary.memory()).orElseThrow();
        IdleLengths idle = Optional.ofNullable(summary.idle()).orElseThrow();

        assertThat(summary.machineNodes()).isEqualTo(18);
        assertThat(summary.nodesBusy()).isCloseTo(.595, within(.0005));
        assertThat(cpu.shareOfAllocated()).isCloseTo(.39, within(.005));
        assertThat(memory.shareOfRequested()).isCloseTo(.27, within(.005));
        assertThat(idle.of()).isEqualTo("nodes");
        assertThat(idle.hours())
                .isCloseTo(
                        (1 - summary.nodesBusy()) * 18 * summary.window().seconds() / 3600,
                        within(1e-6));
    }

    @Test
    void knowsTheTrapsOfCurie() {
        SwfLog log = JobLogs.read(SharedData.require("jobs/CEA-Curie-2011-2.1-cln.swf.gz"));
        LogSummary summary = LogSummary.of(log, 0, null);

        assertThat(summary.missing()).containsEntry("requested-procs", 84_604);
        assertThat(summary.suspicious())
                .filteredOn(one -> one.name().equals("sentinels"))
                .extracting(Suspicion::count)
                .containsExactly(3L);
        assertThat(summary.suspicious())
                .filteredOn(one -> one.name().equals("ranOverLimit"))
                .extracting(Suspicion::count)
                .containsExactly(634L);
    }

    private static SwfLog log(int procs, long[]... rows) {
        JobTable.Builder table = new JobTable.Builder();
        for (long[] row : rows) {
            table.add(row, -1);
        }
        return new SwfLog(
                new SwfHeader(List.of(" MaxProcs: " + procs)), table.build(), new Complaints());
    }

    private static long[] row(long job, long submit, long wait, long run, long procs) {
        long[] values = new long[SwfField.COUNT];
        Arrays.fill(values, -1);
        values[SwfField.JOB.column()] = job;
        values[SwfField.SUBMIT.column()] = submit;
        values[SwfField.WAIT.column()] = wait;
        values[SwfField.RUN.column()] = run;
        values[SwfField.PROCS.column()] = procs;
        return values;
    }
}
