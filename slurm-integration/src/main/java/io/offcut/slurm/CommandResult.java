package io.offcut.slurm;

/**
 * How a command ended.
 *
 * @param exitCode its exit code; -1 if it was ended because its time was over
 * @param output what it wrote to standard output, cut at a limit
 * @param error what it wrote to standard error, cut at a limit
 * @param timedOut whether it was ended because its time was over
 */
public record CommandResult(int exitCode, String output, String error, boolean timedOut) {
    /** True if it ended by itself with exit code 0. */
    public boolean succeeded() {
        return exitCode == 0 && !timedOut;
    }
}
