package io.offcut.linux;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A process and what it started, for nodes without cgroups. A process that detaches itself (its
 * parent ended) is no longer found: a cgroup is the stronger tool.
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
