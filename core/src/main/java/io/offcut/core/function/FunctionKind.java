package io.offcut.core.function;

/** What a function is made of. */
public enum FunctionKind {
    /**
     * A C symbol of a shared library: {@code uint32_t f(void *in, uint32_t size, void *out)}, or
     * the checked form.
     */
    NATIVE,
    /** A class that implements {@link OffcutFunction}. */
    JAVA,
    /** A program: input on stdin, result on stdout. */
    COMMAND
}
