package io.offcut.executor.internal.function;

import io.offcut.linux.ProcessRef;
import io.offcut.linux.ProcessTree;
import io.offcut.linux.Signals;
import io.offcut.linux.ThisProcess;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/**
 * What the commands of one worker left running when they ended. The executor has adopted it ({@link
 * ThisProcess#adoptOrphans}), and knows it by the home folder that a worker's commands get.
 */
final class LeftRunning {
    private static final int MAX_ROUNDS = 100;
    private static final long ROUND_NANOS = 1_000_000;

    private LeftRunning() {}

    /**
     * Kills it, and does away with every orphan that has ended. Blocks for a bounded time; when
     * there are no orphans, which is what it finds most often, it reads one file.
     */
    static void kill(Path workDirectory) {
        for (int round = 0; round < MAX_ROUNDS && killOnce(workDirectory); round++) {
            LockSupport.parkNanos(ROUND_NANOS);
        }
    }

    private static boolean killOnce(Path workDirectory) {
        boolean found = false;
        for (long orphan : ThisProcess.orphans()) {
            if (!ThisProcess.reap(orphan) && ProcessTree.isAtHome(orphan, workDirectory)) {
                ProcessTree.signalAll(ProcessRef.of(orphan), Signals.SIGKILL);
                found = true;
            }
        }
        return found;
    }
}
