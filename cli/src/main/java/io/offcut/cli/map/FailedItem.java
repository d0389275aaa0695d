package io.offcut.cli.map;

/**
 * An item without a result.
 *
 * @param item the input file, or {@code file:line}
 * @param status why, one word
 * @param message why, one line
 */
public record FailedItem(String item, String status, String message) {
    /** One line for {@code failed.txt}: item, status and message, between tabs. */
    String line() {
        return clean(item) + "\t" + status + "\t" + clean(message) + "\n";
    }

    private static String clean(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
