package io.offcut.traces.idle;

import io.offcut.traces.Complaints.Kind;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rows {@code unix_seconds,node,state}; those of one time, one after the other, are a sample. A row
 * without node says only that there was a sample. A first line with these names is passed over.
 */
final class CsvFormat implements SampleFormat {
    static final String HEAD = "unix_seconds,node,state";
    private static final int COLUMNS = 3;

    private final SampleLines lines;

    CsvFormat(SampleLines lines) {
        this.lines = lines;
        if (HEAD.equals(lines.peek())) {
            lines.take();
        }
    }

    @Override
    public @Nullable IdleSample next() {
        IdleSample sample = null;
        for (String line = lines.peek(); line != null; line = lines.peek()) {
            String[] row = row(line);
            if (row != null) {
                long time = Long.parseLong(row[0]);
                if (sample != null && sample.unixSeconds() != time) {
                    return sample;
                }
                sample = sample == null ? begin(time) : sample;
                if (row[2].equals(IDLE) && !row[1].isEmpty()) {
                    sample.idle().add(row[1]);
                }
            }
            lines.take();
        }
        if (sample != null && lines.damaged()) {
            lines.complain(Kind.SAMPLE_UNFINISHED, "the sample of " + sample.unixSeconds());
            return null;
        }
        return sample;
    }

    private static IdleSample begin(long time) {
        return new IdleSample(time, new LinkedHashSet<>(), Set.of());
    }

    private String @Nullable [] row(String line) {
        String[] row = line.split(",", -1);
        if (row.length != COLUMNS || row[1].length() > 255) {
            lines.complain(Kind.NOT_A_RECORD, line);
            return null;
        }
        for (int column = 0; column < COLUMNS; column++) {
            row[column] = row[column].strip();
        }
        if (!SampleFormat.isTime(row[0])) {
            lines.complain(Kind.NOT_A_NUMBER, line);
            return null;
        }
        return row;
    }
}
