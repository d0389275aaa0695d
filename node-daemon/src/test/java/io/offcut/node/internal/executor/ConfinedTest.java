package io.offcut.node.internal.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.CpuSet;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.linux.Cgroup;
import io.offcut.linux.Cgroups;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ProcessCpu;
import io.offcut.linux.SchedIdle;
import io.offcut.node.internal.executor.ParkedExecutors.Parked;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What waits for a lease, computing as if it booted, when a job takes its CPU: real ones. */
class ConfinedTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String SPIN = "while :; do :; done";

    private final String parent = "offcut_test_" + ProcessHandle.current().pid();
    private final Cgroups cgroups = Cgroups.detect();
    private final CpuSet all = CpuAffinity.current();
    private final CpuSet first = all.lowest(1);
    private final List<Process> processes = new ArrayList<>();

    @BeforeEach
    void needs() {
        assumeTrue(
                cgroups.version() != Cgroups.Version.NONE
                        && !cgroups.missing().contains("freezer")
                        && !cgroups.missing().contains("cpuset"),
                "needs control groups that freeze, with cpusets: root");
    }

    @AfterEach
    void leavesNothing() {
        processes.forEach(Process::destroyForcibly);
        for (Cgroup left : cgroups.children(parent)) {
            left.kill(PATIENCE.toMillis());
            left.remove();
        }
        assertThat(cgroups.removeParent(parent)).isTrue();
    }

    private Cgroup group(String name) {
        return cgroups.create(parent, name, new Cgroup.Limits(first, 0, 0));
    }

    private Process start(String... command) throws IOException {
        Process process = new ProcessBuilder(command).start();
        processes.add(process);
        return process;
    }

    private Process spinner(Cgroup cgroup) throws IOException {
        Process process = start("chrt", "--idle", "0", "sh", "-c", SPIN);
        cgroup.join(process.pid());
        await().atMost(PATIENCE).until(() -> ProcessCpu.treeMicros(process.pid()) > 20_000);
        return process;
    }

    /** Nothing else gets this CPU: who must enter the freezer there cannot. */
    private Process hog() throws Exception {
        assumeTrue(start("chrt", "-f", "50", "true").waitFor() == 0, "needs leave for SCHED_FIFO");
        Process hog =
                start("chrt", "-f", "50", "taskset", "-c", first.toString(), "sh", "-c", SPIN);
        await().atMost(PATIENCE).until(() -> ProcessCpu.treeMicros(hog.pid()) > 50_000);
        return hog;
    }

    private static long soon() {
        return System.nanoTime() + PATIENCE.toNanos();
    }

    @Test
    void aJobWaitsForOneThatIsStillOnItsWayIntoTheFreezer() throws Exception {
        Cgroup cgroup = group("slow");
        Confined confined = new Confined(cgroup, first);
        spinner(cgroup);
        confined.joined();
        Process hog = hog();

        assertThat(confined.within(CpuSet::empty)).isFalse();

        hog.destroyForcibly();
        assertThat(ExecutorEnd.await(() -> confined.within(CpuSet::empty), soon())).isTrue();
        assertThat(cgroup.freeze(0)).as("stands still").isTrue();
    }

    @Test
    void aJobWaitsForOneThatIsNotInItsControlGroupYet() {
        Confined confined = new Confined(group("early"), first);
        assertThat(confined.within(() -> all.minus(first))).isFalse();
        confined.joined();
        assertThat(ExecutorEnd.await(() -> confined.within(CpuSet::empty), soon())).isTrue();
    }

    @Test
    void aJobWaitsForOneWhoseControlGroupWasMovedBeforeItIsInIt() {
        assumeTrue(all.size() > 1, "needs two CPUs");
        Confined confined =
                new Confined(cgroups.create(parent, "wide", new Cgroup.Limits(all, 0, 0)), all);
        confined.move(() -> first);
        assertThat(confined.within(() -> first)).isFalse();
        confined.joined();
        assertThat(confined.within(() -> first)).isTrue();
    }

    /** Without asking it to. */
    private static boolean isToStandStill(Cgroup cgroup) throws IOException {
        for (Path procs : cgroup.procsFiles()) {
            for (String file : List.of("freezer.state", "cgroup.freeze")) {
                Path state = procs.resolveSibling(file);
                String said = Files.exists(state) ? Files.readString(state).strip() : "";
                if (said.startsWith("FR") || said.equals("1")) {
                    return true;
                }
            }
        }
        return false;
    }

    private ParkedExecutors spinners(Path dir) {
        return new ParkedExecutors(
                dir,
                (name, log, cpus, starts) -> {
                    Cgroup cgroup = group(name);
                    starts.accept(cgroup);
                    Process process = spinner(cgroup);
                    return new Parked(name, process, cgroup, log);
                });
    }

    @Test
    void allAreAskedToStandStillBeforeAnybodyWaitsForOne(@TempDir Path dir) throws Exception {
        ParkedExecutors parked = spinners(dir);
        parked.allow(first);
        parked.want(() -> 2);

        parked.allow(CpuSet.empty());

        List<Cgroup> groups = cgroups.children(parent);
        assertThat(groups).hasSize(2);
        for (Cgroup group : groups) {
            assertThat(isToStandStill(group)).isTrue();
        }
        parked.close();
    }

    @Test
    void oneThatALeaseHasKeepsOffAJobsCpusUntilItIsOnItsOwn(@TempDir Path dir) throws Exception {
        assumeTrue(all.size() > 1, "needs two CPUs");
        CpuSet rest = all.minus(first);
        ParkedExecutors parked = spinners(dir);
        parked.allow(first);
        parked.want(() -> 1);
        Parked taken = parked.take(cgroup -> {});
        assertThat(taken).isNotNull();
        Cgroup cgroup = Objects.requireNonNull(taken.cgroup());

        parked.allow(rest);
        assertThat(parked.awaitAllowed(soon())).isTrue();
        assertThat(isToStandStill(cgroup)).isTrue();
        parked.move();
        assertThat(CpuAffinity.ofProcess(taken.process().pid())).isEqualTo(first);
        assertThat(isToStandStill(cgroup)).as("until its lease lets it go on").isTrue();

        cgroup.limit(new Cgroup.Limits(rest, 0, 0));
        parked.left(taken);
        cgroup.thaw();
        parked.allow(CpuSet.empty());
        assertThat(parked.awaitAllowed(soon())).isTrue();
        assertThat(isToStandStill(cgroup)).as("is its lease's now").isFalse();
        taken.end();
        parked.close();
    }

    @Test
    void oneThatCannotBeMovedIsEnded(@TempDir Path dir) throws Exception {
        ParkedExecutors parked = spinners(dir);
        parked.allow(first);
        parked.want(() -> 1);
        assertThat(parked.own()).hasSize(1);

        parked.allow(CpuSet.of(CpuSet.MAX_CPU));
        parked.move();

        await().atMost(PATIENCE).until(() -> parked.own().isEmpty());
        assertThat(parked.awaitAllowed(soon())).isTrue();
        parked.close();
        assertThat(cgroups.children(parent)).isEmpty();
    }

    @Test
    void whatALeaseIsGivenDoesNotGoOnBeforeItHasItsCores() throws Exception {
        ExecutorSlot slot = new ExecutorSlot(terms(), 1, "secret", null);
        Cgroup cgroup = group("given");
        slot.freeze();
        slot.comes(cgroup);
        boolean ignored = slot.thaw();
        assertThat(isToStandStill(cgroup)).isTrue();
        slot.runs();
        assertThat(isToStandStill(cgroup)).isFalse();
    }

    @Test
    void whatIsKilledOnItsWayIntoTheFreezerIsWaitedForAndHasNoPriority() throws Exception {
        ExecutorSlot slot = new ExecutorSlot(terms(), 1, "secret", null);
        Cgroup cgroup = group("killed");
        Process spinner = spinner(cgroup);
        slot.comes(cgroup);
        Process hog = hog();
        slot.freeze();
        boolean atOnce = slot.stands();
        boolean stood = slot.stands() || atOnce;

        slot.dies();

        assertThat(SchedIdle.policyOf(spinner.pid())).isEqualTo(SchedIdle.SCHED_IDLE);
        assertThat(slot.stands()).isEqualTo(stood);
        hog.destroyForcibly();
        assertThat(cgroup.kill(PATIENCE.toMillis())).isTrue();
        assertThat(slot.stands()).isTrue();
    }

    @Test
    void whatWaitsGoesOnWhereItMayAndIsNotStoppedThere(@TempDir Path dir) throws Exception {
        assumeTrue(all.size() > 1, "needs two CPUs");
        CpuSet rest = all.minus(first);
        ParkedExecutors parked = spinners(dir);
        parked.allow(first);
        parked.want(() -> 1);
        long pid = parked.own().getFirst().pid();

        parked.allow(rest);
        assertThat(parked.awaitAllowed(soon())).isTrue();
        assertThat(CpuAffinity.ofProcess(pid)).as("not moved yet").isEqualTo(first);
        assertThat(cgroups.children(parent).getFirst().freeze(0)).as("stands still").isTrue();
        long used = ProcessCpu.treeMicros(pid);

        parked.move();
        assertThat(CpuAffinity.ofProcess(pid)).isEqualTo(rest);
        await().atMost(PATIENCE).until(() -> ProcessCpu.treeMicros(pid) > used);
        parked.allow(CpuSet.empty());
        assertThat(parked.awaitAllowed(soon())).isTrue();
        parked.allow(rest);
        parked.move();
        long before = ProcessCpu.treeMicros(pid);
        await().atMost(PATIENCE).until(() -> ProcessCpu.treeMicros(pid) > before);
        parked.close();
        assertThat(cgroups.children(parent)).isEmpty();
    }

    @Test
    void oneThatIsStillOnItsWayIntoTheFreezerDoesNotComeToAJobsCores() throws Exception {
        assumeTrue(all.size() > 1, "needs two CPUs");
        CpuSet rest = all.minus(first);
        ExecutorSlot slot = new ExecutorSlot(terms(), 1, "secret", null);
        slot.freeze();
        Cgroup cgroup = group("comes");
        Process spinner = spinner(cgroup);
        Process hog = hog();
        var ends =
                CompletableFuture.runAsync(
                        hog::destroyForcibly,
                        CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS));

        ExecutorLauncher.comes(slot, cgroup, new Cgroup.Limits(rest, 0, 0));

        assertThat(ends).isDone();
        assertThat(CpuAffinity.ofProcess(spinner.pid())).isEqualTo(rest);
        assertThat(cgroup.freeze(0)).as("stands still").isTrue();
    }

    private static LeaseTerms terms() {
        return new LeaseTerms("L1", "r", "ann", "h", "o", "b", CpuSet.of(0), 1, 1, 0, 1);
    }
}
