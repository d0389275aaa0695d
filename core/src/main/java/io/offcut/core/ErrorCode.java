package io.offcut.core;

/**
 * What went wrong, in terms that a script can rely on: one exit code for the command line and one
 * status for HTTP.
 *
 * <p>The table in docs/reference/errors.md is checked against this list.
 */
public enum ErrorCode {
    /** Some items of a batch failed; the others are done. */
    ITEMS_FAILED(1, 500),
    /** The command line or a configuration is wrong. */
    USAGE(2, 400),
    /** The other side cannot be reached or does not answer. */
    UNREACHABLE(3, 503),
    /** Nothing is free, or a quota is used up; trying later may help. */
    NO_CAPACITY(4, 429),
    /** There is no such function, lease, node or file. */
    NOT_FOUND(5, 404),
    /** No valid credential, or not one for this. */
    UNAUTHORIZED(6, 401),
    /** Known, but not permitted. */
    FORBIDDEN(6, 403),
    /** Input that is not what it should be: a bundle, a manifest, a message. */
    INVALID_INPUT(7, 400),
    /** A body or payload over its limit. */
    TOO_LARGE(7, 413),
    /**
     * The request does not fit the present state: a port in use, a name taken, a lease that ended.
     */
    CONFLICT(8, 409),
    /** The disk, memory or another resource of this machine ran out. */
    EXHAUSTED(9, 507),
    /** The function itself failed. */
    FUNCTION_FAILED(10, 502),
    /** The other side speaks another protocol version. */
    WRONG_VERSION(11, 426),
    /** A defect of Offcut. */
    INTERNAL(70, 500);

    private final int exitCode;
    private final int httpStatus;

    ErrorCode(int exitCode, int httpStatus) {
        this.exitCode = exitCode;
        this.httpStatus = httpStatus;
    }

    public int exitCode() {
        return exitCode;
    }

    public int httpStatus() {
        return httpStatus;
    }
}
