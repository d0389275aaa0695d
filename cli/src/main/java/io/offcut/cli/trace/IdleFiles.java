package io.offcut.cli.trace;

import io.offcut.traces.idle.IdleComplaints;
import java.io.PrintWriter;

/** Samples of idle nodes that commands are given by name. */
public final class IdleFiles {
    private static final int SHOWN_COMPLAINTS = 3;

    private IdleFiles() {}

    /** Says how much of a file was wrong, and where the first of it is. */
    public static void warn(PrintWriter err, String file, IdleComplaints complaints) {
        if (complaints.total() > 0) {
            err.printf("offcut: %s: %d complaints%n", file, complaints.total());
            complaints.located().stream()
                    .limit(SHOWN_COMPLAINTS)
                    .forEach(complaint -> err.println("  " + complaint));
            err.flush();
        }
    }
}
