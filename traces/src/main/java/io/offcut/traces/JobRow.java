package io.offcut.traces;

import io.offcut.traces.Complaints.Kind;
import java.util.Arrays;

/**
 * The job that a reader is about to add, from a log that has absolute times and names. For one
 * thread.
 */
final class JobRow {
    private final JobTable.Builder table;
    private final NameBook names;
    private final Complaints complaints;
    final long[] values = new long[SwfField.COUNT];
    double averageCpuSeconds = -1;

    JobRow(JobTable.Builder table, NameBook names, Complaints complaints) {
        this.table = table;
        this.names = names;
        this.complaints = complaints;
        clear();
    }

    void clear() {
        Arrays.fill(values, -1);
        averageCpuSeconds = -1;
    }

    long get(SwfField field) {
        return values[field.column()];
    }

    /** Sets a field; a value that its column cannot hold is unknown and complained about. */
    void set(SwfField field, long value, long line) {
        boolean fits = value >= -1 && field.holds(value);
        if (!fits) {
            complaints.add(Kind.FIELD_UNREADABLE, line, field.number(), field + "=" + value);
        }
        values[field.column()] = fits ? value : -1;
    }

    void name(SwfField field, String name, long line) {
        int number = names.number(field, name);
        if (number == 0) {
            complaints.add(Kind.TOO_MANY_NAMES, line, field.number(), name);
        }
        values[field.column()] = number == 0 ? -1 : number;
    }

    JobTable.Builder table() {
        return table;
    }

    void add() {
        table.add(values, averageCpuSeconds);
        clear();
    }
}
