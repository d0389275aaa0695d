package io.offcut.linux;

/**
 * A process that adopts orphans, starts one that detaches itself, and says what it then sees: how
 * many orphans, how many of them at home, and how many after they were killed and reaped.
 */
final class AdoptingChild {
    private AdoptingChild() {}

    public static void main(String[] home) throws Exception {
        boolean adopts = ThisProcess.adoptOrphans();
        ProcessBuilder builder =
                new ProcessBuilder("sh", "-c", "setsid sleep 600 >/dev/null 2>&1 &").inheritIO();
        builder.environment().put("HOME", home[0]);
        builder.start().waitFor();
        long orphan = ThisProcess.orphans().getFirst();
        boolean descends =
                ProcessTree.descendants(ProcessHandle.current().pid()).stream()
                        .anyMatch(p -> p.pid() == orphan);
        boolean early = ThisProcess.reap(orphan);
        Signals.send(orphan, Signals.SIGKILL);
        while (!ThisProcess.reap(orphan)) {
            Thread.onSpinWait();
        }
        System.out.println(
                adopts + " " + descends + " " + early + " " + ThisProcess.orphans().size());
    }
}
