package io.offcut.cli.output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of text in columns, fitted to a width: too wide columns are cut with an ellipsis, the widest
 * first, and where they still differ: at the end, or else in the middle or at the beginning. What
 * cannot be cut so stays, and the line is longer. Columns whose head begins with a space are
 * aligned to the right. Not for several threads.
 */
public final class Table {
    private static final int GAP = 2;
    private static final int MIN_WIDTH = 6;

    private final String[] head;
    private final List<String[]> rows = new ArrayList<>();
    private boolean whole;

    public Table(String... head) {
        this.head = head.clone();
    }

    /** Cuts nothing, for texts that are given back to a command; lines may be longer. */
    public Table whole() {
        whole = true;
        return this;
    }

    /** Adds a row with one text for each column. */
    public void row(Object... cells) {
        if (cells.length != head.length) {
            throw new IllegalArgumentException(cells.length + " cells for " + head.length);
        }
        rows.add(
                Arrays.stream(cells)
                        .map(cell -> String.valueOf(cell).replaceAll("\\p{Cntrl}", " "))
                        .toArray(String[]::new));
    }

    /** Head and rows, without a line end after the last. */
    public String render(Terminal terminal) {
        int[] widths = fitted(terminal.columns());
        StringBuilder text = new StringBuilder();
        Cut[] cuts = new Cut[head.length];
        for (int column = 0; column < head.length; column++) {
            cuts[column] = distinct(column, widths);
        }
        text.append(terminal.bold(line(head, widths, cuts)));
        for (String[] row : rows) {
            text.append('\n').append(line(row, widths, cuts));
        }
        return text.toString();
    }

    /** How a column is cut; it is widened if its texts would look alike. */
    private Cut distinct(int column, int[] widths) {
        List<String> texts = rows.stream().map(row -> row[column].strip()).distinct().toList();
        while (true) {
            int width = widths[column];
            for (Cut cut : Cut.values()) {
                if (texts.stream().map(text -> cut.of(text, width)).distinct().count()
                        == texts.size()) {
                    return cut;
                }
            }
            widths[column]++;
        }
    }

    private int[] fitted(int columns) {
        int[] widths = new int[head.length];
        for (int i = 0; i < head.length; i++) {
            widths[i] = head[i].strip().length();
            for (String[] row : rows) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        int over = Arrays.stream(widths).sum() + GAP * (widths.length - 1) - columns;
        while (over > 0 && !whole) {
            int widest = widest(widths);
            if (widths[widest] <= MIN_WIDTH) {
                break;
            }
            widths[widest]--;
            over--;
        }
        return widths;
    }

    private static int widest(int[] widths) {
        int widest = 0;
        for (int i = 1; i < widths.length; i++) {
            if (widths[i] > widths[widest]) {
                widest = i;
            }
        }
        return widest;
    }

    private String line(String[] cells, int[] widths, Cut[] cuts) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            String cell = cuts[i].of(cells[i].strip(), widths[i]);
            String pad = " ".repeat(widths[i] - cell.length());
            line.append(i == 0 ? "" : " ".repeat(GAP));
            line.append(head[i].startsWith(" ") ? pad + cell : cell + pad);
        }
        return line.toString().stripTrailing();
    }

    /** Which part of a text is left out; the first that serves is taken. */
    private enum Cut {
        END,
        MIDDLE,
        BEGINNING;

        String of(String text, int width) {
            if (text.length() <= width) {
                return text;
            }
            int head =
                    switch (this) {
                        case END -> width - 1;
                        case MIDDLE -> (width - 1) / 2;
                        case BEGINNING -> 0;
                    };
            return text.substring(0, head)
                    + "…"
                    + text.substring(text.length() - (width - 1 - head));
        }
    }
}
