package io.offcut.node.internal.executor;

import io.offcut.core.CpuSet;
import io.offcut.core.OffcutException;
import io.offcut.linux.Cgroup;
import io.offcut.monitor.OwnExecutor;
import io.offcut.node.internal.store.Folders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Executors that are started before anybody has a lease: virtual machines of the executors' user,
 * in a control group of their own, that sleep on their standard input. A lease gives one its limits
 * and the path of its specification, which is quicker than a start by far. While they wait, and
 * while they boot, they run where no job does, or stand still. They are the first to go when memory
 * gets short, and end by themselves when the daemon does, whose end of the pipe they read.
 *
 * <p>Safe for use by any thread. {@link #want} starts processes and ends them: it may take a while.
 */
final class ParkedExecutors {
    /** Starts one. */
    @FunctionalInterface
    interface Starter {
        /**
         * Starts it, in a control group of that name if there are any.
         *
         * @param starts told of its control group, if there is one, before anything runs in it
         */
        Parked start(String name, Path log, CpuSet realCpus, Consumer<@Nullable Cgroup> starts)
                throws IOException;
    }

    /** Tells one the path of its specification. */
    @FunctionalInterface
    interface Tell {
        void tell(Path specFile) throws IOException;
    }

    /**
     * A process that waits for its lease.
     *
     * @param id see {@link ExecutorProcess#id}
     * @param tell how it hears of its lease
     */
    record Parked(String id, Process process, @Nullable Cgroup cgroup, Path log, Tell tell) {
        /** One that reads its standard input for that. */
        Parked(String id, Process process, @Nullable Cgroup cgroup, Path log) {
            this(id, process, cgroup, log, specFile -> write(process, specFile));
        }

        private static void write(Process process, Path specFile) throws IOException {
            process.getOutputStream().write((specFile + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().close();
        }

        /**
         * Makes it the executor of a lease.
         *
         * @param leaseLog where what it prints goes from now on
         */
        void specialize(Path specFile, Path leaseLog) throws IOException {
            tell.tell(specFile);
            // It has the file open: the same file under another name.
            Files.move(log, leaseLog, StandardCopyOption.REPLACE_EXISTING);
        }

        /** So that its load and memory are not taken for somebody else's. It holds no core. */
        OwnExecutor own() {
            return new OwnExecutor(id, CpuSet.empty(), cgroup, process.pid());
        }

        void end() {
            process.destroyForcibly();
            if (cgroup != null) {
                GroupRemoval.remove(cgroup);
            }
            try {
                Files.deleteIfExists(log);
            } catch (IOException e) {
                LOG.warn("cannot delete {} ({})", log, e.toString());
            }
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(ParkedExecutors.class);
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Path dir;
    private final Starter starter;
    private final Deque<Parked> parked = new ArrayDeque<>();

    /** Those that are being given to a lease or ended: nobody else counts them yet. */
    private final List<Parked> leaving = new ArrayList<>();

    /**
     * Those that wait, those that are just being started, and those that leave until they have
     * left, by name.
     */
    private final Map<String, Confined> confined = new ConcurrentHashMap<>();

    private volatile CpuSet allowed = CpuSet.empty();
    private int wanted;
    private boolean closed;
    private int starting;
    private int ending;
    private final AtomicLong names = new AtomicLong();
    private long failedNanos = System.nanoTime() - RETRY_NANOS;

    /**
     * @param dir where their logs lie until they have a lease
     */
    ParkedExecutors(Path dir, Starter starter) {
        this.dir = dir;
        this.starter = starter;
    }

    /** Removes what an earlier daemon left. */
    void clean() {
        Folders.delete(dir);
        try {
            Path ignored = Folders.make(dir, "rwx------");
        } catch (IOException e) {
            LOG.warn("cannot make {} ({}): executors are started when needed", dir, e.toString());
        }
    }

    /**
     * One of them, which is then the caller's and goes on when the caller lets it; null when there
     * is none. Blocks while one is moved.
     *
     * <p>It stays off the CPUs that are not free until {@link #left}.
     *
     * @param takes told of its control group
     */
    @Nullable Parked take(Consumer<@Nullable Cgroup> takes) {
        for (Parked next = poll(); next != null; next = poll()) {
            Confined leaves = confined(next);
            if (!next.process().isAlive()) {
                end(next);
                continue;
            }
            if (leaves != null) {
                leaves.leaves();
            }
            takes.accept(next.cgroup());
            return next;
        }
        return null;
    }

    private synchronized @Nullable Parked poll() {
        Parked next = parked.poll();
        if (next != null) {
            leaves(next);
        }
        return next;
    }

    /** One that was taken runs on its lease's CPUs only, or has ended. */
    void left(Parked taken) {
        if (taken.cgroup() != null) {
            left(taken.cgroup().name());
        }
    }

    private void left(String name) {
        Confined gone = confined.remove(name);
        if (gone != null) {
            gone.gone();
        }
    }

    private @Nullable Confined confined(Parked one) {
        return one.cgroup() == null ? null : confined.get(one.cgroup().name());
    }

    /** Ends one that is nobody's, or that was taken. Blocks for a bounded time. */
    void end(Parked one) {
        end(one, one::end);
    }

    /** Ends one so. */
    void end(Parked one, Runnable ends) {
        Confined dying = confined(one);
        if (dying != null) {
            boolean ignored = dying.dies();
        }
        try {
            ends.run();
        } finally {
            left(one);
        }
    }

    /**
     * Only these real CPUs are nobody else's from now on: what runs elsewhere is asked to stand
     * still, and does when {@link #awaitAllowed} says so; {@link #move} has to follow. While there
     * are none no more are started. Asks the kernel and does not wait.
     */
    void allow(CpuSet free) {
        allowed = free;
        confined.values().forEach(each -> each.stopUnlessWithin(() -> allowed));
    }

    /** Waits until nothing of them runs but where it may; false when it does until then. */
    boolean awaitAllowed(long deadlineNanos) {
        boolean all = true;
        for (Confined each : confined.values()) {
            all &= ExecutorEnd.await(() -> each.within(() -> allowed), deadlineNanos);
        }
        return all;
    }

    /** Moves them to where they may run. Blocks for as long as the kernel takes. */
    void move() {
        // All at once: to move the first takes the kernel its time.
        confined.values().forEach(each -> each.stopUnlessOn(allowed));
        confined.values().forEach(each -> each.move(() -> allowed));
    }

    private void boots(String name, @Nullable Cgroup cgroup, CpuSet free) {
        if (cgroup != null) {
            confined.put(name, new Confined(cgroup, free));
        }
        // Whoever took some away before did not know of this one.
        if (!allowed.equals(free)) {
            throw new CancellationException("other CPUs are free now than " + free);
        }
    }

    private void leaves(Parked gone) {
        leaving.removeIf(each -> !each.process().isAlive());
        leaving.add(gone);
    }

    /** Starts or ends some, until so many are there. Blocks for as long as that takes. */
    void want(IntSupplier count) {
        synchronized (this) {
            // Asked here: of two callers the later one has the later word.
            wanted = closed ? 0 : count.getAsInt();
        }
        for (Parked surplus = surplus(); surplus != null; surplus = surplus()) {
            try {
                end(surplus);
            } finally {
                ended();
            }
        }
        for (CpuSet free = reserve(); !free.isEmpty(); free = reserve()) {
            Parked fresh = null;
            boolean failed = true;
            try {
                fresh = startOne(free);
                failed = fresh == null;
            } catch (CancellationException e) {
                // On others, then.
                LOG.debug("{}", e.getMessage());
                failed = false;
            } finally {
                settle(fresh, failed);
            }
        }
    }

    private synchronized @Nullable Parked surplus() {
        // When memory is short the kernel takes these first.
        Parked next =
                parked.stream().filter(each -> !each.process().isAlive()).findFirst().orElse(null);
        if (next == null && parked.size() > wanted) {
            next = parked.getFirst();
        }
        if (next != null) {
            parked.removeFirstOccurrence(next);
            leaves(next);
            ending++;
        }
        return next;
    }

    private synchronized void ended() {
        ending--;
        notifyAll();
    }

    /** The CPUs of another one, or none when none is to be started. */
    private synchronized CpuSet reserve() {
        CpuSet free = allowed;
        if (free.isEmpty()
                || parked.size() + starting >= wanted
                || System.nanoTime() - failedNanos < RETRY_NANOS) {
            return CpuSet.empty();
        }
        starting++;
        return free;
    }

    private void settle(@Nullable Parked fresh, boolean failed) {
        if (fresh != null && !keep(fresh)) {
            end(fresh);
        }
        synchronized (this) {
            starting--;
            if (failed) {
                failedNanos = System.nanoTime();
            }
            notifyAll();
        }
    }

    private synchronized boolean keep(Parked fresh) {
        // Fewer may be wanted by now.
        boolean room = !closed && parked.size() < wanted;
        if (room) {
            parked.add(fresh);
        } else {
            leaves(fresh);
        }
        return room;
    }

    /** Ends all, also those whose start is under way. Blocks for a bounded time. */
    void close() {
        synchronized (this) {
            closed = true;
        }
        want(() -> 0);
        long until = System.nanoTime() + CLOSE_NANOS;
        synchronized (this) {
            try {
                for (long left = CLOSE_NANOS; starting + ending > 0 && left > 0; ) {
                    wait(1 + left / 1_000_000);
                    left = until - System.nanoTime();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private @Nullable Parked startOne(CpuSet free) {
        String name = "parked-" + ProcessHandle.current().pid() + "-" + names.getAndIncrement();
        Parked started = null;
        try {
            Path log = ExecutorLog.make(dir.resolve(name + ".log"));
            started = starter.start(name, log, free, cgroup -> boots(name, cgroup, free));
            Confined boots = confined.get(name);
            if (boots != null) {
                boots.joined();
            }
        } catch (IOException | OffcutException e) {
            LOG.warn("no executor could be started ahead of time: {}", e.getMessage());
        } finally {
            if (started == null) {
                left(name);
            }
        }
        return started;
    }

    /** All that live, those included that a lease was just given and that are being ended. */
    synchronized List<OwnExecutor> own() {
        return Stream.concat(parked.stream(), leaving.stream())
                .filter(each -> each.process().isAlive())
                .map(Parked::own)
                .toList();
    }
}
