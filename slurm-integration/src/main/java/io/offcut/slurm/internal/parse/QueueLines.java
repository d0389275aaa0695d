package io.offcut.slurm.internal.parse;

import io.offcut.slurm.JobState;
import io.offcut.slurm.QueuedJob;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads lines that {@code squeue --format} wrote as {@link #FORMAT} says. Pure. */
public final class QueueLines {
    /** No field of it is free text of a user. */
    public static final String FORMAT = "%A|%T|%P|%l|%S|%e|%N|%r";

    private static final int FIELDS = 8;
    private static final Pattern LIMIT =
            Pattern.compile("(?:(\\d{1,6})-)?(?:(\\d{1,2}):)?(\\d{1,2}):(\\d{2})");

    private QueueLines() {}

    /** The job of a line; null if it is none. */
    public static @Nullable QueuedJob parse(String line) {
        String[] fields = line.strip().split("\\|", FIELDS);
        if (fields.length < FIELDS || !SlurmText.isJobId(fields[0])) {
            return null;
        }
        return new QueuedJob(
                fields[0],
                JobState.parse(fields[1]),
                SlurmText.free(fields[2]),
                limit(fields[3]),
                SlurmText.time(fields[4]),
                SlurmText.time(fields[5]),
                SlurmText.free(fields[6]),
                SlurmText.free(fields[7]));
    }

    /** {@code 2:00}, {@code 1:30:00}, {@code 1-12:00:00}: days, hours, minutes and seconds. */
    public static @Nullable Duration limit(String text) {
        Matcher parts = LIMIT.matcher(text);
        if (!parts.matches()) {
            return null;
        }
        return Duration.ofDays(SlurmText.number(parts.group(1), 0))
                .plusHours(SlurmText.number(parts.group(2), 0))
                .plusMinutes(SlurmText.number(parts.group(3), 0))
                .plusSeconds(SlurmText.number(parts.group(4), 0));
    }
}
