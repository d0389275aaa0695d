package io.offcut.cli.output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of text in columns. Nothing is ever cut: names are there to be copied. Where the terminal is
 * too narrow the last column goes on below itself, and then those columns are left out that may be,
 * which a line below says; what is still wider stays so. Into a file or a pipe all is written, a
 * line for each row. Columns whose head begins with a space are aligned to the right. Not for
 * several threads.
 */
public final class Table {
    private static final int GAP = 2;
    private static final int MIN_WRAPPED = 24;

    private final String[] head;
    private final List<String[]> rows = new ArrayList<>();
    private List<String> expendable = List.of();

    public Table(String... head) {
        this.head = head.clone();
    }

    /** Which columns, by their heads, are left out where there is no room, the first first. */
    public Table expendable(String... heads) {
        expendable = List.of(heads);
        return this;
    }

    /** Adds a row with one text for each column. */
    public void row(Object... cells) {
        if (cells.length != head.length) {
            throw new IllegalArgumentException(cells.length + " cells for " + head.length);
        }
        rows.add(
                Arrays.stream(cells)
                        .map(cell -> String.valueOf(cell).replaceAll("\\p{Cntrl}", " ").strip())
                        .toArray(String[]::new));
    }

    /** Head and rows, without a line end after the last. */
    public String render(Terminal terminal) {
        int[] widths = widths();
        List<Integer> shown = new ArrayList<>();
        for (int column = 0; column < head.length; column++) {
            shown.add(column);
        }
        List<String> left = new ArrayList<>();
        if (terminal.out()) {
            leaveOut(shown, left, widths, terminal.columns());
            wrapLast(shown, widths, terminal.columns());
        }
        StringBuilder text = new StringBuilder();
        text.append(terminal.bold(lines(head, shown, widths)));
        rows.forEach(row -> text.append('\n').append(lines(row, shown, widths)));
        if (!left.isEmpty()) {
            text.append("\n(no room for ").append(String.join(", ", left));
            text.append(": widen the terminal, or pipe into 'cat')");
        }
        return text.toString();
    }

    private int[] widths() {
        int[] widths = new int[head.length];
        for (int column = 0; column < head.length; column++) {
            widths[column] = head[column].strip().length();
            for (String[] row : rows) {
                widths[column] = Math.max(widths[column], row[column].length());
            }
        }
        return widths;
    }

    private void leaveOut(List<Integer> shown, List<String> left, int[] widths, int columns) {
        for (String name : expendable) {
            int last = shown.getLast();
            int least = wraps(last) ? Math.min(widths[last], MIN_WRAPPED) : widths[last];
            if (before(shown, widths) + least <= columns) {
                return;
            }
            if (shown.removeIf(column -> head[column].strip().equals(name))) {
                left.add(name);
            }
        }
    }

    private void wrapLast(List<Integer> shown, int[] widths, int columns) {
        int last = shown.getLast();
        if (wraps(last)) {
            int room = Math.max(MIN_WRAPPED, columns - before(shown, widths));
            widths[last] = Math.min(widths[last], room);
        }
    }

    private boolean wraps(int column) {
        return column == head.length - 1 && !head[column].startsWith(" ");
    }

    /** How wide all columns but the last are, with the gaps behind them. */
    private static int before(List<Integer> shown, int[] widths) {
        return shown.subList(0, shown.size() - 1).stream()
                .mapToInt(column -> widths[column] + GAP)
                .sum();
    }

    /** One row, and below it what does not fit of its last column. */
    private String lines(String[] cells, List<Integer> shown, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int column : shown.subList(0, shown.size() - 1)) {
            line.append(padded(cells[column].strip(), column, widths));
            line.append(" ".repeat(GAP));
        }
        int last = shown.getLast();
        List<String> pieces = wrapped(cells[last].strip(), widths[last]);
        line.append(padded(pieces.getFirst(), last, widths));
        StringBuilder all = new StringBuilder(line.toString().stripTrailing());
        String indent = " ".repeat(before(shown, widths));
        pieces.stream().skip(1).forEach(piece -> all.append('\n').append(indent).append(piece));
        return all.toString();
    }

    private String padded(String cell, int column, int[] widths) {
        String pad = " ".repeat(Math.max(0, widths[column] - cell.length()));
        return head[column].startsWith(" ") ? pad + cell : cell + pad;
    }

    /** Broken at spaces; a word that is longer stays whole. */
    private static List<String> wrapped(String text, int width) {
        List<String> pieces = new ArrayList<>();
        String rest = text;
        while (rest.length() > width) {
            int space = rest.lastIndexOf(' ', width);
            int at = space > 0 ? space : rest.indexOf(' ');
            if (at <= 0) {
                break;
            }
            pieces.add(rest.substring(0, at).stripTrailing());
            rest = rest.substring(at).stripLeading();
        }
        pieces.add(rest);
        return pieces;
    }
}
