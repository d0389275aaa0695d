package io.offcut.traces;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * Reads a job log of any format that is known, told by what stands at its beginning: the Standard
 * Workload Format, {@code sacct -P}, Slurm's {@code jobcomp/filetxt}, the accounting records of
 * Torque and PBS; plain, gzip or zstd.
 */
public final class JobLogs {
    /** What to give where something else was given. */
    static final String FORMATS =
            "give a log in the Standard Workload Format, a dump of 'sacct -P' with the columns"
                    + " JobID and Submit, lines of Slurm's jobcomp/filetxt, or Torque or PBS accounting"
                    + " records; plain, gzip or zstd";

    private static final int SHOWN_CHARS = 40;

    private JobLogs() {}

    /** Told how far reading has come. */
    @FunctionalInterface
    public interface Progress {
        /** So many bytes of the file have been read; called by the thread that reads. */
        void read(long bytes);
    }

    /** Reads a whole log; times without a zone are taken as UTC. */
    public static SwfLog read(Path path) {
        return read(path, ZoneOffset.UTC, bytes -> {});
    }

    /**
     * Reads a whole log into memory: about 100 bytes a job.
     *
     * @param zone of the times in logs that do not name it, as sacct's
     * @throws OffcutException {@link ErrorCode#NOT_FOUND}, {@link ErrorCode#FORBIDDEN} or {@link
     *     ErrorCode#INVALID_INPUT} if it cannot be read or is none of these
     */
    public static SwfLog read(Path path, ZoneId zone, Progress progress) {
        try (LogInput in = LogInput.open(path, LogInput.Content.JOB_LOG, progress)) {
            return read(in, zone);
        }
    }

    static SwfLog read(LogInput in, ZoneId zone) {
        String line = firstLine(in.peek());
        if (TorqueReader.isRecord(line)) {
            return new TorqueReader(in, zone).read();
        } else if (JobCompReader.isRecord(line)) {
            return new JobCompReader(in, zone).read();
        } else if (SacctReader.isHeader(line)) {
            return new SacctReader(in, zone).read();
        } else if (!isSwf(line)) {
            TraceKind kind = TraceKind.of(line);
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    kind == TraceKind.UNKNOWN
                            ? "the log "
                                    + in.source()
                                    + " begins with '"
                                    + shown(line)
                                    + "': "
                                    + FORMATS
                            : in.source() + " " + kind.explained());
        }
        try (SwfReader reader = new SwfReader(in)) {
            return reader.readAll();
        }
    }

    /** Whether a log of one of these formats may begin so. */
    static boolean isOne(String line) {
        return TorqueReader.isRecord(line)
                || JobCompReader.isRecord(line)
                || SacctReader.isHeader(line)
                || isSwf(line);
    }

    /** The first line that is not blank, or what of it was looked at. */
    private static String firstLine(String start) {
        return start.lines().filter(line -> !line.isBlank()).findFirst().orElse("");
    }

    /** A comment, or a number; an empty log is one without jobs. */
    private static boolean isSwf(String line) {
        String text = line.strip();
        if (text.isEmpty() || text.startsWith(";")) {
            return true;
        }
        String number = text.split("[ \t]", 2)[0];
        return number.matches("-?[0-9]{1,18}(\\.[0-9]+)?") && number.length() < text.length();
    }

    private static String shown(String line) {
        String start = line.length() > SHOWN_CHARS ? line.substring(0, SHOWN_CHARS) + "…" : line;
        return start.replaceAll("[^\\x20-\\x7e…]", "?");
    }
}
