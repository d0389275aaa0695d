package io.offcut.cli.output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of text in columns, fitted to a width: too wide columns are cut with an ellipsis, the widest
 * first. Columns whose head begins with a space are aligned to the right. Not for several threads.
 */
public final class Table {
    private static final int GAP = 2;
    private static final int MIN_WIDTH = 6;

    private final String[] head;
    private final List<String[]> rows = new ArrayList<>();

    public Table(String... head) {
        this.head = head.clone();
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
        text.append(terminal.bold(line(head, widths)));
        for (String[] row : rows) {
            text.append('\n').append(line(row, widths));
        }
        return text.toString();
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
        while (over > 0) {
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

    private String line(String[] cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            String cell = cut(cells[i].strip(), widths[i]);
            String pad = " ".repeat(widths[i] - cell.length());
            line.append(i == 0 ? "" : " ".repeat(GAP));
            line.append(head[i].startsWith(" ") ? pad + cell : cell + pad);
        }
        return line.toString().stripTrailing();
    }

    private static String cut(String text, int width) {
        return text.length() <= width ? text : text.substring(0, width - 1) + "…";
    }
}
