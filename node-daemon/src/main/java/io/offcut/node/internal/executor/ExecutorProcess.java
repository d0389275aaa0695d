package io.offcut.node.internal.executor;

import io.offcut.core.CpuSet;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.MemoryRegion;
import io.offcut.executor.ShmRegion;
import io.offcut.linux.Cgroup;
import io.offcut.linux.ProcessCpu;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.ProcessTree;
import io.offcut.linux.Signals;
import io.offcut.monitor.OwnExecutor;
import io.offcut.node.internal.store.Folders;
import io.offcut.node.internal.store.LeaseStore.ExecutorRecord;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One executor process with all that belongs to it: its children, its control group, its regions.
 * It may have been started by this daemon or by an earlier one. Safe for use by any thread.
 */
final class ExecutorProcess {
    private static final long LOOK_MILLIS = 50;
    private static final long ROUND_NANOS = 5_000_000;

    private final ExecutorRecord record;
    private final ProcessRef process;
    private final @Nullable Process child;
    private final @Nullable Cgroup cgroup;

    /**
     * @param child null when an earlier daemon started it
     */
    ExecutorProcess(ExecutorRecord record, @Nullable Process child, @Nullable Cgroup cgroup) {
        this.record = record;
        this.process = new ProcessRef(record.pid(), record.startTimeTicks());
        this.child = child;
        this.cgroup = cgroup;
    }

    ExecutorRecord record() {
        return record;
    }

    long pid() {
        return record.pid();
    }

    /** Null when an earlier daemon started it. */
    @Nullable Process child() {
        return child;
    }

    @Nullable Cgroup cgroup() {
        return cgroup;
    }

    /** Whether it runs or stands still: not gone and not a zombie. */
    boolean alive() {
        return child == null ? process.isAlive() : child.isAlive();
    }

    /** Completes when it is gone, with a few words on how. */
    CompletableFuture<String> gone() {
        if (child != null) {
            return child.onExit().thenApply(ended -> words(ended.exitValue()));
        }
        CompletableFuture<String> gone = new CompletableFuture<>();
        look(gone);
        return gone;
    }

    // Not our child: nothing tells of its end, and nobody may ever reap it.
    private void look(CompletableFuture<String> gone) {
        if (alive()) {
            CompletableFuture.delayedExecutor(LOOK_MILLIS, TimeUnit.MILLISECONDS)
                    .execute(() -> look(gone));
        } else {
            gone.complete("ended");
        }
    }

    // A shell's convention, which Java follows: 128 and the number of the signal.
    private static String words(int exitCode) {
        return exitCode > 128
                ? "was killed by signal " + (exitCode - 128)
                : "exited with code " + exitCode;
    }

    /**
     * Asks for everything in it to stand still.
     *
     * @return whether it does after at most this time
     */
    boolean freeze(long timeoutMillis) {
        if (cgroup != null) {
            return cgroup.freeze(timeoutMillis);
        }
        signal(Signals.SIGSTOP);
        return true;
    }

    /** Lets everything in it go on. */
    void thaw() {
        if (cgroup != null) {
            cgroup.thaw();
        } else {
            signal(Signals.SIGCONT);
        }
    }

    /** Tells clients that its memory is about to be taken back. */
    synchronized void revoking() {
        boolean ignored = MemoryRegion.revoking(memoryRegion());
    }

    private Path memoryRegion() {
        return MemoryRegion.file(Path.of(record.regionDir()));
    }

    /** Tells those who wait on its shared memory that it is over, and why; memory held is gone. */
    synchronized void endRegions(InvocationStatus status) {
        if (record.workers() == 0) {
            boolean ignored = MemoryRegion.end(memoryRegion(), MemoryStatus.ofEnd(status));
        }
        for (int worker = 0; worker < record.workers(); worker++) {
            ShmRegion.end(ShmRegion.file(Path.of(record.regionDir()), worker), status);
        }
    }

    /**
     * Kills everything in it, frozen or not.
     *
     * @return whether nothing is left after at most this time
     */
    boolean kill(long timeoutMillis) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        signal(Signals.SIGKILL);
        boolean empty = cgroup == null ? killHome(deadline) : cgroup.kill(timeoutMillis);
        return empty && awaitGone(deadline - System.nanoTime());
    }

    // What an executor had started is nobody's when it was killed: only its home tells whose.
    private boolean killHome(long deadlineNanos) {
        Path home = Path.of(record.scratchDir());
        List<ProcessRef> left = ProcessTree.atHome(home);
        while (!left.isEmpty() && System.nanoTime() - deadlineNanos < 0) {
            left.forEach(process -> ProcessTree.signalAll(process, Signals.SIGKILL));
            LockSupport.parkNanos(ROUND_NANOS);
            left = ProcessTree.atHome(home);
        }
        return left.isEmpty();
    }

    /** Waits for the process itself to be gone. */
    boolean awaitGone(long timeoutNanos) {
        try {
            gone().get(Math.max(1, timeoutNanos), TimeUnit.NANOSECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !alive();
        } catch (ExecutionException | TimeoutException e) {
            return !alive();
        }
    }

    private void signal(int signal) {
        try {
            ProcessTree.signalAll(process, signal);
        } catch (OffcutException e) {
            // It changed its user: the control group, or its own orphan time, ends it.
        }
    }

    /** Removes its control group and its folders; it must be gone. */
    void remove() {
        if (cgroup != null) {
            GroupRemoval.remove(cgroup);
        }
        removeFolders();
    }

    /** Removes its regions and all that its functions wrote. */
    void removeFolders() {
        Folders.delete(Path.of(record.regionDir()));
        Folders.delete(Path.of(record.scratchDir()));
    }

    /** CPU time it has used under its lease, its children included; 0 when not known. */
    long cpuMicros() {
        return Math.max(0, cpuMicros(pid(), cgroup) - record.cpuMicrosBefore());
    }

    /** The same of any process since it began; −1 when not known. */
    static long cpuMicros(long pid, @Nullable Cgroup cgroup) {
        long counted = cgroup == null ? -1 : cgroup.cpuMicros();
        return counted >= 0 ? counted : ProcessCpu.treeMicros(pid);
    }

    /** Its working set; −1 when not known. */
    long memoryBytes() {
        return cgroup == null ? -1 : cgroup.workingSetBytes();
    }

    /** It as its node's sensing knows it, when it holds these logical CPUs. */
    OwnExecutor own(CpuSet cores) {
        return new OwnExecutor(id(process), cores, cgroup, pid());
    }

    /** One for the whole life of a process, with a lease and before. */
    static String id(long pid) {
        return id(ProcessRef.of(pid));
    }

    private static String id(ProcessRef process) {
        return process.pid() + "-" + process.startTimeTicks();
    }
}
