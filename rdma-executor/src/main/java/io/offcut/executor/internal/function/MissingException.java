package io.offcut.executor.internal.function;

/** A bundle lacks what its manifest says: the message says what. */
final class MissingException extends Exception {
    private static final long serialVersionUID = 1;

    MissingException(String message) {
        super(message);
    }
}
