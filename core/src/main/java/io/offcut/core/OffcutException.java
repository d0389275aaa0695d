package io.offcut.core;

import org.jspecify.annotations.Nullable;

/**
 * A failure that a user can understand and act on. The message is one line: what was wrong, where,
 * what to do.
 *
 * <p>Defects are ordinary runtime exceptions; they are not turned into this.
 */
public final class OffcutException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ErrorCode code;

    public OffcutException(ErrorCode code, String message) {
        this(code, message, null);
    }

    public OffcutException(ErrorCode code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public ErrorCode code() {
        return code;
    }

    /** The message; never null. */
    @Override
    public String getMessage() {
        String message = super.getMessage();
        return message == null ? code.name() : message;
    }
}
