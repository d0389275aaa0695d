package io.offcut.traces.idle;

import org.jspecify.annotations.Nullable;

/** How samples are written. */
interface SampleFormat {
    /** The state that Slurm gives a node that a job could have at once; {@code idle~} sleeps. */
    String IDLE = "idle";

    /** The next sample, null at the end. */
    @Nullable IdleSample next();

    /** Whether this looks like seconds since 1970; 18 digits fit a long. */
    static boolean isTime(String text) {
        return !text.isEmpty()
                && text.length() <= 18
                && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
