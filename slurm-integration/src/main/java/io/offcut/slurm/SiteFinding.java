package io.offcut.slurm;

import io.offcut.slurm.internal.parse.SlurmText;

/**
 * One thing that {@link SiteDoctor} looked at.
 *
 * @param check what was looked at
 * @param state how it is
 * @param found what is there, on one line
 * @param advice what to do and what breaks otherwise; empty when nothing is to be done
 */
public record SiteFinding(String check, State state, String found, String advice) {
    /** How a thing is. */
    public enum State {
        /** Must be changed. */
        CHANGE,
        /** Works; somebody should know. */
        NOTE,
        /** As it should be. */
        OK,
        /** Could not be looked at here, or by this user. */
        UNCHECKED
    }

    public SiteFinding {
        found = SlurmText.free(found);
    }

    /** All is well. */
    public static SiteFinding ok(String check, String found) {
        return new SiteFinding(check, State.OK, found, "");
    }

    /** Works, with something to know. */
    public static SiteFinding note(String check, String found, String advice) {
        return new SiteFinding(check, State.NOTE, found, advice);
    }

    /** Must be changed. */
    public static SiteFinding change(String check, String found, String advice) {
        return new SiteFinding(check, State.CHANGE, found, advice);
    }

    /** Could not be looked at. */
    public static SiteFinding unchecked(String check, String why, String advice) {
        return new SiteFinding(check, State.UNCHECKED, why, advice);
    }
}
