package io.offcut.cli.map;

import java.util.List;

/**
 * How a map went.
 *
 * @param items all there are; when interrupted, as many as were looked at
 * @param done with a result, those of earlier runs too
 * @param doneBefore of these, by earlier runs
 * @param changed done by an earlier run, but the input is another now: run again
 * @param failed without a result
 * @param retries attempts that were lost and made again
 * @param interrupted whether it was told to stop before the end
 */
public record MapReport(
        long items,
        long done,
        long doneBefore,
        long changed,
        List<FailedItem> failed,
        long retries,
        boolean interrupted) {
    public MapReport {
        failed = List.copyOf(failed);
    }
}
