package io.offcut.endtoend;

import io.offcut.core.CpuSet;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ProcessRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Looks again and again which processes of jobs and of executors may run, and on which CPUs. What a
 * job's task and an executor may use at the same time is written down. Needs cgroup v1 with Slurm's
 * process tracking, and a node that pins its jobs.
 */
final class CoreWatch implements AutoCloseable {
    private static final Path FREEZER = Path.of("/sys/fs/cgroup/freezer");
    private static final long SIGKILL_BIT = 1L << 8;

    /** PF_EXITING and PF_SIGNALED of proc_pid_stat(5): runs no instruction of its own any more. */
    private static final long DYING_FLAGS = 0x404;

    private final Path jobs;
    private final String executorGroups;
    private final List<String> shared = new ArrayList<>();
    private final Thread thread;
    private volatile boolean closed;
    private final AtomicLong bothSeen = new AtomicLong();

    private record Task(ProcessRef process, CpuSet cpus) {}

    CoreWatch(String node) {
        this.jobs = FREEZER.resolve("slurm_" + node);
        this.executorGroups = "offcut_" + node + "_*";
        this.thread = Thread.ofPlatform().name("core-watch").start(this::run);
    }

    /** Each case of one core for both, in words. */
    synchronized List<String> shared() {
        return List.copyOf(shared);
    }

    /** Looks at which both a task of a job and an executor could run. */
    long bothSeen() {
        return bothSeen.get();
    }

    private void run() {
        try {
            watch();
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private synchronized void fail(RuntimeException why) {
        shared.add("nobody watches any more: " + why);
    }

    private void watch() {
        while (!closed) {
            // The jobs first: who is there now had its first task before what is seen next.
            List<Task> tasks = tasks();
            List<Task> executors = executors();
            if (!tasks.isEmpty() && !executors.isEmpty()) {
                bothSeen.incrementAndGet();
            }
            for (Task executor : executors) {
                for (Task task : tasks) {
                    if (executor.cpus.intersects(task.cpus)
                            && mayRun(executor.process)
                            && task.process.isAlive()) {
                        note(task, executor);
                    }
                }
            }
        }
    }

    private synchronized void note(Task task, Task executor) {
        shared.add(
                "task %d of a job on CPUs %s, executor process %d on %s"
                        .formatted(
                                task.process.pid(),
                                task.cpus,
                                executor.process.pid(),
                                executor.cpus));
    }

    /** Tasks of steps. The extern step has none, and slurmstepd is Slurm's own. */
    private List<Task> tasks() {
        List<Task> found = new ArrayList<>();
        for (Path user : folders(jobs, "uid_*")) {
            for (Path job : folders(user, "job_*")) {
                for (Path step : folders(job, "step_*")) {
                    if (!step.endsWith("step_extern")) {
                        addTasks(step, found);
                    }
                }
            }
        }
        return found;
    }

    private static void addTasks(Path step, List<Task> found) {
        addAll(step, found);
        folders(step, "task_*").forEach(task -> addAll(task, found));
    }

    private static void addAll(Path group, List<Task> found) {
        for (String line : lines(group.resolve("cgroup.procs"))) {
            long pid = Long.parseLong(line);
            boolean slurms = lines(proc(pid).resolve("comm")).contains("slurmstepd");
            if (!slurms) {
                found.add(new Task(ProcessRef.of(pid), CpuAffinity.ofProcess(pid)));
            }
        }
    }

    /** Processes of executors that are neither frozen nor about to die. */
    private List<Task> executors() {
        List<Task> found = new ArrayList<>();
        for (Path parent : folders(FREEZER, executorGroups)) {
            for (Path group : folders(parent, "*")) {
                for (String line : lines(group.resolve("cgroup.procs"))) {
                    ProcessRef process = ProcessRef.of(Long.parseLong(line));
                    if (mayRun(process)) {
                        found.add(new Task(process, CpuAffinity.ofProcess(process.pid())));
                    }
                }
            }
        }
        return found;
    }

    /** Whether it runs instructions of its own: neither frozen nor about to die. */
    static boolean mayRun(ProcessRef process) {
        if (!process.isAlive() || frozen(process.pid())) {
            return false;
        }
        for (String line : lines(proc(process.pid()).resolve("status"))) {
            boolean pending = line.startsWith("SigPnd:") || line.startsWith("ShdPnd:");
            if (pending
                    && (Long.parseUnsignedLong(line.substring(7).strip(), 16) & SIGKILL_BIT) != 0) {
                return false;
            }
        }
        String stat = String.join(" ", lines(proc(process.pid()).resolve("stat")));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
        return fields.length > 6 && (Long.parseLong(fields[6]) & DYING_FLAGS) == 0;
    }

    /** Whether the freezer holds it. */
    static boolean frozen(long pid) {
        for (String line : lines(proc(pid).resolve("cgroup"))) {
            int freezer = line.indexOf(":freezer:/");
            if (freezer >= 0) {
                Path group = FREEZER.resolve(line.substring(freezer + ":freezer:/".length()));
                return lines(group.resolve("freezer.state")).contains("FROZEN");
            }
        }
        return false;
    }

    private static Path proc(long pid) {
        return Path.of("/proc", Long.toString(pid));
    }

    private static List<Path> folders(Path parent, String glob) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(parent, glob)) {
            for (Path each : all) {
                if (Files.isDirectory(each)) {
                    found.add(each);
                }
            }
        } catch (IOException e) {
            // It went away while it was read.
            return found;
        }
        return found;
    }

    private static List<String> lines(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
