package io.offcut.linux;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What both versions of the cgroup interface have in common: directories, members, waiting. */
final class CgroupFiles {
    static final String PROCS = "cgroup.procs";

    private static final long POLL_NANOS = 200_000;
    private static final long REMOVE_TIMEOUT_MILLIS = 1_000;
    private static final int MAX_SIGNAL_ROUNDS = 20;

    private CgroupFiles() {}

    /** What is thrown when a limit of a living group cannot be set. */
    static OffcutException refused(String name, IOException e) {
        return new OffcutException(
                ErrorCode.EXHAUSTED,
                "cgroup " + name + ": the kernel refuses its new limits: " + e.getMessage(),
                e);
    }

    /** The processes in any of the directories and the groups inside them. */
    static List<Long> pids(Collection<Path> directories) {
        TreeSet<Long> pids = new TreeSet<>();
        for (Path directory : directories) {
            for (Path group : withNested(directory)) {
                for (String line : KernelFile.readOrEmpty(group.resolve(PROCS)).split("\n", -1)) {
                    long pid = KernelFile.parseLong(line, -1);
                    // 0 stands for a process of another pid namespace: not ours to touch.
                    if (pid > 1) {
                        pids.add(pid);
                    }
                }
            }
        }
        return List.copyOf(pids);
    }

    /** Signals all members until a look finds no new one. */
    static void signalAll(Collection<Path> directories, int signal) {
        TreeSet<Long> done = new TreeSet<>();
        for (int round = 0; round < MAX_SIGNAL_ROUNDS; round++) {
            List<Long> next = new ArrayList<>(pids(directories));
            next.removeAll(done);
            if (next.isEmpty()) {
                return;
            }
            for (long pid : next) {
                Signals.send(pid, signal);
            }
            done.addAll(next);
        }
    }

    /**
     * Sees killed processes off. To free its memory a process runs for long, on the CPUs that it
     * had and a job may have by now: so that is done here, on any CPU. What is left to do, and all
     * of it where the kernel cannot be asked so, it does as an ordinary process; in SCHED_IDLE it
     * would take seconds beside a job that computes. Waits at most so long for the first.
     *
     * @param pids those that are still there, asked anew: meanwhile a number may become another's
     */
    static void seeOff(Supplier<? extends Collection<Long>> pids, long timeoutMillis) {
        // A virtual thread would keep others from their CPU meanwhile.
        Thread releases =
                Thread.ofPlatform()
                        .name("releases")
                        .daemon()
                        .start(() -> {
                            for (long pid : pids.get()) {
                                boolean ignored = Signals.release(pid);
                            }
                        });
        try {
            releases.join(Math.max(1, timeoutMillis));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        pids.get().forEach(SchedIdle::leave);
    }

    /** Looks again and again until the condition holds; false when the time is over. */
    static boolean waitFor(BooleanSupplier condition, long timeoutMillis) {
        long start = System.nanoTime();
        long limit = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start >= limit || Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return true;
    }

    /** SIGSTOP for a group without a freezer. */
    static boolean stopAll(Collection<Path> directories, long timeoutMillis) {
        signalAll(directories, Signals.SIGSTOP);
        return waitFor(
                () -> pids(directories).stream().allMatch(CgroupFiles::standsStill), timeoutMillis);
    }

    private static boolean standsStill(long pid) {
        ProcessStat stat = ProcessStat.read(Path.of("/proc", Long.toString(pid)));
        return stat == null || "TtZX".indexOf(stat.state()) >= 0;
    }

    static boolean removeAll(Collection<Path> directories) {
        return waitFor(
                () -> directories.stream().allMatch(CgroupFiles::removeTree),
                REMOVE_TIMEOUT_MILLIS);
    }

    /** Removes groups inside out; their files go with them and cannot be deleted singly. */
    private static boolean removeTree(Path directory) {
        for (Path group : withNested(directory).reversed()) {
            try {
                Files.deleteIfExists(group);
            } catch (IOException e) {
                return false;
            }
        }
        return true;
    }

    /** The directory and those below it, parents first; empty when it is not there. */
    private static List<Path> withNested(Path directory) {
        if (hasNoneNested(directory)) {
            return List.of(directory);
        }
        List<Path> groups = new ArrayList<>();
        try {
            Files.walkFileTree(
                    directory,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(
                                Path group, BasicFileAttributes attributes) {
                            groups.add(group);
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) {
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult postVisitDirectory(
                                Path group, @Nullable IOException e) {
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            return groups;
        }
        return groups;
    }

    /**
     * A directory has one link from its parent, one from itself and, in the file systems of control
     * groups, one from each directory inside it. To look at all of its files takes much longer.
     */
    private static boolean hasNoneNested(Path directory) {
        try {
            return Files.getAttribute(directory, "unix:nlink") instanceof Integer links
                    && links == 2;
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
