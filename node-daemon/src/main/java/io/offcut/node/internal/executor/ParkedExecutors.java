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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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
         * Starts it.
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
            // It has the file open: the same file under another name.
            Files.move(log, leaseLog, StandardCopyOption.REPLACE_EXISTING);
            tell.tell(specFile);
        }

        /** So that its load and memory are not taken for somebody else's. It holds no core. */
        OwnExecutor own() {
            return new OwnExecutor(id, CpuSet.empty(), cgroup, process.pid());
        }

        /** It stands still. */
        void stop() {
            if (cgroup != null) {
                cgroup.freeze(0);
            }
        }

        /** It runs on these real CPUs only; on none, it stands still. */
        void confine(CpuSet realCpus) {
            if (cgroup != null) {
                confine(cgroup, realCpus);
            }
        }

        static void confine(Cgroup cgroup, CpuSet realCpus) {
            try {
                // At once: the kernel takes its time over a set of CPUs, and this one may boot.
                cgroup.freeze(0);
                if (!realCpus.isEmpty()) {
                    cgroup.limit(new Cgroup.Limits(realCpus, 0, 0));
                    cgroup.thaw();
                }
            } catch (OffcutException e) {
                // It ends, or nothing of it runs: then there is nothing to confine.
                LOG.debug("{}", e.getMessage());
            }
        }

        void end() {
            process.destroyForcibly();
            if (cgroup != null) {
                boolean gone = cgroup.kill(KILL_MILLIS) && cgroup.remove();
                if (!gone) {
                    LOG.warn("control group {} stays: look at what is in it", cgroup.name());
                }
            }
            try {
                Files.deleteIfExists(log);
            } catch (IOException e) {
                LOG.warn("cannot delete {} ({})", log, e.toString());
            }
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(ParkedExecutors.class);
    private static final long KILL_MILLIS = 1_000;
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Path dir;
    private final Starter starter;
    private final Deque<Parked> parked = new ArrayDeque<>();

    /** Those that are being given to a lease or ended: nobody else counts them yet. */
    private final List<Parked> leaving = new ArrayList<>();

    /** Where those are that are just being started, by name. */
    private final Map<String, Cgroup> booting = new HashMap<>();

    private CpuSet realCpus = CpuSet.empty();
    private int wanted;
    private boolean closed;
    private int starting;
    private int ending;
    private long names;
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

    /** One of them, which is then the caller's and may stand still; null when there is none. */
    synchronized @Nullable Parked take() {
        Parked next = leave();
        while (next != null && !next.process().isAlive()) {
            next.end();
            next = leave();
        }
        return next;
    }

    /**
     * Only these CPUs are nobody else's now; those that wait stand still while there are none, and
     * no more are started.
     */
    synchronized void confine(CpuSet free) {
        if (!free.equals(realCpus)) {
            realCpus = free;
            // All at once: to move the first takes the kernel its time.
            booting.values().forEach(cgroup -> cgroup.freeze(0));
            parked.forEach(Parked::stop);
            booting.values().forEach(cgroup -> Parked.confine(cgroup, free));
            parked.forEach(each -> each.confine(free));
        }
    }

    private synchronized void boots(String name, @Nullable Cgroup cgroup) {
        if (cgroup != null) {
            booting.put(name, cgroup);
            Parked.confine(cgroup, realCpus);
        }
    }

    private @Nullable Parked leave() {
        Parked next = parked.poll();
        leaving.removeIf(gone -> !gone.process().isAlive());
        if (next != null) {
            leaving.add(next);
        }
        return next;
    }

    /** Starts or ends some, until so many are there. Blocks for as long as that takes. */
    void want(IntSupplier count) {
        synchronized (this) {
            // Asked here: of two callers the later one has the later word.
            wanted = closed ? 0 : count.getAsInt();
        }
        for (Parked surplus = surplus(); surplus != null; surplus = surplus()) {
            try {
                surplus.end();
            } finally {
                ended();
            }
        }
        while (reserve()) {
            Parked fresh = null;
            try {
                fresh = startOne();
            } finally {
                settle(fresh);
            }
        }
    }

    private synchronized @Nullable Parked surplus() {
        // When memory is short the kernel takes these first.
        Parked next =
                parked.stream().filter(each -> !each.process().isAlive()).findFirst().orElse(null);
        if (next != null) {
            parked.removeFirstOccurrence(next);
        } else if (parked.size() > wanted) {
            next = leave();
        }
        ending += next == null ? 0 : 1;
        return next;
    }

    private synchronized void ended() {
        ending--;
        notifyAll();
    }

    private synchronized boolean reserve() {
        if (realCpus.isEmpty()
                || parked.size() + starting >= wanted
                || System.nanoTime() - failedNanos < RETRY_NANOS) {
            return false;
        }
        starting++;
        return true;
    }

    private void settle(@Nullable Parked fresh) {
        if (fresh != null && !keep(fresh)) {
            fresh.end();
        }
        synchronized (this) {
            starting--;
            if (fresh == null) {
                failedNanos = System.nanoTime();
            }
            notifyAll();
        }
    }

    private synchronized boolean keep(Parked fresh) {
        // Fewer may be wanted by now.
        boolean room = !closed && parked.size() < wanted;
        fresh.confine(realCpus);
        return room ? parked.add(fresh) : !leaving.add(fresh);
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

    private synchronized void booted(String name) {
        booting.remove(name);
    }

    private @Nullable Parked startOne() {
        String name;
        CpuSet free;
        synchronized (this) {
            free = realCpus;
            name = "parked-" + ProcessHandle.current().pid() + "-" + names++;
        }
        try {
            Path log = ExecutorLog.make(dir.resolve(name + ".log"));
            return starter.start(name, log, free, cgroup -> boots(name, cgroup));
        } catch (IOException | OffcutException e) {
            LOG.warn("no executor could be started ahead of time: {}", e.getMessage());
            return null;
        } finally {
            booted(name);
        }
    }

    /** All that live, those included that a lease was just given and that are being ended. */
    synchronized List<OwnExecutor> own() {
        return Stream.concat(parked.stream(), leaving.stream())
                .filter(each -> each.process().isAlive())
                .map(Parked::own)
                .toList();
    }
}
