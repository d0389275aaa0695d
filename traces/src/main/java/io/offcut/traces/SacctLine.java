package io.offcut.traces;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The columns of a record of {@code sacct -P}. Bars and ends of lines inside free text (names of
 * jobs, comments, command lines) are not quoted by sacct: they are told from those between columns
 * by what may stand in the others. For one thread.
 */
final class SacctLine {
    /** Bars that free text may hold in a record. */
    private static final int MAX_EXTRA_BARS = 32;

    private final SacctColumn[] columns;
    private final Map<String, Integer> places = new HashMap<>();
    private String[] tokens = new String[0];
    private final String[] values;

    SacctLine(String header) {
        String[] names = withoutLastBar(header).split("\\|", -1);
        this.columns = new SacctColumn[names.length];
        for (int column = 0; column < names.length; column++) {
            columns[column] = SacctColumn.of(names[column]);
            places.putIfAbsent(names[column].toLowerCase(Locale.ROOT), column);
        }
        this.values = new String[names.length];
    }

    /** {@code sacct -p} ends each line with a bar, {@code -P} does not. */
    private static String withoutLastBar(String line) {
        return line.endsWith("|") ? line.substring(0, line.length() - 1) : line;
    }

    int columns() {
        return columns.length;
    }

    /** Text of a column of the record last taken apart; empty if there is no such column. */
    String value(String column) {
        Integer place = places.get(column);
        return place == null ? "" : values[place];
    }

    /** How many columns the text would have if no bar were part of a text. */
    static int count(String record) {
        int count = 1;
        for (int at = record.indexOf('|'); at >= 0; at = record.indexOf('|', at + 1)) {
            count++;
        }
        return count;
    }

    /** Takes a record apart; false if it is not one. */
    boolean take(String record) {
        int count = count(record);
        if (count < columns.length) {
            return false;
        }
        int extra = count - columns.length;
        if (extra > MAX_EXTRA_BARS) {
            return false;
        }
        tokens = record.split("\\|", -1);
        if (extra == 1 && tokens[count - 1].isEmpty()) {
            extra = 0;
        }
        return extra == 0 ? fits() : align(extra);
    }

    /**
     * Whether a line that is no whole record begins one: what stands before its first free text is
     * a job's number, among others.
     */
    boolean begins(String text) {
        String[] pieces = text.split("\\|", columns.length + 1);
        boolean hasJob = false;
        // The last piece may be cut.
        for (int column = 0; column < Math.min(columns.length, pieces.length - 1); column++) {
            if (columns[column].isFree()) {
                break;
            }
            if (!columns[column].accepts(pieces[column])) {
                return false;
            }
            hasJob |= columns[column] == SacctColumn.JOB;
        }
        return hasJob;
    }

    private boolean fits() {
        for (int column = 0; column < columns.length; column++) {
            if (!columns[column].accepts(tokens[column])) {
                return false;
            }
        }
        System.arraycopy(tokens, 0, values, 0, columns.length);
        return true;
    }

    /** Gives the extra bars to columns of free text so that all others hold what they may. */
    private boolean align(int extra) {
        // fits[c][e]: the columns from c on can be had if e extra bars are used up before them
        boolean[][] fits = new boolean[columns.length + 1][extra + 1];
        fits[columns.length][extra] = true;
        for (int column = columns.length - 1; column >= 0; column--) {
            for (int used = extra; used >= 0; used--) {
                fits[column][used] = fitsFrom(fits, column, used, extra);
            }
        }
        if (!fits[0][0]) {
            return false;
        }
        int used = 0;
        for (int column = 0; column < columns.length; column++) {
            int end = used;
            while (!fits[column + 1][end] || !columns[column].accepts(joined(column, used, end))) {
                end++;
            }
            values[column] = joined(column, used, end);
            used = end;
        }
        return true;
    }

    /** Text of a column behind so many extra bars that ends behind so many. */
    private String joined(int column, int used, int end) {
        return used == end
                ? tokens[column + used]
                : String.join("|", Arrays.asList(tokens).subList(column + used, column + end + 1));
    }

    private boolean fitsFrom(boolean[][] fits, int column, int used, int extra) {
        if (!columns[column].isFree()) {
            return fits[column + 1][used] && columns[column].accepts(tokens[column + used]);
        }
        for (int end = used; end <= extra; end++) {
            if (fits[column + 1][end] && columns[column].accepts(joined(column, used, end))) {
                return true;
            }
        }
        return false;
    }
}
