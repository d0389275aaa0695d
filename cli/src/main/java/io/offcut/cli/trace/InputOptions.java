package io.offcut.cli.trace;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.SwfLog;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The log that a command reads. */
final class InputOptions {
    @Parameters(
            paramLabel = "LOG",
            description =
                    "Job log: Standard Workload Format, 'sacct -P', Torque or PBS accounting; plain,"
                            + " gzip or zstd; or 'sample'.")
    String log = "";

    @Option(
            names = "--time-zone",
            paramLabel = "ZONE",
            defaultValue = "UTC",
            description =
                    "Zone of times in the log and in options that name none, as Europe/Berlin."
                            + " Default: UTC.")
    private String zone = "";

    /** A log of at least one job. */
    SwfLog read() {
        SwfLog read = LogFiles.read(log, zone());
        LogFiles.requireJobs(log, read);
        return read;
    }

    private ZoneId zone() {
        return LogFiles.zone(zone);
    }

    /** A point in time in seconds of the log: written so, or as a date with or without a time. */
    long seconds(String option, String text, SwfLog of) {
        if (text.matches("-?[0-9]{1,12}")) {
            return Long.parseLong(text);
        }
        long epoch = epochSeconds(option, text);
        long start =
                of.header()
                        .unixStartTimeSeconds()
                        .orElseThrow(() ->
                                new OffcutException(
                                        ErrorCode.USAGE,
                                        option
                                                + ": the log does not say when it starts"
                                                + " (UnixStartTime); give seconds"));
        return epoch - start;
    }

    private long epochSeconds(String option, String text) {
        try {
            LocalDateTime time =
                    text.length() == 10
                            ? LocalDate.parse(text).atStartOfDay()
                            : LocalDateTime.parse(text);
            return time.atZone(zone()).toEpochSecond();
        } catch (DateTimeException e) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    option
                            + " is a date as 2014-06-01 or 2014-06-01T12:00, or seconds of the log;"
                            + " not '"
                            + text
                            + "'",
                    e);
        }
    }
}
