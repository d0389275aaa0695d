package io.offcut.cli.trace;

import io.offcut.traces.SampleTraces;
import io.offcut.traces.SwfComplaints;
import io.offcut.traces.SwfLog;
import io.offcut.traces.SwfReader;
import java.io.PrintWriter;
import java.nio.file.Path;

/** Job logs that commands are given by name. */
public final class LogFiles {
    /** Name of the log that ships with Offcut. */
    private static final String SAMPLE = "sample";

    private static final int SHOWN_COMPLAINTS = 3;

    private LogFiles() {}

    /** The log of this path, or the one that ships with Offcut. */
    public static SwfLog read(String name) {
        return name.equals(SAMPLE) ? SampleTraces.sample256() : SwfReader.read(Path.of(name));
    }

    /** Says how much of a log was wrong, and where the first of it is. */
    public static void warn(PrintWriter err, String log, SwfComplaints complaints) {
        if (complaints.total() > 0) {
            err.printf(
                    "offcut: %s: %d complaints, %d lines left out%n",
                    log, complaints.total(), complaints.droppedLines());
            complaints.located().stream()
                    .limit(SHOWN_COMPLAINTS)
                    .forEach(complaint -> err.println("  " + complaint));
            err.flush();
        }
    }
}
