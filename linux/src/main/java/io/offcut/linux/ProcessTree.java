package io.offcut.linux;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A process and what it started, for nodes without cgroups. A process that detaches itself (its
 * parent ended) is found as long as an ancestor lives that adopts it ({@link
 * ThisProcess#adoptOrphans}), and after that by the home folder it was started with.
 */
public final class ProcessTree {
    private static final Path PROC = Path.of("/proc");
    private static final int MAX_ROUNDS = 100;

    private ProcessTree() {}

    /** When the process started, in clock ticks since boot; −1 when there is none. */
    public static long startTimeTicks(long pid) {
        ProcessStat stat = ProcessStat.read(PROC.resolve(Long.toString(pid)));
        return stat == null ? -1 : stat.startTimeTicks();
    }

    /**
     * Like {@link #startTimeTicks}, but −1 also for a process that ended and was not waited for.
     */
    static long liveStartTimeTicks(long pid) {
        ProcessStat stat = ProcessStat.read(PROC.resolve(Long.toString(pid)));
        return stat == null || stat.state() == 'Z' || stat.state() == 'X'
                ? -1
                : stat.startTimeTicks();
    }

    /** Children, grandchildren and so on, parents first, without the process itself. */
    public static List<ProcessRef> descendants(long pid) {
        return descendants(PROC, pid);
    }

    /** The same in another /proc. */
    public static List<ProcessRef> descendants(Path proc, long pid) {
        List<ProcessRef> found = new ArrayList<>();
        for (ProcessStat stat : descendantStats(proc, pid)) {
            found.add(new ProcessRef(stat.pid(), stat.startTimeTicks()));
        }
        return found;
    }

    /**
     * The living processes that were started with {@code HOME} in the environment naming this
     * folder or one below it, whoever their parent is now: as far as this process may look into
     * them (proc_pid_environ(5)), and as far as they were not started with another environment.
     */
    public static List<ProcessRef> atHome(Path folder) {
        List<ProcessRef> found = new ArrayList<>();
        for (Path entry : KernelFile.list(PROC)) {
            if (Character.isDigit(entry.getFileName().toString().charAt(0))) {
                ProcessRef process = ProcessRef.of(Long.parseLong(entry.getFileName().toString()));
                if (isAtHome(process.pid(), folder) && process.isAlive()) {
                    found.add(process);
                }
            }
        }
        return found;
    }

    /** Whether {@link #atHome} would find the process with this id. */
    public static boolean isAtHome(long pid, Path folder) {
        // The kernel's bytes were read as Latin-1.
        String wanted = new String(folder.toString().getBytes(UTF_8), ISO_8859_1);
        String environment = KernelFile.readOrEmpty(PROC.resolve(pid + "/environ"));
        for (String variable : environment.split("\0", -1)) {
            if (variable.startsWith("HOME=")) {
                String home = variable.substring("HOME=".length());
                return home.equals(wanted) || home.startsWith(wanted + "/");
            }
        }
        return false;
    }

    static List<ProcessStat> descendantStats(Path proc, long pid) {
        Map<Long, List<ProcessStat>> children = new HashMap<>();
        for (Path entry : KernelFile.list(proc)) {
            if (Character.isDigit(entry.getFileName().toString().charAt(0))) {
                ProcessStat stat = ProcessStat.read(entry);
                if (stat != null) {
                    children.computeIfAbsent(stat.parentPid(), parent -> new ArrayList<>())
                            .add(stat);
                }
            }
        }
        List<ProcessStat> found = new ArrayList<>();
        Deque<Long> open = new ArrayDeque<>(List.of(pid));
        while (!open.isEmpty()) {
            // remove: each list is used once, so a recorded tree with a cycle ends too.
            List<ProcessStat> next = children.remove(open.poll());
            if (next != null) {
                found.addAll(next);
                next.forEach(stat -> open.add(stat.pid()));
            }
        }
        return found;
    }

    /**
     * Sends the signal to the process and its descendants, again to those that appear meanwhile,
     * until a look finds no new one. Parents come first, so that a stopped or killed parent starts
     * no more.
     *
     * @return how many processes were signalled
     */
    public static int signalAll(ProcessRef root, int signal) {
        List<ProcessRef> done = new ArrayList<>();
        for (int round = 0; round < MAX_ROUNDS; round++) {
            List<ProcessRef> next = new ArrayList<>();
            if (root.exists()) {
                next.add(root);
                next.addAll(descendants(root.pid()));
            }
            for (ProcessRef known : done) {
                next.addAll(descendants(known.pid()));
            }
            next.removeAll(done);
            if (next.isEmpty()) {
                break;
            }
            for (ProcessRef process : next) {
                Signals.send(process, signal);
            }
            done.addAll(next);
        }
        return done.size();
    }
}
