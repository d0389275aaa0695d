package io.offcut.benchmarks.sensing;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.SharePolicy;
import io.offcut.linux.Cgroup;
import io.offcut.linux.Cgroups;
import io.offcut.monitor.Allocations;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import io.offcut.monitor.OwnExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The /proc and control groups of a full node, written down: 128 CPUs, 64 jobs of two CPUs each,
 * which use one of them, and 32 executors on the others: 24 of one CPU, 8 of two.
 */
final class RecordedNode {
    static final String NAME = "n1";
    static final int CPUS = 128;
    static final int JOBS = 64;
    static final int EXECUTORS = 32;

    /** Seconds pass between two looks. */
    private static final int TICKS = 100;

    private static final int SMALL_EXECUTORS = 24;
    private static final int THREADS = 24;
    private static final int FIRST_PID = 5000;
    private static final long MIB = 1 << 20;

    private final Path folder;
    private final boolean version2;
    private final boolean live;
    private long second;

    /**
     * Writes it below the folder.
     *
     * @param live whether the files of groups are links to those of this machine's own root group
     *     of version 1, so that the kernel makes their text anew each time
     */
    RecordedNode(Path folder, boolean version2, boolean live) throws IOException {
        this.folder = folder;
        this.version2 = version2;
        this.live = live;
        write(proc().resolve("meminfo"), "MemTotal: 527000000 kB\nMemAvailable: 400000000 kB\n");
        write(proc().resolve("self/cgroup"), "0::/\n");
        write(
                proc().resolve("pressure/memory"),
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
        if (version2) {
            write(cgroup().resolve("cgroup.controllers"), "cpuset cpu io memory pids\n");
            write(cgroup().resolve("cgroup.subtree_control"), "");
            write(cgroup().resolve("cgroup.procs"), "");
        } else {
            for (String controller : List.of("cpuset", "cpuacct", "memory", "freezer", "pids")) {
                write(cgroup().resolve(controller).resolve("cgroup.procs"), "");
            }
        }
        for (int job = 0; job < JOBS; job++) {
            group(jobPath(job), CpuSet.range(2 * job, 2 * job + 1));
        }
        for (int executor = 0; executor < EXECUTORS; executor++) {
            group("offcut_" + NAME + "/e" + executor, executorCores(executor));
            writeExecutorsProcess(executor);
        }
        pass();
    }

    Path proc() {
        return folder.resolve("proc");
    }

    Path cgroup() {
        return folder.resolve("cgroup");
    }

    private String jobPath(int job) {
        return version2
                ? "system.slice/" + NAME + "_slurmstepd.scope/job_" + (100 + job)
                : "slurm_" + NAME + "/uid_" + (1000 + job % 8) + "/job_" + (100 + job);
    }

    private static CpuSet executorCores(int executor) {
        int idle = 2 * executor + 1;
        // Two CPUs: those of this job and of the one half the node away, both idle.
        return executor < SMALL_EXECUTORS ? CpuSet.of(idle) : CpuSet.of(idle, idle + JOBS);
    }

    /** The batch system's record. */
    Allocations record() {
        List<JobShare> jobs = new ArrayList<>();
        for (int job = 0; job < JOBS; job++) {
            jobs.add(
                    new JobShare(
                            Integer.toString(100 + job),
                            CpuSet.range(2 * job, 2 * job + 1),
                            4096 * MIB,
                            Offer.UNKNOWN_UNTIL,
                            SharePolicy.SHARED,
                            JobUse.UNKNOWN));
        }
        return new Allocations.Known(512 * 1024 * MIB, jobs);
    }

    List<OwnExecutor> executors() {
        List<OwnExecutor> executors = new ArrayList<>();
        for (Cgroup group : Cgroups.detect(cgroup(), proc()).children("offcut_" + NAME)) {
            int number = Integer.parseInt(group.name().substring(1));
            executors.add(
                    new OwnExecutor(
                            group.name(), executorCores(number), group, FIRST_PID + number));
        }
        return executors;
    }

    private void group(String path, CpuSet cpus) throws IOException {
        String stat =
                """
                anon 1073741824
                file 209715200
                kernel 1048576
                %sinactive_file 104857600
                %sactive_file 52428800
                """;
        if (version2) {
            write(cgroup().resolve(path).resolve("cgroup.procs"), pids(path));
            write(cgroup().resolve(path).resolve("cgroup.controllers"), "cpuset memory pids\n");
            write(cgroup().resolve(path).resolve("cpuset.cpus.effective"), cpus + "\n");
            write(cgroup().resolve(path).resolve("memory.current"), "1288490188\n");
            write(cgroup().resolve(path).resolve("memory.max"), "4294967296\n");
            write(cgroup().resolve(path).resolve("memory.stat"), stat.formatted("", ""));
            write(
                    cgroup().resolve(path).resolve("memory.pressure"),
                    "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
        } else {
            write(cgroup().resolve("cpuset").resolve(path).resolve("cpuset.cpus"), cpus + "\n");
            Path memory = cgroup().resolve("memory").resolve(path);
            figure(memory, "memory.usage_in_bytes", "1288490188\n");
            figure(memory, "memory.limit_in_bytes", "4294967296\n");
            figure(memory, "memory.stat", stat.formatted("total_", "total_"));
        }
    }

    private static String pids(String path) {
        int name = path.lastIndexOf("/e");
        return name < 0 ? "" : FIRST_PID + Integer.parseInt(path.substring(name + 2)) + "\n";
    }

    /** A figure of the kernel. */
    private void figure(Path directory, String name, String text) throws IOException {
        String controller = name.substring(0, name.indexOf('.'));
        Path real = Path.of("/sys/fs/cgroup").resolve(controller).resolve(name);
        if (!live) {
            write(directory.resolve(name), text);
        } else if (!Files.exists(directory.resolve(name))) {
            Files.createDirectories(directory);
            Files.createSymbolicLink(directory.resolve(name), real);
        }
    }

    private void writeExecutorsProcess(int executor) throws IOException {
        int pid = FIRST_PID + executor;
        for (int thread = 0; thread < THREADS; thread++) {
            writeThread(pid, pid + 1000 * (thread + 1), executorCores(executor).toArray()[0]);
        }
    }

    private void writeThread(int pid, int tid, int cpu) throws IOException {
        String stat =
                "%d (worker) S 1 0 0 0 0 0 0 0 0 0 %d 0 0 0 20 0 1 0 99 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 %d";
        write(
                proc().resolve(pid + "/task/" + tid + "/stat"),
                stat.formatted(tid, second * TICKS, cpu));
    }

    /** One second passes: everything that is busy has used more. */
    void pass() throws IOException {
        second++;
        StringBuilder stat = new StringBuilder("cpu  1 0 0 1 0 0 0 0 0 0\n");
        for (int cpu = 0; cpu < CPUS; cpu++) {
            boolean busy = cpu % 2 == 0 || cpu < 2 * EXECUTORS;
            long used = busy ? second * TICKS * 9 / 10 : 0;
            stat.append(
                    "cpu%d %d 0 0 %d 0 0 0 0 0 0%n".formatted(cpu, used, second * TICKS - used));
        }
        // The long line of interrupts follows.
        write(proc().resolve("stat"), stat + "intr 12345" + " 0".repeat(3000) + "\n");
        for (int job = 0; job < JOBS; job++) {
            used(jobPath(job), Map.of(2 * job, second * 900_000_000L));
        }
        for (int executor = 0; executor < EXECUTORS; executor++) {
            int first = executorCores(executor).toArray()[0];
            used("offcut_" + NAME + "/e" + executor, Map.of(first, second * 900_000_000L));
            if (version2) {
                int pid = FIRST_PID + executor;
                writeThread(pid, pid + 1000, first);
            }
        }
    }

    private void used(String path, Map<Integer, Long> nanosByCpu) throws IOException {
        long nanos = nanosByCpu.values().stream().mapToLong(Long::longValue).sum();
        if (version2) {
            write(
                    cgroup().resolve(path).resolve("cpu.stat"),
                    "usage_usec %d\nuser_usec 1\nsystem_usec 1\n".formatted(nanos / 1000));
            return;
        }
        Path cpuacct = cgroup().resolve("cpuacct").resolve(path);
        figure(cpuacct, "cpuacct.usage", nanos + "\n");
        if (path.startsWith("offcut")) {
            StringBuilder perCpu = new StringBuilder();
            for (int cpu = 0; cpu < CPUS; cpu++) {
                perCpu.append(nanosByCpu.getOrDefault(cpu, 0L)).append(' ');
            }
            figure(cpuacct, "cpuacct.usage_percpu", perCpu + "\n");
        }
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
