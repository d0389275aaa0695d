package io.offcut.client;

import io.offcut.core.frame.InvocationStatus;
import java.nio.charset.StandardCharsets;

/**
 * How one invocation ended.
 *
 * @param status {@link InvocationStatus#OK} or why not
 * @param payload the result, or the failed function's message; the caller's own array
 * @param nodeName where the last attempt ran; empty when there was none
 * @param attempts how often it was sent to a worker
 * @param executionNanos how long the function ran, as its worker measured it
 * @param roundTripNanos from handing the last attempt to the worker until its result was seen
 */
// The array is handed over, not shared: a copy on every access would double the cost of a result.
@SuppressWarnings("ArrayRecordComponent")
public record Result(
        InvocationStatus status,
        byte[] payload,
        String nodeName,
        int attempts,
        long executionNanos,
        long roundTripNanos) {
    private static final int MESSAGE_CHARS = 500;

    public boolean ok() {
        return status == InvocationStatus.OK;
    }

    /**
     * The result of a success.
     *
     * @throws InvocationException if it is none
     */
    public byte[] orThrow() {
        if (!ok()) {
            throw new InvocationException(this);
        }
        return payload;
    }

    /** One line that says why it failed; empty when it did not. */
    public String message() {
        if (ok()) {
            return "";
        }
        String text = new String(payload, StandardCharsets.UTF_8).strip();
        String line = text.replaceAll("[\\p{Cntrl}]+", " ");
        if (line.length() > MESSAGE_CHARS) {
            line = line.substring(0, MESSAGE_CHARS) + "…";
        }
        return line.isEmpty() ? explanation() : line;
    }

    private String explanation() {
        return switch (status) {
            case OK -> "";
            case FUNCTION_ERROR -> "the function reported an error";
            case TOO_LARGE -> "the input or the result is over the lease's payload limit";
            case BUSY -> "the worker had no room";
            case REVOKED -> "the worker was taken back for a batch job";
            case EXPIRED -> "the lease expired";
            case NO_SUCH_FUNCTION -> "its symbol, class or program is missing in the bundle";
            case CRASHED -> "the function's process died";
            case TIMED_OUT -> "it took longer than it may";
            case MALFORMED -> "the worker did not understand the call";
            case WRONG_VERSION -> "the worker speaks another protocol version";
            case DISCONNECTED -> "the connection to the worker was lost";
            case CANCELLED -> "it was cancelled";
        };
    }

    @Override
    public String toString() {
        return "Result["
                + status
                + ", "
                + payload.length
                + " bytes, "
                + attempts
                + " attempts on '"
                + nodeName
                + "']";
    }
}
