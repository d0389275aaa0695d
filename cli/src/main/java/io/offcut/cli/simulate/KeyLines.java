package io.offcut.cli.simulate;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * In which line of a YAML or JSON file each key is.
 *
 * @param lines by path, as {@code nodes[2].cores}, counted from 1
 */
record KeyLines(Map<String, Integer> lines) {
    KeyLines {
        lines = Map.copyOf(lines);
    }

    /** Reads to the end of a text that can be read. */
    static KeyLines of(JsonParser parser) throws IOException {
        Map<String, Integer> lines = new HashMap<>();
        for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
            JsonStreamContext context = parser.getParsingContext();
            JsonStreamContext at =
                    token.isStructStart() && context.getParent() != null
                            ? context.getParent()
                            : context;
            lines.putIfAbsent(path(at), parser.currentTokenLocation().getLineNr());
        }
        return new KeyLines(lines);
    }

    private static String path(JsonStreamContext context) {
        JsonStreamContext parent = context.getParent();
        String above = parent == null ? "" : path(parent);
        if (context.inObject() && context.hasCurrentName()) {
            return above.isEmpty()
                    ? context.getCurrentName()
                    : above + "." + context.getCurrentName();
        }
        return context.inArray() ? above + "[" + (context.getCurrentIndex() + 1) + "]" : above;
    }

    /** The line of a key, else of the nearest that it is in; 1 for none. */
    int line(String path) {
        for (String at = path; !at.isEmpty(); at = outer(at)) {
            Integer line = lines.get(at);
            if (line != null) {
                return line;
            }
        }
        return 1;
    }

    private static String outer(String path) {
        return path.substring(
                0, Math.max(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['))));
    }
}
