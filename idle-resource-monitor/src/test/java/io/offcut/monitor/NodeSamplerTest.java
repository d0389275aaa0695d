package io.offcut.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.core.CpuSet;
import io.offcut.core.SharePolicy;
import io.offcut.linux.Cgroups;
import io.offcut.linux.CpuMap;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.Known;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sampler on recorded trees: four CPUs, 1000 ticks between two samples. */
final class NodeSamplerTest {
    @TempDir private Path folder;

    private final List<OwnExecutor> executors = new ArrayList<>();
    private Allocations allocations = new Allocations.NoBatchSystem();

    @BeforeEach
    void bootTheMachine() {
        cpuTicks(0, 0, 0, 0, 0);
        write("proc/meminfo", "MemTotal: 4000 kB\nMemAvailable: 3000 kB\n");
        write("cgroup/memory/cgroup.procs", "");
        write("cgroup/cpuacct/cgroup.procs", "");
        write("cgroup/cpuset/cgroup.procs", "");
    }

    private void write(String name, String text) {
        Path file = folder.resolve(name);
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write " + file, e);
        }
    }

    /** Writes /proc/stat: each CPU has had so many ticks, of which these were busy. */
    private void cpuTicks(long whole, long... busy) {
        StringBuilder stat = new StringBuilder("cpu 1 2 3 4\n");
        for (int cpu = 0; cpu < busy.length; cpu++) {
            stat.append(
                    "cpu%d %d 0 0 %d 0 0 0 0 0 0%n".formatted(cpu, busy[cpu], whole - busy[cpu]));
        }
        write("proc/stat", stat + "intr 0\n");
    }

    private NodeSampler sampler(CpuSet cores, CpuMap map) {
        return new NodeSampler(
                new NodeSampler.Sources(
                        folder.resolve("proc"),
                        folder.resolve("cgroup"),
                        "n1",
                        () -> List.copyOf(executors),
                        () -> allocations),
                cores,
                map);
    }

    private NodeSampler sampler() {
        return sampler(CpuSet.empty(), CpuMap.identity());
    }

    private static void loads(NodeSample sample, double... expected) {
        for (int core = 0; core < expected.length; core++) {
            if (Double.isNaN(expected[core])) {
                assertThat(sample.foreignLoads().of(core)).as("core %d", core).isNaN();
            } else {
                assertThat(sample.foreignLoads().of(core))
                        .as("core %d", core)
                        .isCloseTo(expected[core], within(0.001));
            }
        }
    }

    @Test
    void measuresEachCoreBetweenTwoSamples() {
        NodeSampler sampler = sampler();
        cpuTicks(1000, 0, 250, 1000, 10);
        NodeSample first = sampler.sample();
        assertThat(first.cores()).isEqualTo(CpuSet.range(0, 3));
        assertThat(first.memoryAvailableBytes()).isEqualTo(3_072_000);
        loads(first, 0, 0.25, 1, 0.01);
        cpuTicks(2000, 500, 250, 1000, 10);
        loads(sampler.sample(), 0.5, 0, 0, 0);
    }

    @Test
    void sampleRightAfterAnotherJudgesNothing() {
        NodeSampler sampler = sampler();
        cpuTicks(3, 3, 3, 3, 3);
        loads(sampler.sample(), Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    }

    @Test
    void coreThatIsOfflineIsNotThere() {
        NodeSampler sampler = sampler(CpuSet.range(2, 5), CpuMap.identity());
        cpuTicks(1000, 0, 0, 0, 0);
        assertThat(sampler.sample().cores()).isEqualTo(CpuSet.of(2, 3));
    }

    @Test
    void coresThatShareARealOneAreNotJudged() {
        NodeSampler sampler = sampler(CpuSet.range(0, 4), CpuMap.parse("0=0;1-2=1;3=3;4=2"));
        cpuTicks(1000, 100, 200, 300, 400);
        NodeSample sample = sampler.sample();
        loads(sample, 0.1, Double.NaN, Double.NaN, 0.4, 0.3);
        assertThat(sample.unjudgedCores()).isEqualTo(CpuSet.of(1, 2));
    }

    @Test
    void loadOfOurExecutorIsTakenAwayPerCpuInVersion1() {
        write("cgroup/cpuacct/offcut_n1/e1/cpuacct.usage_percpu", "0 0 0 0\n");
        write("cgroup/memory/offcut_n1/e1/memory.usage_in_bytes", "5000\n");
        executors.add(executor("e1", CpuSet.of(1, 2)));
        NodeSampler sampler = sampler();
        sampler.sample();
        cpuTicks(1000, 0, 1000, 1000, 0);
        // 10 s on CPU 1 and 4 s on CPU 2; the other 6 s there are somebody else's.
        write("cgroup/cpuacct/offcut_n1/e1/cpuacct.usage_percpu", "0 10000000000 4000000000 0\n");
        NodeSample sample = sampler.sample();
        loads(sample, 0, 0, 0.6, 0);
        assertThat(sample.ownCores()).isEqualTo(CpuSet.of(1, 2));
        assertThat(sample.ownMemoryBytes()).isEqualTo(5000);
    }

    private OwnExecutor executor(String name, CpuSet cores) {
        var group =
                Cgroups.detect(folder.resolve("cgroup"), folder.resolve("proc"))
                        .children("offcut_n1")
                        .stream()
                        .filter(child -> child.name().equals(name))
                        .findFirst()
                        .orElseThrow();
        return new OwnExecutor(name, cores, group, 0);
    }

    private void thread(long pid, long tid, long ticks, long endedTicks, int cpu) {
        String line =
                "%d (worker) R 1 0 0 0 0 0 0 0 0 0 %d 0 %d 0 20 0 1 0 99 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 %d"
                        .formatted(tid, ticks, endedTicks, cpu);
        write("proc/" + pid + "/task/" + tid + "/stat", line);
    }

    @Test
    void loadOfOurExecutorIsTakenAwayPerThreadWithoutCgroups() {
        executors.add(new OwnExecutor("e1", CpuSet.of(0, 1, 2), null, 50));
        thread(50, 50, 0, 0, 0);
        thread(50, 51, 0, 0, 1);
        write("proc/50/stat", "50 (java) S 1 0 0 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 99");
        write("proc/50/status", "RssAnon:\t12 kB\n");
        NodeSampler sampler = sampler();
        sampler.sample();
        cpuTicks(1000, 100, 1000, 1000, 0);
        thread(50, 50, 100, 0, 0);
        thread(50, 51, 700, 0, 1);
        // The sum has 400 ticks more: children that ended on CPU 1 or 2, where 1300 are not told.
        write("proc/50/stat", "50 (java) S 1 0 0 0 0 0 0 0 0 0 800 0 400 0 20 0 1 0 99");
        NodeSample sample = sampler.sample();
        double left = 900.0 / 1300;
        loads(sample, 0, 0.3 * left, left, 0);
        assertThat(sample.ownMemoryBytes()).isEqualTo(12 * 1024);
    }

    @Test
    void coresOfExecutorsThatComeAndGoAreNotJudged() {
        write("cgroup/cpuacct/offcut_n1/e1/cpuacct.usage_percpu", "0 0 0 0\n");
        NodeSampler sampler = sampler();
        executors.add(executor("e1", CpuSet.of(3)));
        cpuTicks(1000, 0, 0, 0, 900);
        loads(sampler.sample(), 0, 0, 0, Double.NaN);
        executors.clear();
        cpuTicks(2000, 0, 0, 0, 1800);
        loads(sampler.sample(), 0, 0, 0, Double.NaN);
        cpuTicks(3000, 0, 0, 0, 2700);
        loads(sampler.sample(), 0, 0, 0, 0.9);
    }

    @Test
    void loadOfOneThatWaitsIsOursFromItsBeginningOnAndItHoldsNoCore() {
        NodeSampler sampler = sampler();
        write("cgroup/cpuacct/offcut_n1/p1/cpuacct.usage_percpu", "0 2000000000 0 0\n");
        executors.add(executor("p1", CpuSet.empty()));
        cpuTicks(1000, 0, 700, 0, 0);
        NodeSample waiting = sampler.sample();
        loads(waiting, 0, 0.5, 0, 0);
        assertThat(waiting.ownCores()).isEqualTo(CpuSet.empty());
        // The same with a lease: nothing of it is new.
        executors.set(0, executor("p1", CpuSet.of(2)));
        write("cgroup/cpuacct/offcut_n1/p1/cpuacct.usage_percpu", "0 2000000000 3000000000 0\n");
        cpuTicks(2000, 0, 700, 400, 0);
        NodeSample leased = sampler.sample();
        loads(leased, 0, 0, 0.1, 0);
        assertThat(leased.ownCores()).isEqualTo(CpuSet.of(2));
    }

    @Test
    void loadOfOneThatWaitsIsOursFromItsBeginningOnWithoutCgroups() {
        NodeSampler sampler = sampler();
        executors.add(new OwnExecutor("p1", CpuSet.empty(), null, 50));
        thread(50, 50, 200, 0, 3);
        // A thread of it has ended: 100 ticks on some CPU, of 200 that are not told.
        write("proc/50/stat", "50 (java) S 1 0 0 0 0 0 0 0 0 0 300 0 0 0 20 0 1 0 99");
        write("proc/50/status", "RssAnon:\t12 kB\n");
        cpuTicks(1000, 0, 200, 0, 200);
        loads(sampler.sample(), 0, 0.1, 0, 0);
    }

    @Test
    void threadsThatWereNotAskedBeforeAreNotTakenForNewOnes() {
        // Version 2: on one CPU its group's time says all; on several its threads are asked.
        write("cgroup/cgroup.controllers", "cpuset cpu memory pids\n");
        write("cgroup/cgroup.subtree_control", "");
        write("proc/self/cgroup", "0::/\n");
        String group = "cgroup/offcut_n1/e1/";
        write(group + "cgroup.controllers", "cpuset memory pids\n");
        write(group + "cgroup.procs", "50\n");
        write(group + "cpu.stat", "usage_usec 9000000\n");
        thread(50, 50, 900, 0, 1);
        executors.add(executor("e1", CpuSet.of(1)));
        NodeSampler sampler = sampler();
        sampler.sample();
        // It gets a second CPU and uses nothing; somebody else uses that of its thread.
        executors.set(0, executor("e1", CpuSet.of(1, 2)));
        cpuTicks(1000, 0, 500, 0, 0);
        loads(sampler.sample(), 0, 0.5, 0, 0);
        cpuTicks(2000, 0, 1000, 0, 0);
        write(group + "cpu.stat", "usage_usec 12000000\n");
        thread(50, 50, 1200, 0, 1);
        loads(sampler.sample(), 0, 0.2, 0, 0);
    }

    @Test
    void pageCacheOfOursIsNotCountedBesideWhatIsAvailable() {
        write("cgroup/memory/offcut_n1/p1/memory.usage_in_bytes", "90000\n");
        write(
                "cgroup/memory/offcut_n1/p1/memory.stat",
                "total_inactive_file 30000\ntotal_active_file 20000\n");
        executors.add(executor("p1", CpuSet.empty()));
        assertThat(sampler().sample().ownMemoryBytes()).isEqualTo(40_000);
    }

    private List<JobShare> jobs(NodeSample sample) {
        return ((Known) sample.allocations()).jobs();
    }

    @Test
    void addsWhatJobsUseFromTheirVersion1Groups() {
        allocations = new Known(4_000_000, List.of(new JobShare("7", CpuSet.of(0, 1), 2_000_000)));
        version1Job("slurm_n1", "7", "2-3");
        version1Job("slurm_n2", "8", "0");
        NodeSampler sampler = sampler();
        cpuTicks(1000, 0, 0, 1000, 1000);
        write("cgroup/cpuacct/slurm_n1/uid_0/job_7/cpuacct.usage", "16000000000\n");
        List<JobShare> jobs = jobs(sampler.sample());
        assertThat(jobs).hasSize(1);
        JobShare job = jobs.get(0);
        assertThat(job.jobId()).isEqualTo("7");
        // The kernel's CPU numbers, not the batch system's.
        assertThat(job.cores()).isEqualTo(CpuSet.of(2, 3));
        assertThat(job.memoryBytes()).isEqualTo(2_000_000);
        assertThat(job.use().busyCores()).isCloseTo(1.5, within(0.001));
        assertThat(job.use().workingSetBytes()).isEqualTo(700_000);
        assertThat(job.use().heldBytes()).isEqualTo(450_000);
    }

    private void version1Job(String top, String id, String cpus) {
        Map<String, String> files =
                Map.of(
                        "cpuset/%s/uid_0/job_%s/cpuset.cpus", cpus + "\n",
                        "cpuacct/%s/uid_0/job_%s/cpuacct.usage", "1000000000\n",
                        "memory/%s/uid_0/job_%s/memory.usage_in_bytes", "1000000\n",
                        "memory/%s/uid_0/job_%s/memory.limit_in_bytes", "1500000\n",
                        "memory/%s/uid_0/job_%s/memory.stat",
                                "total_rss 1\ntotal_inactive_file 300000\ntotal_active_file 250000\n");
        files.forEach((name, text) -> write("cgroup/" + name.formatted(top, id), text));
    }

    @Test
    void lookRightAfterAnotherTellsNothingOfJobsAndTheNextOneAll() {
        allocations = new Known(4_000_000, List.of(new JobShare("7", CpuSet.of(0, 1), 2_000_000)));
        version1Job("slurm_n1", "7", "2-3");
        NodeSampler sampler = sampler();
        cpuTicks(1000, 0, 0, 0, 0);
        sampler.sample();
        cpuTicks(1002, 0, 0, 2, 2);
        assertThat(jobs(sampler.sample()).get(0).use().busyCores()).isNaN();
        cpuTicks(2000, 0, 0, 1000, 1000);
        write("cgroup/cpuacct/slurm_n1/uid_0/job_7/cpuacct.usage", "21000000000\n");
        assertThat(jobs(sampler.sample()).get(0).use().busyCores()).isCloseTo(2, within(0.001));
    }

    @Test
    void pressureOfTheWholeNodeCountsWhereAGroupHasNone() {
        allocations = new Known(4_000_000, List.of(new JobShare("7", CpuSet.of(0, 1), 2_000_000)));
        version1Job("slurm_n1", "7", "2-3");
        write("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
        NodeSampler sampler = sampler();
        cpuTicks(1000, 0, 0, 0, 0);
        write("proc/pressure/memory", "some avg10=9.00 avg60=0.00 avg300=0.00 total=500000\n");
        assertThat(jobs(sampler.sample()).get(0).use().memoryStall())
                .isCloseTo(0.05, within(0.0001));
    }

    @Test
    void jobThatIsHereBeforeTheRecordSaysSoHoldsItsCores() {
        allocations = new Known(4_000_000, List.of());
        version1Job("slurm", "9", "1");
        cpuTicks(1000, 0, 0, 0, 0);
        JobShare job = jobs(sampler().sample()).get(0);
        assertThat(job.jobId()).isEqualTo("9");
        assertThat(job.cores()).isEqualTo(CpuSet.of(1));
        assertThat(job.memoryBytes()).isEqualTo(1_500_000);
        assertThat(job.policy()).isEqualTo(SharePolicy.EXCLUSIVE);
    }

    @Test
    void groupsOfJobsThatAreNotConfinedSayNothingOfCores() {
        allocations = new Known(4_000_000, List.of(new JobShare("7", CpuSet.of(0, 1), 0)));
        version1Job("slurm", "7", "0-3");
        version1Job("slurm", "9", "0-3");
        List<JobShare> jobs = jobs(sampler().sample());
        assertThat(jobs).extracting(JobShare::cores).containsExactly(CpuSet.of(0, 1));
    }

    @Test
    void withACpuMapOnlyTheRecordSaysWhichCores() {
        allocations = new Known(4_000_000, List.of(new JobShare("7", CpuSet.of(6, 7), 0)));
        version1Job("slurm", "7", "2-3");
        CpuSet eight = CpuSet.range(0, 7);
        NodeSampler sampler = sampler(eight, CpuMap.fold(eight, CpuSet.range(0, 3)));
        assertThat(jobs(sampler.sample()))
                .extracting(JobShare::cores)
                .containsExactly(CpuSet.of(6, 7));
    }

    @Test
    void addsWhatJobsUseFromTheirVersion2Groups() {
        allocations = new Known(4_000_000, List.of(new JobShare("7", CpuSet.of(0), 2_000_000)));
        write("cgroup/cgroup.controllers", "cpuset cpu memory pids\n");
        String job = "cgroup/system.slice/slurmstepd.scope/job_7/";
        write(job + "cpuset.cpus.effective", "0\n");
        write(job + "cpu.stat", "usage_usec 1000000\nuser_usec 1\n");
        write(job + "memory.current", "900000\n");
        write(job + "memory.max", "2000000\n");
        write(job + "memory.stat", "anon 1\ninactive_file 100000\n");
        write("cgroup/system.slice/slurmstepd.scope/system/cpu.stat", "usage_usec 5\n");
        write(job + "memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n");
        NodeSampler sampler = sampler();
        cpuTicks(1000, 500, 0, 0, 0);
        write(job + "cpu.stat", "usage_usec 6000000\nuser_usec 1\n");
        write(job + "memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=201000\n");
        JobShare share = jobs(sampler.sample()).get(0);
        // 0.2 s of 10.
        assertThat(share.use().memoryStall()).isCloseTo(0.02, within(0.0001));
        assertThat(share.use().busyCores()).isCloseTo(0.5, within(0.001));
        assertThat(share.use().workingSetBytes()).isEqualTo(800_000);
        assertThat(share.cores()).isEqualTo(CpuSet.of(0));
    }
}
