package io.offcut.traces.idle;

import io.offcut.core.HostList;
import io.offcut.traces.Complaints.Kind;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The records of HPC-Whisk (Przybylski, Pawlik, Żuk, Łagosz, Malawski, Rzadca: "Using Unused:
 * Non-Invasive Dynamic FaaS Infrastructure with HPC-Whisk", SC 2022):
 *
 * <pre>{@code
 * 1647471604
 * invokers: p2165,p1739
 * lowprio      up   12:00:00      1   idle p[0016-0018]
 * ----
 * }</pre>
 *
 * <p>The third kind of line is that of {@code sinfo}; only the state {@code idle} counts.
 */
final class RecordFormat implements SampleFormat {
    private static final String END = "----";
    private static final String INVOKERS = "invokers:";
    private static final int STATE = 4;
    private static final int NODES = 5;

    private final SampleLines lines;

    RecordFormat(SampleLines lines) {
        this.lines = lines;
    }

    @Override
    public @Nullable IdleSample next() {
        for (String line = lines.peek(); line != null; line = lines.peek()) {
            lines.take();
            if (SampleFormat.isTime(line)) {
                IdleSample sample = rest(Long.parseLong(line));
                if (sample != null) {
                    return sample;
                }
            } else {
                lines.complain(Kind.NOT_A_NUMBER, line);
                skip();
            }
        }
        return null;
    }

    /** Goes to the end of a record of which the time is unknown. */
    private void skip() {
        for (String line = lines.peek();
                line != null && !SampleFormat.isTime(line);
                line = lines.peek()) {
            lines.take();
            if (line.equals(END)) {
                return;
            }
        }
    }

    /** The record after its time; null if it does not end. */
    private @Nullable IdleSample rest(long unixSeconds) {
        Set<String> idle = new LinkedHashSet<>();
        Set<String> pilots = new LinkedHashSet<>();
        for (String line = lines.peek();
                line != null && !SampleFormat.isTime(line);
                line = lines.peek()) {
            lines.take();
            if (line.equals(END)) {
                idle.addAll(pilots);
                return new IdleSample(unixSeconds, idle, pilots);
            }
            add(line, idle, pilots);
        }
        lines.complain(Kind.SAMPLE_UNFINISHED, "the sample of " + unixSeconds);
        return null;
    }

    private void add(String line, Set<String> idle, Set<String> pilots) {
        if (line.startsWith(INVOKERS)) {
            pilots.addAll(names(line.substring(INVOKERS.length()).strip()));
            return;
        }
        String[] fields = line.split("\\s+", -1);
        if (fields.length != NODES + 1) {
            lines.complain(Kind.NOT_A_RECORD, line);
        } else if (fields[STATE].equals(IDLE)) {
            idle.addAll(names(fields[NODES]));
        }
    }

    private List<String> names(String text) {
        List<String> names = HostList.expandOrNone(text);
        if (names.isEmpty() && !text.isEmpty()) {
            lines.complain(Kind.NOT_A_RECORD, text);
        }
        return names;
    }
}
