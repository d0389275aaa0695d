package io.offcut.client;

import io.offcut.core.frame.InvocationStatus;

/**
 * An invocation that did not succeed, for callers who want an exception. The message is one line.
 */
public final class InvocationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final InvocationStatus status;

    public InvocationException(Result result) {
        super(result.status() + ": " + result.message());
        this.status = result.status();
    }

    public InvocationStatus status() {
        return status;
    }
}
