package io.offcut.linux;

import java.nio.file.Path;

/** A process that puts itself into SCHED_IDLE and says which of its threads are not. */
final class IdleChild {
    private IdleChild() {}

    public static void main(String[] args) {
        boolean applied = SchedIdle.applyToCurrentProcess();
        long ordinary =
                KernelFile.list(Path.of("/proc/self/task")).stream()
                        .map(task -> Long.parseLong(task.getFileName().toString()))
                        .filter(tid -> SchedIdle.policyOf(tid) == SchedIdle.SCHED_OTHER)
                        .count();
        System.out.println((applied ? "applied, " : "refused, ") + ordinary + " ordinary");
    }
}
