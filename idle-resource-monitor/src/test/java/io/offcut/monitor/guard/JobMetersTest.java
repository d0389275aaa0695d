package io.offcut.monitor.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.core.CpuSet;
import io.offcut.monitor.Allocations.JobShare;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over trees as Slurm and the kernel make them. */
final class JobMetersTest {
    private static final CpuSet JOB = CpuSet.range(0, 1);
    private static final CpuSet INSIDE = CpuSet.of(1);
    private static final CpuSet BESIDE = CpuSet.of(2);

    @TempDir Path dir;
    private Path proc;
    private Path cgroups;
    private Path progress;
    private JobMeters meters;

    @BeforeEach
    void makes() throws IOException {
        proc = Files.createDirectories(dir.resolve("proc"));
        cgroups = Files.createDirectories(dir.resolve("cgroup"));
        progress = Files.createDirectories(dir.resolve("progress"));
        meters = new JobMeters(proc, cgroups, "n1", progress);
    }

    @AfterEach
    void closes() {
        meters.close();
    }

    private int me() throws IOException {
        return (Integer) Files.getAttribute(dir, "unix:uid");
    }

    private Path version1(String jobId, String top) throws IOException {
        Path job = cgroups.resolve("freezer/" + top + "/uid_" + me() + "/job_" + jobId);
        Files.createDirectories(job.resolve("step_0/task_0"));
        return job;
    }

    private void thread(Path group, int pid, String schedstat) throws IOException {
        Files.writeString(group.resolve("cgroup.procs"), pid + "\n");
        Path task = Files.createDirectories(proc.resolve(pid + "/task/" + pid));
        Files.writeString(task.resolve("schedstat"), schedstat);
    }

    private void follow(CpuSet functions) {
        meters.follow(List.of(new JobShare("7", JOB, 0)), functions);
    }

    private void count(long value) throws IOException {
        Files.write(
                progress.resolve("7"),
                ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value).array());
    }

    private Pace pace(JobMeters.Readings before) {
        return meters.read().since(before).getOrDefault("7", Pace.UNKNOWN);
    }

    @Test
    void tellsHowLongThreadsWaitedOnCoresThatFunctionsShare() throws IOException {
        Path job = version1("7", "slurm_n1");
        thread(job.resolve("step_0/task_0"), 100, "1000000000 0 1");
        thread(Files.createDirectories(job.resolve("step_extern")), 101, "5 5000000000 1");
        follow(INSIDE);
        assertThat(meters.isTelling()).isTrue();
        JobMeters.Readings before = meters.read();
        Files.writeString(proc.resolve("100/task/100/schedstat"), "61000000000 20000000000 9");
        Pace pace = pace(before);
        assertThat(pace.waiting()).isCloseTo(0.25, within(1e-9));
        assertThat(pace.cpuStall()).isNaN();
    }

    @Test
    void knowsThatFunctionsOnOtherCoresKeepNoThreadWaiting() throws IOException {
        thread(version1("7", "slurm").resolve("step_0/task_0"), 100, "1000000000 0 1");
        follow(BESIDE);
        assertThat(meters.isTelling()).isFalse();
        assertThat(pace(meters.read()).waiting()).isNaN();
    }

    @Test
    void readsTheCounterOfAJobWhereverFunctionsAre() throws IOException {
        version1("7", "slurm");
        follow(BESIDE);
        assertThat(meters.isTelling()).as("a counter that nobody uses").isFalse();
        count(1_000);
        assertThat(meters.isTelling()).isTrue();
        JobMeters.Readings before = meters.read();
        count(5_000);
        Pace pace = pace(before);
        assertThat(pace.progressPerSecond()).isPositive();
        count(10);
        assertThat(pace(before).progressPerSecond()).as("it ran backwards").isNaN();
    }

    @Test
    void deletesTheCounterWithItsJobAndThoseThatAnEarlierDaemonLeft() throws IOException {
        version1("7", "slurm");
        Files.createFile(progress.resolve("6"));
        meters.sweep(Set.of("7"));
        follow(BESIDE);
        assertThat(progress)
                .isDirectoryContaining("glob:**/7")
                .isDirectoryNotContaining("glob:**/6");
        meters.follow(List.of(), BESIDE);
        assertThat(progress).isEmptyDirectory();
        meters.close();
        assertThat(progress).doesNotExist();
    }

    @Test
    void leavesTheCounterOfAJobToTheNextDaemon() throws IOException {
        version1("7", "slurm");
        follow(BESIDE);
        meters.close();
        assertThat(progress).isDirectoryContaining("glob:**/7");
    }

    @Test
    void readsPressureWhereTheKernelKeepsItForAJob() throws IOException {
        Path job = cgroups.resolve("system.slice/n1_slurmstepd.scope/job_7");
        Path task = Files.createDirectories(job.resolve("step_0/user/task_0"));
        thread(task, 100, "1 0 1");
        pressure(job, "memory.pressure", 1_000);
        pressure(job, "cpu.pressure", 1_000);
        follow(INSIDE);
        assertThat(meters.isTelling()).isTrue();
        JobMeters.Readings before = meters.read();
        pressure(job, "cpu.pressure", 5_000);
        Pace pace = pace(before);
        assertThat(pace.cpuStall()).isPositive();
        assertThat(pace.memoryStall()).isZero();
        assertThat((Integer) Files.getAttribute(progress.resolve("7"), "unix:uid")).isEqualTo(me());
    }

    private static void pressure(Path job, String file, long micros) throws IOException {
        Files.writeString(
                job.resolve(file),
                "some avg10=0.00 avg60=0.00 avg300=0.00 total="
                        + micros
                        + "\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
    }

    @Test
    void doesWithoutWhatIsNotThere() {
        follow(INSIDE);
        assertThat(meters.isTelling()).isFalse();
        assertThat(meters.read().since(meters.read())).isEmpty();
    }
}
