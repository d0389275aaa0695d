package io.offcut.executor.internal.process;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.ExecutorExit;
import io.offcut.executor.ExecutorSpec;
import io.offcut.executor.internal.control.ControlLine;
import io.offcut.executor.internal.memory.MemoryHolder;
import io.offcut.linux.ThisProcess;
import java.util.List;

/**
 * The process of a lease of memory only: it holds the memory, so that it counts for its control
 * group, and runs nothing of its client's. It does not rest for another lease.
 */
final class Holder {
    private static final ControlLine.Usage NOTHING = new ControlLine.Usage(0, 0, 0);

    private Holder() {}

    /**
     * Holds the memory until the daemon's word. Never returns normally: the process exits with a
     * code of {@link ExecutorExit}.
     *
     * @throws io.offcut.core.OffcutException if there is no room for it
     */
    static void serve(ExecutorSpec spec) throws InterruptedException {
        List<String> problems = Confinement.apply(spec.cpus());
        MemoryHolder memory = new MemoryHolder(spec, problems);
        ControlLink link =
                new ControlLink(
                        spec,
                        Executor.dial(spec),
                        memory.channels(),
                        problems,
                        () -> NOTHING,
                        status -> false);
        if (link.serve() instanceof ControlLine.End(InvocationStatus status)) {
            memory.end(MemoryStatus.ofEnd(status));
            ThisProcess.exit(ExecutorExit.ENDED);
        }
        memory.end(MemoryStatus.LOST);
        ThisProcess.exit(ExecutorExit.ORPHANED);
    }
}
