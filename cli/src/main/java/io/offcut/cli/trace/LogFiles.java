package io.offcut.cli.trace;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.offcut.cli.output.ProgressLine;
import io.offcut.cli.output.Terminal;
import io.offcut.cli.output.Units;
import io.offcut.client.config.ConfigShape;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.Complaints;
import io.offcut.traces.JobLogs;
import io.offcut.traces.LogInput;
import io.offcut.traces.SampleTraces;
import io.offcut.traces.SwfLog;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Job logs that commands are given by name. */
public final class LogFiles {
    /** Name of the log that ships with Offcut. */
    private static final String SAMPLE = "sample";

    private static final int SHOWN_COMPLAINTS = 3;

    private LogFiles() {}

    /** Reads logs by their names, with the zone of times that name none. */
    @FunctionalInterface
    public interface Reader {
        SwfLog read(String name, ZoneId zone);
    }

    /** The zone of {@code --time-zone}. */
    public static ZoneId zone(String text) {
        try {
            return ZoneId.of(text);
        } catch (DateTimeException e) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "--time-zone is a zone by its name, as Europe/Berlin, or an offset, as +02:00;"
                            + " not '"
                            + text
                            + "'"
                            + hint(text),
                    e);
        }
    }

    private static String hint(String text) {
        return text.contains("/")
                ? ConfigShape.nearest(ZoneId.getAvailableZoneIds(), text)
                        .map(zone -> ": did you mean '" + zone + "'?")
                        .orElse("")
                : "; short names as EST mean several zones";
    }

    /**
     * Refuses logs without a job.
     *
     * @throws OffcutException {@link ErrorCode#INVALID_INPUT} with the first complaint about them
     */
    public static void requireJobs(String names, SwfLog log) {
        if (log.jobs().size() == 0) {
            List<Complaints.Located> complaints = log.complaints().located();
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "no job is in "
                            + names
                            + ": "
                            + (complaints.isEmpty() ? "check the file" : complaints.getFirst()));
        }
    }

    /** The log of this path in any format, or the one that ships with Offcut. */
    public static SwfLog read(String name) {
        return read(name, ZoneOffset.UTC);
    }

    /** The same; times that name no zone are of this one. Long reading shows how far it is. */
    public static SwfLog read(String name, ZoneId zone) {
        if (name.equals(SAMPLE)) {
            return SampleTraces.sample256();
        }
        Path path = Path.of(name);
        long bytes = Math.max(1, path.toFile().length());
        AtomicLong read = new AtomicLong();
        try (ProgressLine _ =
                ProgressLine.start(
                        new PrintStream(new FileOutputStream(FileDescriptor.err), true, UTF_8),
                        Terminal.detect(System.getenv()),
                        () -> progress(name, read.get(), bytes))) {
            return JobLogs.read(path, zone, read::set);
        }
    }

    /**
     * Refuses a log that is not there, without reading it.
     *
     * @throws OffcutException as reading it would
     */
    public static void requireReadable(String name) {
        if (!name.equals(SAMPLE)) {
            LogInput.open(Path.of(name), LogInput.Content.JOB_LOG).close();
        }
    }

    private static String progress(String name, long read, long bytes) {
        return "reading "
                + name
                + ": "
                + Math.min(100, 100 * read / bytes)
                + "% of "
                + Units.bytes(bytes);
    }

    /** Says how much of a log was wrong, and where the first of it is. */
    public static void warn(PrintWriter err, String log, Complaints complaints) {
        if (complaints.total() > 0) {
            err.printf(
                    "offcut: %s: %s, %s left out%n",
                    log,
                    Units.counted(complaints.total(), "complaint"),
                    Units.counted(complaints.droppedLines(), "line"));
            complaints.located().stream()
                    .limit(SHOWN_COMPLAINTS)
                    .forEach(complaint -> err.println("  " + complaint));
            err.flush();
        }
    }
}
