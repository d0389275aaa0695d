package io.offcut.traces;

import io.offcut.traces.Complaints.Kind;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Comma-separated lines without quotes, their first line the names of columns. For one thread. */
final class CsvLines implements AutoCloseable {
    private final LogInput in;
    private final LineScanner lines;
    private final Complaints complaints;
    private final Map<String, Integer> places = new HashMap<>();
    private String[] values = new String[0];
    private int columns;

    CsvLines(LogInput in, int maxLineBytes, Complaints complaints) {
        this.in = in;
        this.lines = new LineScanner(in.stream(), maxLineBytes);
        this.complaints = complaints;
        if (in.advance(lines, complaints)) {
            String[] names = lines.utf8().split(",", -1);
            columns = names.length;
            for (int column = 0; column < names.length; column++) {
                places.putIfAbsent(names[column].strip().toLowerCase(Locale.ROOT), column);
            }
        }
    }

    String source() {
        return in.source();
    }

    /** Place of a column, its name in small letters; −1 if there is none. */
    int column(String name) {
        return places.getOrDefault(name, -1);
    }

    int columns() {
        return columns;
    }

    /** Moves to the next line that has all columns; false at the end. */
    boolean next() {
        while (in.advance(lines, complaints)) {
            if (lines.tooLong) {
                complaints.add(Kind.LINE_TOO_LONG, lines.lineNumber, 0, "");
                continue;
            }
            String text = lines.utf8();
            values = text.split(",", -1);
            if (values.length >= columns) {
                return true;
            }
            if (!text.isBlank()) {
                complain(Kind.TOO_SHORT);
            }
        }
        return false;
    }

    String text(int column) {
        return column < 0 ? "" : values[column].strip();
    }

    /** A whole number; −1 if it is none. */
    long whole(int column) {
        return Quantity.whole(text(column));
    }

    /** A number from 0; −1 if it is none. */
    double number(int column) {
        String text = text(column);
        if (text.isEmpty() || text.length() > 32) {
            return -1;
        }
        try {
            double number = Double.parseDouble(text);
            return number >= 0 && number < 1e15 ? number : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    void complain(Kind kind) {
        complaints.add(kind, lines.lineNumber, 0, lines.utf8());
    }

    @Override
    public void close() {
        in.close();
    }
}
