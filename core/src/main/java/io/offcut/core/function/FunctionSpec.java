package io.offcut.core.function;

import java.util.List;

/**
 * One function of a bundle. Its index is its place in the manifest.
 *
 * @param name letters, digits, {@code . _ -}, at most 64
 * @param kind what it is made of
 * @param file native: the shared library in the bundle; java: the jar or class folder; command:
 *     empty
 * @param symbol native: the C symbol; java: the class; command: empty
 * @param checked native only: the symbol has the form {@code int32_t f(const void *in, uint32_t
 *     size, void *out, uint32_t capacity)} and returns a negative number for an error
 * @param command command only: program and arguments; a program with a relative path lies in the
 *     bundle
 * @param idempotent whether running it twice is the same as running it once, so that it may be
 *     retried
 * @param timeoutMillis longest run of one invocation
 */
public record FunctionSpec(
        String name,
        FunctionKind kind,
        String file,
        String symbol,
        boolean checked,
        List<String> command,
        boolean idempotent,
        long timeoutMillis) {
    public FunctionSpec {
        command = List.copyOf(command);
    }
}
