package io.offcut.slurm.internal.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Looks at and ends processes by /proc (proc(5)), so that a reused pid is never mistaken. */
final class Processes {
    private static final Path PROC = Path.of("/proc");

    private Processes() {}

    /**
     * When the process started, in clock ticks since boot: with the pid it names one process for
     * good. Empty if it does not run; one that has ended and was not reaped does not run.
     */
    static Optional<Long> startTicks(long pid) {
        try {
            String stat = Files.readString(PROC.resolve(pid + "/stat"));
            // The name in brackets may contain anything; the fields behind it are plain.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            boolean ended = fields[0].equals("Z") || fields[0].equals("X");
            return ended ? Optional.empty() : Optional.of(Long.parseLong(fields[19]));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    static boolean alive(long pid) {
        return startTicks(pid).isPresent();
    }

    static void terminate(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
    }

    static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }

    /**
     * Slurm's own helpers and the job processes of the cluster with this slurm.conf: whoever has it
     * as SLURM_CONF and is either a Slurm daemon or step, or part of a job. This process and those
     * above it are never among them.
     */
    static List<Long> ofCluster(Path slurmConf) {
        List<Long> own = new ArrayList<>();
        for (ProcessHandle h = ProcessHandle.current(); h != null; h = h.parent().orElse(null)) {
            own.add(h.pid());
        }
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(pid -> !own.contains(pid) && alive(pid))
                .filter(pid -> belongs(pid, "SLURM_CONF=" + slurmConf))
                .toList();
    }

    private static boolean belongs(long pid, String conf) {
        String environment = read(pid, "environ");
        if (environment == null || !("\0" + environment).contains("\0" + conf + "\0")) {
            return false;
        }
        String name = read(pid, "comm");
        return ("\0" + environment).contains("\0SLURM_JOB_ID=")
                || (name != null && name.startsWith("slurm"));
    }

    private static @Nullable String read(long pid, String file) {
        try {
            byte[] bytes = Files.readAllBytes(PROC.resolve(Long.toString(pid)).resolve(file));
            return new String(bytes, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            // It has ended, or is not ours to look at.
            return null;
        }
    }
}
