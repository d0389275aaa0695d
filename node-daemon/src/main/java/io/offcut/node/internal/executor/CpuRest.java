package io.offcut.node.internal.executor;

import io.offcut.linux.ProcessCpu;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Whether processes that were asked to freeze use no CPU time any more. A thread that is asked runs
 * no instruction of its own from its next entry into the kernel on, and the asking interrupts those
 * that run. The kernel calls a group frozen when each thread has entered the freezer itself, for
 * which one that is ready to run needs a CPU: in SCHED_IDLE, beside a job that starts, it may wait
 * tens of milliseconds for one. It disturbs nobody meanwhile.
 *
 * <p>Not safe for use by several threads.
 */
final class CpuRest {
    /** Far beyond the grain of the clocks, and of a thread's way from an interrupt to rest. */
    private static final long APART_NANOS = 150_000;

    private Map<Long, Long> seenMicros = Map.of();
    private long seenAtNanos;
    private int looks;

    /** They were asked anew: what was seen before says nothing. */
    void forget() {
        looks = 0;
    }

    /** Looks; whether none of these has used any since an earlier look. */
    boolean look(Supplier<List<Long>> pids) {
        long now = System.nanoTime();
        if (looks > 0 && now - seenAtNanos < APART_NANOS) {
            return false;
        }
        seenAtNanos = now;
        if (looks++ == 0) {
            // The kernel mostly has said so before there is a second one.
            return false;
        }
        Map<Long, Long> micros = new HashMap<>();
        for (long pid : pids.get()) {
            micros.put(pid, ProcessCpu.cpuMicros(pid));
        }
        boolean rests = looks > 2 && micros.equals(seenMicros);
        seenMicros = micros;
        return rests;
    }
}
