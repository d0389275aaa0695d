package io.offcut.executor.internal.process;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.ExecutorCommand;
import io.offcut.executor.ExecutorExit;
import io.offcut.executor.ExecutorSpec;
import io.offcut.executor.RdmaDevices;
import io.offcut.executor.ShmRegion;
import io.offcut.executor.internal.control.ControlLine;
import io.offcut.executor.internal.shm.ShmWorkerChannel;
import io.offcut.executor.internal.tcp.TcpDoor;
import io.offcut.executor.internal.tcp.TcpWorkerChannel;
import io.offcut.executor.internal.verbs.VerbsDoor;
import io.offcut.executor.internal.verbs.VerbsWorkerChannel;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.ProcessTree;
import io.offcut.linux.Signals;
import io.offcut.linux.ThisProcess;
import io.offcut.linux.UnixSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The executor process: its workers, the doors for TCP and RDMA, the watchdog and the link to the
 * daemon.
 *
 * <p>It ends in one way only, {@link #stop}: every channel says why, what commands left running is
 * killed, and the process exits. The watchdog, the daemon's word, a channel that has ended and the
 * virtual machine's shutdown all lead there. Or its lease ends alone, {@link #rest}, and what the
 * process has loaded waits for the next.
 */
public final class Executor {
    private static final long STOP_NANOS = 100_000_000;
    private static final long WORD_NANOS = 200_000_000;
    private static final int MAX_KILL_ROUNDS = 100;

    private final ExecutorSpec spec;
    private final Functions functions;
    private final List<ShmWorkerChannel> regions = new ArrayList<>();
    private final List<Worker> workers = new ArrayList<>();
    private final Map<Integer, TcpWorkerChannel> sockets = new HashMap<>();
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final Watchdog watchdog =
            new Watchdog(
                    workers,
                    stopping::get,
                    () -> stop(InvocationStatus.CRASHED, ExecutorExit.TIMED_OUT));

    /** A function that calls System.exit comes here. */
    private final Thread hook = new Thread(this::shutDown, "shutdown");

    private @Nullable TcpDoor door;
    private @Nullable VerbsDoor verbs;
    private boolean resting;

    Executor(ExecutorSpec spec, Functions functions) {
        this.spec = spec;
        this.functions = functions;
    }

    /** Does once what every lease needs, so that it is quick when one comes. */
    public static void prepare() throws InterruptedException {
        Rehearsal.run();
        ThisProcess.giveBackFreed();
    }

    /**
     * Serves the lease until its end, and those that the daemon gives it after a rest. Never
     * returns normally: the process exits with a code of {@link ExecutorExit}.
     *
     * @throws OffcutException if it cannot begin
     */
    public static void serve(ExecutorSpec first) throws InterruptedException {
        if (first.memoryBytes() > 0) {
            Holder.serve(first);
            return;
        }
        Functions functions = new Functions(first);
        for (ExecutorSpec spec = first; spec != null; spec = serveOne(spec, functions)) {
            functions.requireOf(spec);
        }
    }

    /** The next lease; null when another thread ends the process. */
    private static @Nullable ExecutorSpec serveOne(ExecutorSpec spec, Functions functions)
            throws InterruptedException {
        Executor executor = new Executor(spec, functions);
        ControlLine word = executor.run(executor.begin(), executor.dial());
        switch (word) {
            case ControlLine.Lease(String specFile) -> {
                return ExecutorCommand.read(Path.of(specFile));
            }
            case ControlLine.End(InvocationStatus status) ->
                    executor.stop(status, ExecutorExit.ENDED);
            case null, default ->
                    executor.stop(InvocationStatus.DISCONNECTED, ExecutorExit.ORPHANED);
        }
        if (executor.resting) {
            ThisProcess.exit(ExecutorExit.ENDED);
        }
        return null;
    }

    /** Everything before the first thread. @return one line for each part that could not be had */
    List<String> begin() {
        // One that waited for its lease was started before there was such a folder.
        ThisProcess.setEnvironment("HOME", spec.scratchDir());
        ThisProcess.setEnvironment("TMPDIR", spec.scratchDir());
        List<String> problems = Confinement.apply(spec.cpus());
        makeWorkers();
        return problems;
    }

    /** Serves until the daemon's word, which it returns; null when there is no daemon any more. */
    @Nullable ControlLine run(List<String> problems, ControlLink.Dial dial)
            throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(hook);
        for (int index = 0; index < workers.size(); index++) {
            start("worker-" + index, workers.get(index));
        }
        for (Worker worker : workers) {
            String problem = worker.awaitStart();
            if (problem != null) {
                problems.add(problem);
            }
        }
        if (!spec.tcpHost().isEmpty()) {
            door =
                    new TcpDoor(
                            spec.tcpHost(),
                            spec.secret(),
                            workers.size(),
                            this::socket,
                            () -> workers.forEach(Worker::wake));
        }
        verbs = openVerbs(problems);
        List<ChannelDescriptor> channels = channels();
        ControlLink link = new ControlLink(spec, dial, channels, problems, this::usage, this::rest);
        start("watchdog", () -> watchdog.run(link::workDone));
        return link.serve();
    }

    /** Nothing of RDMA is loaded where the lease has none. */
    private @Nullable VerbsDoor openVerbs(List<String> problems) {
        if (spec.verbsHost().isEmpty()) {
            return null;
        }
        long bytes =
                VerbsWorkerChannel.registeredBytesPerSlot(spec.payloadBytes())
                        * spec.slots()
                        * spec.cores().size();
        long most = RdmaDevices.memlockBytes();
        if (bytes > most) {
            problems.add(
                    "no rdma: the lease needs "
                            + bytes
                            + " bytes registered, the memlock limit is "
                            + most
                            + ": raise it (LimitMEMLOCK=infinity of the node daemon)");
            return null;
        }
        try {
            return new VerbsDoor(
                    spec.verbsHost(),
                    spec.secret(),
                    workers.size(),
                    this::queuePairs,
                    () -> workers.forEach(Worker::wake),
                    this::defect);
        } catch (IOException | OffcutException e) {
            problems.add("no rdma: " + e.getMessage());
            return null;
        }
    }

    private VerbsWorkerChannel queuePairs(int worker) {
        VerbsWorkerChannel fresh = new VerbsWorkerChannel(spec.slots(), spec.payloadBytes());
        workers.get(worker).attach(fresh);
        return fresh;
    }

    /** Connects to the daemon. */
    ControlLink.Dial dial() {
        return dial(spec);
    }

    static ControlLink.Dial dial(ExecutorSpec spec) {
        return () -> UnixSocket.connect(Path.of(spec.controlSocket()));
    }

    /** Ends the lease alone. False when another thread ends the process. */
    private boolean rest(InvocationStatus status) {
        if (!stopping.compareAndSet(false, true)) {
            return false;
        }
        if (!undo(status)) {
            // A function still runs, and only its process can end it.
            killCommands();
            ThisProcess.exit(ExecutorExit.ENDED);
        }
        resting = true;
        return true;
    }

    /** Undoes all of it, where the process goes on. */
    void close() {
        stopping.set(true);
        boolean ignored = undo(InvocationStatus.REVOKED);
    }

    private boolean undo(InvocationStatus status) {
        boolean ignored = Runtime.getRuntime().removeShutdownHook(hook);
        boolean ended = endWorkers(status);
        watchdog.wake();
        if (door != null) {
            door.close();
        }
        if (ended) {
            if (verbs != null) {
                verbs.close();
            }
            closeSockets();
            regions.forEach(ShmWorkerChannel::close);
        }
        return ended;
    }

    private void start(String name, Runnable body) {
        Thread.ofPlatform().daemon().name(name).uncaughtExceptionHandler(this::defect).start(body);
    }

    /** A defect, or a region whose memory is gone. */
    private void defect(Thread thread, Throwable thrown) {
        System.err.println("offcut executor: thread " + thread.getName() + " failed: " + thrown);
        stop(InvocationStatus.CRASHED, ExecutorExit.INTERNAL);
    }

    private void makeWorkers() {
        for (int index = 0; index < spec.cores().size(); index++) {
            int core = spec.cores().get(index);
            regions.add(ShmWorkerChannel.open(ShmRegion.file(Path.of(spec.regionDir()), index)));
            workers.add(
                    new Worker(
                            index,
                            core,
                            Collections.frequency(spec.cores(), core) > 1,
                            spec.hotTimeoutMicros(),
                            regions.get(index),
                            functions.of(index),
                            watchdog::wake,
                            this::endedByItself));
        }
    }

    /** Made when it is needed: most clients share memory. */
    private synchronized TcpWorkerChannel socket(int worker) {
        TcpWorkerChannel known = sockets.get(worker);
        if (known != null) {
            return known;
        }
        try {
            TcpWorkerChannel fresh = new TcpWorkerChannel(spec.slots(), spec.payloadBytes());
            sockets.put(worker, fresh);
            workers.get(worker).attach(fresh);
            return fresh;
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED, "cannot prepare for tcp: " + e.getMessage(), e);
        }
    }

    private synchronized void closeSockets() {
        sockets.values().forEach(TcpWorkerChannel::close);
    }

    private List<ChannelDescriptor> channels() {
        List<ChannelDescriptor> channels = new ArrayList<>();
        for (int index = 0; index < workers.size(); index++) {
            String region = ShmRegion.file(Path.of(spec.regionDir()), index).toString();
            channels.add(
                    new ChannelDescriptor(
                            index,
                            ChannelDescriptor.SHM,
                            region,
                            "",
                            0,
                            "",
                            spec.slots(),
                            spec.payloadBytes()));
            if (verbs != null) {
                channels.add(
                        remote(index, ChannelDescriptor.VERBS, spec.verbsHost(), verbs.port()));
            }
            if (door != null) {
                channels.add(remote(index, ChannelDescriptor.TCP, spec.tcpHost(), door.port()));
            }
        }
        return channels;
    }

    private ChannelDescriptor remote(int worker, String transport, String host, int port) {
        return new ChannelDescriptor(
                worker,
                transport,
                "",
                host,
                port,
                spec.secret(),
                spec.slots(),
                spec.payloadBytes());
    }

    private ControlLine.Usage usage() {
        long invocations = 0;
        long executingNanos = 0;
        long hotPollingNanos = 0;
        for (Worker worker : workers) {
            invocations += worker.invocations();
            executingNanos += worker.executingNanos();
            hotPollingNanos += worker.hotPollingNanos();
        }
        return new ControlLine.Usage(
                invocations,
                TimeUnit.NANOSECONDS.toMicros(executingNanos),
                TimeUnit.NANOSECONDS.toMicros(hotPollingNanos));
    }

    /** The daemon ended a region: the lease is over, and what else is, is its word, or all. */
    private void endedByItself() {
        start(
                "end",
                () -> {
                    LockSupport.parkNanos(WORD_NANOS);
                    stop(InvocationStatus.REVOKED, ExecutorExit.ENDED);
                });
    }

    private void stop(InvocationStatus status, int exitCode) {
        if (stopping.compareAndSet(false, true)) {
            endWorkers(status);
            killCommands();
            ThisProcess.exit(exitCode);
        }
    }

    /** The virtual machine goes down without {@link #stop}: a function ended it, or a signal. */
    private void shutDown() {
        if (stopping.compareAndSet(false, true)) {
            endWorkers(InvocationStatus.CRASHED);
            killCommands();
        }
    }

    /** Whether the threads of all have ended. */
    private boolean endWorkers(InvocationStatus status) {
        for (Worker worker : workers) {
            try {
                worker.askToEnd(status.code());
            } catch (InternalError e) {
                // The memory of this worker's region is gone, and with it whoever could wait there.
            }
        }
        boolean ended = true;
        for (Worker worker : workers) {
            try {
                ended &= worker.awaitEnd(status.code(), STOP_NANOS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                ended = false;
            } catch (InternalError e) {
                // As above.
                ended = false;
            }
        }
        return ended;
    }

    // Again until none is left: what a killed process had started comes to this one.
    private static void killCommands() {
        long self = ProcessHandle.current().pid();
        for (int round = 0; round < MAX_KILL_ROUNDS; round++) {
            List<ProcessRef> commands =
                    ProcessTree.descendants(self).stream().filter(ProcessRef::isAlive).toList();
            if (commands.isEmpty()) {
                return;
            }
            commands.forEach(command -> ProcessTree.signalAll(command, Signals.SIGKILL));
        }
    }
}
