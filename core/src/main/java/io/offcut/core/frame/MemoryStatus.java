package io.offcut.core.frame;

/**
 * How an operation on remote memory ended. On the wire it is the {@link #code()}.
 *
 * <p>After any status but {@link #OK}, {@link #OUT_OF_BOUNDS} and {@link #MISALIGNED} the memory is
 * gone, and every later operation on it says the same.
 */
public enum MemoryStatus {
    OK(0),
    /** Beyond the end of the memory, or before its beginning; nothing was touched. */
    OUT_OF_BOUNDS(-1),
    /** The offset of an atomic operation is not a multiple of 8; nothing was touched. */
    MISALIGNED(-2),
    /** A batch job, a drain or an operator took the memory back. */
    REVOKED(-3),
    /** The lease expired before it was renewed. */
    EXPIRED(-4),
    /** Its own client gave it back. */
    RELEASED(-5),
    /** The process that held it died. */
    LOST(-6),
    /** The connection to it broke, or nothing moved on it for too long. */
    UNREACHABLE(-7),
    /** The other side sent what is no frame. */
    MALFORMED(-8),
    /** The other side speaks another protocol version. */
    WRONG_VERSION(-9);

    private static final MemoryStatus[] ALL = values();

    private final int code;

    MemoryStatus(int code) {
        this.code = code;
    }

    /** The number on the wire: 0 or negative. */
    public int code() {
        return code;
    }

    /** Whether the memory is gone. */
    public boolean isEnd() {
        return code <= REVOKED.code;
    }

    /** The status of a code; {@link #MALFORMED} for a number that is none. */
    public static MemoryStatus of(int code) {
        int index = -code;
        return index >= 0 && index < ALL.length ? ALL[index] : MALFORMED;
    }

    /** What a holder is told of the end of its lease, as its clients see it. */
    public static MemoryStatus ofEnd(InvocationStatus end) {
        return switch (end) {
            case EXPIRED -> EXPIRED;
            case CRASHED -> LOST;
            default -> REVOKED;
        };
    }
}
