package io.offcut.cli.simulate;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whose results a folder holds, by a file that only they have. */
public enum ResultFolder {
    SIMULATE("jobs.csv", "simulate"),
    IDLE("idle.csv", "simulate idle"),
    SWEEP("plan.json", "simulate sweep");

    private final String mark;
    private final String command;

    ResultFolder(String mark, String command) {
        this.mark = mark;
        this.command = command;
    }

    /**
     * Keeps results of several commands from lying in one folder, where none would be whole.
     *
     * @throws OffcutException {@link ErrorCode#CONFLICT} if there are results of another
     */
    public void requireNoOther(Path folder) {
        for (ResultFolder other : values()) {
            if (other != this && Files.exists(folder.resolve(other.mark))) {
                throw new OffcutException(
                        ErrorCode.CONFLICT,
                        folder
                                + " holds the result of 'offcut "
                                + other.command
                                + "': use another --out");
            }
        }
    }
}
