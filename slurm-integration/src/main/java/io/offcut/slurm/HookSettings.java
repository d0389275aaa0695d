package io.offcut.slurm;

import java.time.Duration;

/**
 * What the prolog and epilog hooks need to know.
 *
 * @param socketPattern the node daemon's socket; {@code %n} stands for Slurm's name of the node
 * @param deadline how long a job's start may be held at most; from 1 ms to 60 s
 */
public record HookSettings(String socketPattern, Duration deadline) {
    public HookSettings {
        long millis = deadline.toMillis();
        if (millis < 1 || millis > 60_000) {
            throw new IllegalArgumentException("a hook deadline of " + deadline);
        }
        if (!socketPattern.startsWith("/") || socketPattern.chars().anyMatch(c -> c < ' ')) {
            throw new IllegalArgumentException(
                    "the hook's socket must be an absolute path: '" + socketPattern + "'");
        }
    }

    /** A deadline of two seconds. */
    public static HookSettings at(String socketPattern) {
        return new HookSettings(socketPattern, Duration.ofSeconds(2));
    }
}
