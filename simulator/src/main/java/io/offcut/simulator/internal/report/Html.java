package io.offcut.simulator.internal.report;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/**
 * A page as it grows. Whatever enters as text or value of an attribute is escaped here, so that
 * nothing a log or a command line says becomes markup; what must not be goes in by {@link #code}.
 * For one thread.
 */
final class Html {
    private static final char UNPRINTABLE = '\ufffd';

    private final StringBuilder page = new StringBuilder(1 << 16);
    private final Deque<String> open = new ArrayDeque<>();

    /** Begins an element; attributes are names and values in turn. */
    Html open(String tag, String... attributes) {
        open.push(tag);
        return start(tag, attributes);
    }

    /** Ends the element that was opened last. */
    Html close() {
        page.append("</").append(open.pop()).append(">\n");
        return this;
    }

    Html text(String text) {
        escape(text);
        return this;
    }

    /** An element that holds text alone. */
    Html leaf(String tag, String text, String... attributes) {
        start(tag, attributes).text(text);
        page.append("</").append(tag).append(">\n");
        return this;
    }

    /** An element that has no end. */
    Html bare(String tag, String... attributes) {
        start(tag, attributes);
        page.append('\n');
        return this;
    }

    /**
     * A script or style sheet as it stands.
     *
     * @throws IllegalArgumentException if it could end its element
     */
    Html code(String tag, String code, String... attributes) {
        if (code.toLowerCase(Locale.ROOT).contains("</" + tag) || code.contains("<!--")) {
            throw new IllegalArgumentException("the " + tag + " ends its own element");
        }
        start(tag, attributes);
        page.append(code).append("</").append(tag).append(">\n");
        return this;
    }

    private Html start(String tag, String... attributes) {
        page.append('<').append(tag);
        for (int i = 0; i < attributes.length; i += 2) {
            page.append(' ').append(attributes[i]).append("=\"");
            escape(attributes[i + 1]);
            page.append('"');
        }
        page.append('>');
        return this;
    }

    private void escape(String text) {
        text.codePoints().forEach(this::escape);
    }

    private void escape(int c) {
        switch (c) {
            case '&' -> page.append("&amp;");
            case '<' -> page.append("&lt;");
            case '>' -> page.append("&gt;");
            case '"' -> page.append("&quot;");
            case '\'' -> page.append("&#39;");
            default -> {
                if (isUnprintable(c)) {
                    page.append(UNPRINTABLE);
                } else {
                    page.appendCodePoint(c);
                }
            }
        }
    }

    /** Also what turns the direction of writing around: it makes a name look like another. */
    private static boolean isUnprintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL -> c != '\n' && c != '\t';
            case Character.FORMAT, Character.SURROGATE -> true;
            default -> false;
        };
    }

    /** The page, all of whose elements are ended. */
    String page() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("still open: " + open);
        }
        return page.toString();
    }
}
