package io.offcut.slurm.internal.site;

import org.jspecify.annotations.Nullable;

/**
 * A text that was asked for.
 *
 * @param text what came, or null
 * @param why why nothing came
 */
public record Reading(@Nullable String text, String why) {
    /** What came. */
    public static Reading of(String text) {
        return new Reading(text, "");
    }

    /** Nothing came. */
    public static Reading none(String why) {
        return new Reading(null, why);
    }
}
