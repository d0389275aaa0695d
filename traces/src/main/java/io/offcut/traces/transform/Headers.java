package io.offcut.traces.transform;

import io.offcut.traces.SwfHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Headers of logs that are made from others. */
final class Headers {
    private Headers() {}

    /** The same with another number of jobs, where it tells one. */
    static SwfHeader jobs(SwfHeader header, int jobs) {
        List<String> lines = new ArrayList<>();
        for (String line : header.lines()) {
            String label = label(line);
            boolean counts = label.equals("maxjobs") || label.equals("maxrecords");
            lines.add(counts ? line.substring(0, line.indexOf(':') + 1) + " " + jobs : line);
        }
        return new SwfHeader(lines);
    }

    /** What stands before the colon, in small letters; empty if there is none. */
    static String label(String line) {
        int colon = line.indexOf(':');
        return colon < 0 ? "" : line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
    }
}
