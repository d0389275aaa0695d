package io.offcut.slurm.internal.cluster;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.internal.cluster.ClusterState.DaemonId;
import io.offcut.slurm.internal.exec.Tools;
import io.offcut.slurm.internal.parse.SlurmText;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts the daemons of a cluster. Each stays in the foreground of a session of its own ({@code
 * setsid}), so that its pid is known and a Ctrl-C at the terminal does not reach it.
 */
public final class Daemons {
    public static final String MUNGED = "munged";
    public static final String SLURMCTLD = "slurmctld";
    private static final String SLURMD = "slurmd-";
    private static final int MAX_LOG_BYTES = 64 << 10;
    private static final int MAX_COMPLAINTS = 2;

    private Daemons() {}

    /** The name of a node's slurmd. */
    public static String slurmd(String node) {
        return SLURMD + node;
    }

    static DaemonId start(ClusterLayout layout, String daemon) {
        List<String> command = new ArrayList<>(List.of(Packages.path("setsid")));
        command.addAll(command(layout, daemon));
        File log = layout.log(daemon).toFile();
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(layout.directory().toFile())
                        .redirectInput(Redirect.from(new File("/dev/null")))
                        .redirectErrorStream(true)
                        .redirectOutput(Redirect.appendTo(log));
        builder.environment().clear();
        builder.environment().putAll(Tools.environment(layout.slurmConf()));
        try {
            long pid = builder.start().pid();
            return new DaemonId(pid, Processes.startTicks(pid).orElse(-1L));
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED, "cannot start " + daemon + ": " + e.getMessage(), e);
        }
    }

    private static List<String> command(ClusterLayout layout, String daemon) {
        String conf = layout.slurmConf().toString();
        if (daemon.equals(MUNGED)) {
            Path run = layout.mungeSocket().resolveSibling("munged.pid");
            return List.of(
                    Packages.path(MUNGED),
                    "--foreground",
                    "--key-file=" + layout.mungeKey(),
                    "--socket=" + layout.mungeSocket(),
                    "--pid-file=" + run,
                    "--seed-file=" + layout.mungeKey().resolveSibling("munge.seed"));
        }
        if (daemon.equals(SLURMCTLD)) {
            return List.of(Packages.path(SLURMCTLD), "-D", "-i", "-f", conf);
        }
        String node = daemon.substring(SLURMD.length());
        return List.of(Packages.path("slurmd"), "-D", "-f", conf, "-N", node);
    }

    /** What the daemon complained about last, for an error message; empty if it has not. */
    static String complaint(ClusterLayout layout, String daemon) {
        List<String> last = new ArrayList<>();
        for (String line : tail(layout.log(daemon)).lines().toList().reversed()) {
            int at = Math.max(line.indexOf("rror: "), line.indexOf("fatal: "));
            if (at >= 0 && last.size() < MAX_COMPLAINTS) {
                last.addFirst(line.substring(line.indexOf(": ", at) + 2).strip());
            }
        }
        return last.isEmpty() ? "" : daemon + ": " + SlurmText.free(String.join("; ", last));
    }

    private static String tail(Path log) {
        try (var channel = Files.newByteChannel(log)) {
            channel.position(Math.max(0, channel.size() - MAX_LOG_BYTES));
            var bytes = java.nio.ByteBuffer.allocate(MAX_LOG_BYTES);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }
}
