package io.offcut.node.internal.sensing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ProcessCpu;
import io.offcut.linux.Signals;
import io.offcut.monitor.Allocations;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.CoreLoads;
import io.offcut.monitor.NodeSample;
import io.offcut.monitor.guard.ColocationGuard;
import io.offcut.monitor.guard.ColocationGuard.Finding;
import io.offcut.monitor.guard.ColocationGuard.Verdict;
import io.offcut.monitor.guard.JobMeters;
import io.offcut.node.internal.loop.EventLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real process in a control group that is named as Slurm names those of jobs, and on its CPU a
 * load that does not step aside as functions do.
 */
final class GuardingLiveTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    /** With less of its CPU than this, what others take hides what the load takes. */
    private static final double QUIET = 0.5;

    private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
    private static final Pattern LESS_PROGRESS =
            Pattern.compile(
                    "job 4711 makes ([0-9.]+) % less progress beside functions .*: they stand"
                            + " still");
    private static final String JOB_ID = "4711";
    private static final long SAMPLE_MILLIS = 200;

    private final int cpu = CpuAffinity.current().toArray()[0];
    private final CpuSet core = CpuSet.of(cpu);
    private final String nodeName = "guard" + ProcessHandle.current().pid();
    private final List<Process> started = new ArrayList<>();
    private final List<Path> groups = new ArrayList<>();
    private final List<Finding> findings = new CopyOnWriteArrayList<>();
    private final EventLoop loop = new EventLoop("guarding-test");

    @TempDir Path progress;
    private Process load;
    private Guarding guarding;

    @BeforeEach
    void makesTheJobsGroup() throws IOException {
        Path parent =
                Files.exists(CGROUPS.resolve("cgroup.controllers"))
                        ? CGROUPS
                        : CGROUPS.resolve("freezer");
        boolean version2 = parent.equals(CGROUPS);
        assumeTrue(Files.isWritable(parent), "needs a control group hierarchy it may write");
        assumeTrue(!version2 || Files.isDirectory(parent.resolve("system.slice")), "needs systemd");
        List<String> names =
                version2
                        ? List.of("system.slice", nodeName + "_slurmstepd.scope", "job_" + JOB_ID)
                        : List.of("slurm_" + nodeName, "uid_0", "job_" + JOB_ID);
        for (String name : names) {
            parent = parent.resolve(name);
            if (Files.notExists(parent)) {
                groups.add(Files.createDirectory(parent));
            }
        }
        groups.add(Files.createDirectory(parent.resolve("step_0")));
        load = start("sh", "-c", "while :; do :; done");
        guarding = guarding();
        assumeTrue(loadsShare() > QUIET, "needs a CPU that others leave alone");
    }

    @AfterEach
    void endsWhatItStarted() throws Exception {
        loop.close();
        guarding.close();
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
        for (Path group : groups.reversed()) {
            await().atMost(LIMIT).ignoreExceptions().until(() -> Files.deleteIfExists(group));
        }
    }

    private Process start(String... command) throws IOException {
        List<String> pinned = new ArrayList<>(List.of("taskset", "-c", Integer.toString(cpu)));
        pinned.addAll(List.of(command));
        Process process = new ProcessBuilder(pinned).start();
        started.add(process);
        return process;
    }

    /** Of its CPU, before there is a job. */
    private double loadsShare() {
        long begun = System.nanoTime();
        await().atMost(LIMIT).until(() -> System.nanoTime() - begun > 500_000_000);
        return ProcessCpu.cpuMicros(load.pid()) * 1e3 / (System.nanoTime() - begun);
    }

    private Guarding guarding() {
        StandStill standStill = new StandStill(this::standStill);
        JobMeters meters = new JobMeters(Path.of("/proc"), CGROUPS, nodeName, progress);
        ColocationGuard guard = new ColocationGuard(0.03, new SplittableRandom(1));
        return new Guarding(loop, guard, meters, standStill, new Told());
    }

    /** As the daemon does with executors. */
    private void standStill(CpuSet cores) {
        Signals.send(load.pid(), cores.contains(cpu) ? Signals.SIGSTOP : Signals.SIGCONT);
    }

    private final class Told implements Guarding.Watcher {
        @Override
        public boolean awaitFrozen(long timeoutMillis) {
            return true;
        }

        @Override
        public void guarded(Finding finding, CpuSet withdrawn, List<String> reasons) {
            findings.add(finding);
        }

        @Override
        public void look() {}
    }

    /** Functions are on the job's own core until the guard takes it out of the offers. */
    private void look() {
        CpuSet leased = guarding.allowed(offers()).isEmpty() ? CpuSet.empty() : core;
        JobShare job = new JobShare(JOB_ID, core, 0);
        guarding.look(
                new NodeSample(
                        CpuAffinity.online(),
                        CoreLoads.all(core, Double.NaN),
                        CpuSet.empty(),
                        new Allocations.Known(0, List.of(job)),
                        1 << 30,
                        leased,
                        0));
    }

    private List<Offer> offers() {
        return List.of(
                new Offer("o", core, 1 << 20, Offer.Reason.UNALLOCATED, Offer.UNKNOWN_UNTIL));
    }

    private Process job(String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                SpinningJob.class.getName()));
        command.addAll(List.of(arguments));
        Process job = start(command.toArray(String[]::new));
        Files.writeString(groups.getLast().resolve("cgroup.procs"), Long.toString(job.pid()));
        return job;
    }

    private Finding awaitFinding(Verdict verdict) {
        return await().atMost(LIMIT)
                .until(
                        () ->
                                findings.stream()
                                        .filter(each -> each.verdict() == verdict)
                                        .findFirst()
                                        .orElse(null),
                        found -> found != null);
    }

    @Test
    void takesFunctionsAwayFromAJobThatMakesLessProgress() throws Exception {
        loop.execute(this::look);
        Path counter = progress.resolve(JOB_ID);
        await().atMost(LIMIT).until(() -> Files.exists(counter));
        Process job = job(counter.toString());
        var _ = loop.every(SAMPLE_MILLIS, this::look);

        Finding held = awaitFinding(Verdict.HOLD);
        assertThat(held.jobId()).isEqualTo(JOB_ID);
        Matcher said = LESS_PROGRESS.matcher(held.text());
        assertThat(said.matches()).as(held.text()).isTrue();
        // It had a half of the CPU at most; whatever else runs here, that was there in both
        // windows.
        assertThat(Double.parseDouble(said.group(1))).isGreaterThan(10);

        long loadMicros = ProcessCpu.cpuMicros(load.pid());
        long jobMicros = ProcessCpu.cpuMicros(job.pid());
        await().atMost(LIMIT).until(() -> ProcessCpu.cpuMicros(job.pid()) > jobMicros + 200_000);
        assertThat(ProcessCpu.cpuMicros(load.pid())).as("it stands still").isEqualTo(loadMicros);

        Finding withdrawn = awaitFinding(Verdict.WITHDRAW);
        assertThat(withdrawn.text()).endsWith("withdrawn for 30 s");
        await().atMost(LIMIT)
                .until(() -> loop.submit(() -> guarding.allowed(offers())).get().isEmpty());
    }

    @Test
    void takesFunctionsAwayFromAJobThatWaitsForItsCpus() throws Exception {
        Process job = job();
        var _ = loop.every(SAMPLE_MILLIS, this::look);
        Finding held = awaitFinding(Verdict.HOLD);
        assertThat(held.text())
                .startsWith("job 4711 waits ")
                .contains("longer for its CPUs beside functions");
        assertThat(job.isAlive()).isTrue();
    }
}
