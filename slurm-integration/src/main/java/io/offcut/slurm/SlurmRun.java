package io.offcut.slurm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One command to be run against a {@link SlurmCluster}.
 *
 * @param command the program ({@code srun}, {@code sbatch}, {@code squeue}, …) and its arguments
 * @param user the login name it is run as, or null for this process's user; needs root
 * @param timeout after which it is killed
 * @param environment variables added to this process's environment
 * @param directory where it runs, or null for the cluster's {@code work} directory
 */
public record SlurmRun(
        List<String> command,
        @Nullable String user,
        Duration timeout,
        Map<String, String> environment,
        @Nullable Path directory) {
    public SlurmRun {
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
        if (command.isEmpty()) {
            throw new IllegalArgumentException("no command");
        }
    }

    /** The command as this process's user, with 30 seconds to end. */
    public static SlurmRun of(String... command) {
        return new SlurmRun(List.of(command), null, Duration.ofSeconds(30), Map.of(), null);
    }

    /** The same as another user. */
    public SlurmRun as(String login) {
        return new SlurmRun(command, login, timeout, environment, directory);
    }

    /** The same with another time-out. */
    public SlurmRun within(Duration limit) {
        return new SlurmRun(command, user, limit, environment, directory);
    }

    /** The same with one more variable. */
    public SlurmRun with(String variable, String value) {
        Map<String, String> more = new HashMap<>(environment);
        more.put(variable, value);
        return new SlurmRun(command, user, timeout, more, directory);
    }

    /** The same in another directory. */
    public SlurmRun in(Path place) {
        return new SlurmRun(command, user, timeout, environment, place);
    }
}
