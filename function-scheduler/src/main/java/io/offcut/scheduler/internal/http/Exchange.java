package io.offcut.scheduler.internal.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.scheduler.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;

/** One request on its way through a route. */
record Exchange(
        Request request,
        Response response,
        Callback callback,
        Principal principal,
        Map<String, String> parameters) {
    /** Largest JSON body. */
    static final int MAX_BODY_BYTES = 64 << 10;

    String parameter(String name) {
        String value = parameters.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the route has no parameter " + name);
        }
        return value;
    }

    /** A whole number of the query string. */
    long query(String name, long ifMissing, long min, long max) {
        Fields fields = Request.extractQueryParameters(request);
        String text = fields.getValue(name);
        if (text == null) {
            return ifMissing;
        }
        try {
            long value = Long.parseLong(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Refused below like a number out of range.
        }
        throw new OffcutException(
                ErrorCode.INVALID_INPUT,
                "query parameter "
                        + name
                        + ": '"
                        + Json.printable(text)
                        + "' is not a whole number from "
                        + min
                        + " to "
                        + max);
    }

    /** The body as JSON. Blocks while it arrives. */
    JsonNode json() {
        byte[] bytes = body();
        if (bytes.length == 0) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT, "the body is empty; a JSON object is expected");
        }
        try {
            return Json.tree(bytes);
        } catch (Json.BadJson e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT, "the body is not good JSON: " + e.getMessage());
        }
    }

    /** The small body as it came. Blocks while it arrives. */
    byte[] body() {
        requireLength(MAX_BODY_BYTES);
        try {
            byte[] bytes = stream().readNBytes(MAX_BODY_BYTES + 1);
            if (bytes.length > MAX_BODY_BYTES) {
                throw tooLarge(MAX_BODY_BYTES);
            }
            return bytes;
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT, "the body did not arrive; send it again", e);
        }
    }

    /**
     * The body as a stream that blocks. Needs no closing; closing it early breaks the connection.
     */
    InputStream stream() {
        return Request.asInputStream(request);
    }

    /** Refuses a body that says it is longer, before it is read. */
    void requireLength(long maxBytes) {
        if (request.getLength() > maxBytes) {
            throw tooLarge(maxBytes);
        }
    }

    private static OffcutException tooLarge(long maxBytes) {
        return new OffcutException(
                ErrorCode.TOO_LARGE, "the body has more than " + maxBytes + " bytes, the limit");
    }
}
