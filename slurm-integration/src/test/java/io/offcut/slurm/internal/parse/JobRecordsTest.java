package io.offcut.slurm.internal.parse;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.slurm.JobState;
import io.offcut.slurm.NodeAllocation;
import io.offcut.slurm.SlurmJob;
import io.offcut.testing.Seeds;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobRecordsTest {
    private static final long MB = 1 << 20;

    /** The shape of 22.05, with a hole for the job's name and one for what follows the paths. */
    private static String line(String name, String after) {
        return "JobId=5 JobName="
                + name
                + " UserId=ada(1001) GroupId=ada(1001) MCS_label=N/A Priority=4294901756 Nice=0"
                + " Account=(null) QOS=(null) JobState=RUNNING Reason=None Dependency=(null)"
                + " Requeue=1 Restarts=0 RunTime=00:00:07 TimeLimit=01:00:00 TimeMin=N/A"
                + " SubmitTime=2026-11-23T07:08:25 StartTime=2026-11-23T07:08:26"
                + " EndTime=2026-11-23T08:08:26 Deadline=N/A Partition=batch"
                + " AllocNode:Sid=login:3552 ReqNodeList=(null) ExcNodeList=(null)"
                + " NodeList=n[1-3] BatchHost=n1 NumNodes=3 NumCPUs=10 NumTasks=10 CPUs/Task=1"
                + " ReqB:S:C:T=0:0:*:* TRES=cpu=10,mem=5G,node=3,billing=10 Socks/Node=*"
                + " NtasksPerN:B:S:C=0:0:*:* CoreSpec=* JOB_GRES=(null)"
                + "   Nodes=n[1-2] CPU_IDs=0-2,6 Mem=2000 GRES="
                + "   Nodes=n3 CPU_IDs=4-5 Mem=1000 GRES= MinCPUsNode=1 MinMemoryCPU=500M"
                + " Features=(null) DelayBoot=00:00:00 OverSubscribe=OK Contiguous=0"
                + " Licenses=(null) Network=(null) Command=(null) WorkDir=/home/ada"
                + after
                + " StdErr=/home/ada/slurm-5.out StdIn=/dev/null StdOut=/home/ada/o Power= ";
    }

    private static SlurmJob parse(String line) {
        return requireNonNull(JobRecords.parseLine(line));
    }

    @Test
    void readsARunningJob() {
        SlurmJob job = parse(line("solver", ""));

        assertThat(job.certain()).isTrue();
        assertThat(job.jobId()).isEqualTo("5");
        assertThat(job.arrayJobId()).isNull();
        assertThat(job.name()).isEqualTo("solver");
        assertThat(job.user()).isEqualTo("ada");
        assertThat(job.uid()).isEqualTo(1001);
        assertThat(job.state()).isEqualTo(JobState.RUNNING);
        assertThat(job.partition()).isEqualTo("batch");
        assertThat(job.startTime()).isEqualTo(Instant.parse("2026-11-23T07:08:26Z"));
        assertThat(job.endTime()).isEqualTo(Instant.parse("2026-11-23T08:08:26Z"));
        assertThat(job.exclusive()).isFalse();
        assertThat(job.nodes()).containsExactly("n1", "n2", "n3");
        assertThat(job.allocations())
                .containsOnlyKeys("n1", "n2", "n3")
                .containsEntry("n2", new NodeAllocation(CpuSet.parse("0-2,6"), 2000 * MB))
                .containsEntry("n3", new NodeAllocation(CpuSet.of(4, 5), 1000 * MB));
        assertThat(job.allocationOn("n4")).isEmpty();
    }

    @Test
    void readsAnArrayElementThatWaits() {
        SlurmJob job =
                parse(
                        "JobId=2 ArrayJobId=2 ArrayTaskId=2-9%1 ArrayTaskThrottle=1 JobName=a"
                                + " UserId=root(0) JobState=PENDING StartTime=Unknown"
                                + " EndTime=Unknown Partition=batch NodeList= NumNodes=2-2"
                                + " OverSubscribe=NO Command=(null)");

        assertThat(job.certain()).isTrue();
        assertThat(job.arrayJobId()).isEqualTo("2");
        assertThat(job.arrayTaskId()).isEqualTo("2-9%1");
        assertThat(job.state()).isEqualTo(JobState.PENDING);
        assertThat(job.startTime()).isNull();
        assertThat(job.exclusive()).isTrue();
        assertThat(job.nodes()).isEmpty();
        assertThat(job.state().holdsNodes()).isFalse();
    }

    @Test
    void readsOlderAndNewerShapes() {
        String old =
                "JobId=41 JobName=x UserId=u(7) JobState=COMPLETING Partition=p NodeList=c001"
                        + " NodeListIndices=0 Nodes=c001 CPU_IDs=0 Mem=0 GRES_IDX= OverSubscribe=NO";
        String recent =
                "JobId=42 JobName=x UserId=u(7) JobState=RUNNING SomethingNew=1 Partition=p"
                        + " NodeList=c001 ReqTRES=cpu=2 AllocTRES=cpu=2 Socks/Node=*"
                        + "   Nodes=c001 CPU_IDs=0-1 Mem=512M GRES=gpu:1(IDX:0) Container= "
                        + " SubmitLine=sbatch x OverSubscribe=OK Command=/x";

        assertThat(parse(old).allocationOn("c001")).contains(new NodeAllocation(CpuSet.of(0), 0));
        assertThat(parse(old).state().holdsNodes()).isTrue();
        assertThat(parse(recent).allocationOn("c001"))
                .contains(new NodeAllocation(CpuSet.of(0, 1), 512 * MB, CpuSet.of(0)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x JobState=COMPLETED",
                "x NodeList=n9 BatchHost=n9",
                "x UserId=root(0)",
                "x JobId=6",
                "x Partition=other",
                "x OverSubscribe=OK",
                "x JobName=y",
            })
    void doubtsARecordWhoseNameLooksLikeFields(String name) {
        SlurmJob job = parse(line(name, ""));

        assertThat(job.certain()).isFalse();
        assertThat(job.allocationOn("n1")).isEmpty();
        assertThat(job.state()).isEqualTo(JobState.UNKNOWN);
        assertThat(job.state().holdsNodes()).isTrue();
    }

    @Test
    void doubtsARecordWhoseCommentLooksLikeFields() {
        assertThat(parse(line("x", " Comment=c NodeList=n1")).certain()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x Nodes=n1 CPU_IDs=0 Mem=1",
                "x Nodes=n1 CPU_IDs=",
                "x Command=/bin/true Nodes=n1 CPU_IDs=7 Mem=1",
            })
    void neverLetsANameShrinkAnAllocation(String name) {
        SlurmJob job = parse(line(name, " Comment=c Nodes=n1 CPU_IDs=0 Mem=1"));

        // Either what Slurm wrote, or nothing, which is taken as the whole node.
        assertThat(job.allocationOn("n1").map(NodeAllocation::cores))
                .satisfiesAnyOf(
                        cores -> assertThat(cores).isEmpty(),
                        cores -> assertThat(cores).contains(CpuSet.parse("0-2,6")));
    }

    @Test
    void doubtsAJobThatALineEndInANameHasCutOrDoubled() {
        String forged = line("x", "").replace("CPU_IDs=0-2,6", "CPU_IDs=0");
        List<String> lines =
                (line("a\n" + forged + "\nJobId=6 JobName=b", "")
                                + "\n"
                                + line("c", "").replace("Id=5", "Id=7"))
                        .lines()
                        .toList();

        List<SlurmJob> jobs = JobRecords.parseAll(lines);

        assertThat(jobs).extracting(SlurmJob::jobId).containsExactly("5", "6", "7");
        // Job 6 does not exist: squeue, which prints numbers only, will not list it.
        assertThat(jobs).extracting(SlurmJob::certain).containsExactly(false, true, true);
    }

    @Test
    void takesUnreadableMemoryAsUntracked() {
        SlurmJob job = parse(line("x", "").replace("Mem=2000", "Mem=x"));

        assertThat(job.allocationOn("n1")).contains(new NodeAllocation(CpuSet.parse("0-2,6"), 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0-99999999", "a", "3-1", "0-2,", "-1"})
    void doubtsUnreadableCpuNumbers(String cpus) {
        assertThat(parse(line("x", "").replace("0-2,6", cpus)).certain()).isFalse();
    }

    @Test
    void doubtsAnUnreadableHostList() {
        assertThat(parse(line("x", "").replace("n[1-3]", "n[1-999999999]")).certain()).isFalse();
    }

    @Test
    void passesOverLinesThatAreNoRecords() {
        assertThat(JobRecords.parseAll(List.of("", "No jobs in the system", "JobId=x y")))
                .isEmpty();
    }

    @Test
    void survivesAnythingCutOutOfALine() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        String line = line("x", " Comment=y");
        for (int i = 0; i < 2_000; i++) {
            int from = random.nextInt(line.length());
            int to = from + random.nextInt(line.length() - from);
            SlurmJob job = JobRecords.parseLine(line.substring(0, from) + line.substring(to));
            if (job != null && job.allocationOn("n1").isPresent()) {
                assertThat(job.certain()).as("seed %d", seed).isTrue();
            }
        }
    }
}
