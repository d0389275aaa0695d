package io.offcut.core.frame;

/**
 * How an invocation ended. On the wire it is the {@link #code()}; the hot path compares codes and
 * never makes objects.
 */
public enum InvocationStatus {
    OK(0, false),
    /** The function itself reported an error; the payload may carry its message. */
    FUNCTION_ERROR(-1, false),
    /** Input or result is over the lease's payload limit. */
    TOO_LARGE(-2, false),
    /** All slots of the worker are taken. */
    BUSY(-3, true),
    /** The lease was revoked before the invocation ended. */
    REVOKED(-4, true),
    /** The lease expired before the invocation ended. */
    EXPIRED(-5, true),
    /** The bundle has no function with that index, or its symbol, class or program is missing. */
    NO_SUCH_FUNCTION(-6, false),
    /** The executor died while it ran this invocation: a crash, an exit, or it was killed. */
    CRASHED(-7, true),
    /** The function ran longer than its limit and was ended. */
    TIMED_OUT(-8, false),
    /** The frame was not one: wrong magic, impossible length. */
    MALFORMED(-9, false),
    /** The frame has another protocol version. */
    WRONG_VERSION(-10, false),
    /** The connection to the worker was lost. */
    DISCONNECTED(-11, true),
    /** The caller cancelled it. */
    CANCELLED(-12, false);

    private static final InvocationStatus[] ALL = values();

    private final int code;
    private final boolean retryable;

    InvocationStatus(int code, boolean retryable) {
        this.code = code;
        this.retryable = retryable;
    }

    /** The number on the wire: 0 or negative. */
    public int code() {
        return code;
    }

    /** Whether an idempotent invocation may be tried again on another worker. */
    public boolean retryable() {
        return retryable;
    }

    /** The status of a code; {@link #MALFORMED} for a number that is none. */
    public static InvocationStatus of(int code) {
        int index = -code;
        return index >= 0 && index < ALL.length ? ALL[index] : MALFORMED;
    }
}
