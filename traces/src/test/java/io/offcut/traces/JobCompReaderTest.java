package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.traces.Complaints.Kind;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobCompReaderTest {
    // As a Slurm 22.05 wrote it, but for users and folders.
    private static final String FIRST =
            "JobId=1 UserId=ada(1001) GroupId=lab(100) Name=two nodes JobState=COMPLETED"
                    + " Partition=batch TimeLimit=60 StartTime=2026-11-27T02:00:11"
                    + " EndTime=2026-11-27T02:00:46 NodeList=n[1-2] NodeCnt=2 ProcCnt=8"
                    + " WorkDir=/home/ada ReservationName= Tres=cpu=2,mem=1000M,node=2,billing=2"
                    + " Account= QOS= WcKey= Cluster=unknown SubmitTime=2026-11-27T02:00:10"
                    + " EligibleTime=2026-11-27T02:00:10 DerivedExitCode=0:0 ExitCode=0:0 \n";

    @Test
    void readsAJobAsSlurmWroteIt() {
        SwfLog log = read(FIRST);
        JobTable jobs = log.jobs();

        assertThat(log.complaints().total()).isZero();
        assertThat(jobs.size()).isEqualTo(1);
        assertThat(jobs.waitSeconds(0)).isEqualTo(1);
        assertThat(jobs.runSeconds(0)).isEqualTo(35);
        assertThat(jobs.procs(0)).isEqualTo(8);
        assertThat(jobs.requestedSeconds(0)).isEqualTo(3600);
        assertThat(jobs.requestedMemoryKib(0)).isEqualTo(1000 * 1024 / 8);
        assertThat(log.names())
                .containsEntry(SwfField.USER, List.of("ada"))
                .containsEntry(SwfField.EXECUTABLE, List.of("two nodes"))
                .containsEntry(SwfField.PARTITION, List.of("batch"));
        assertThat(log.header().maxNodes()).hasValue(2);
        assertThat(log.header().maxProcs()).hasValue(8);
    }

    @Test
    void takesANameThatLooksLikeTheRestAsAName() {
        SwfLog log = read(FIRST.replace("two nodes", "x JobState=FAILED Partition=p"));

        assertThat(log.names())
                .containsEntry(SwfField.EXECUTABLE, List.of("x JobState=FAILED Partition=p"))
                .containsEntry(SwfField.PARTITION, List.of("batch"));
    }

    @Test
    void keepsAJobCancelledWhileItWaitedAsOneThatNeverRan() {
        SwfLog log =
                read(
                        FIRST
                                + FIRST.replace("JobId=1 ", "JobId=2 ")
                                        .replace("COMPLETED", "CANCELLED")
                                        .replace("n[1-2] NodeCnt=2", "(null) NodeCnt=0"));

        assertThat(log.jobs().size()).isEqualTo(2);
        assertThat(log.jobs().waitSeconds(1)).isEqualTo(-1);
        assertThat(log.jobs().value(1, SwfField.STATUS)).isEqualTo(5);
    }

    @Test
    void leavesOutWhatIsNoRecordAndSaysWhere() {
        SwfLog log = read(FIRST + "JobId=2 UserId=\n" + FIRST.replace("SubmitTime", "Other"));

        assertThat(log.jobs().size()).isEqualTo(1);
        assertThat(log.complaints().count(Kind.NOT_A_RECORD)).isEqualTo(1);
        assertThat(log.complaints().count(Kind.NOT_A_NUMBER)).isEqualTo(1);
        assertThat(log.complaints().located().getFirst().line()).isEqualTo(2);
    }

    private static SwfLog read(String text) {
        return Logs.read(text.getBytes(StandardCharsets.UTF_8));
    }
}
