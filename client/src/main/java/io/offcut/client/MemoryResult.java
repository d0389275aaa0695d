package io.offcut.client;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.MemoryStatus;

/**
 * How an operation on remote memory ended.
 *
 * @param value what an atomic operation found; 0 otherwise
 */
public record MemoryResult(MemoryStatus status, long value) {
    /** Whether it went well. */
    public boolean isOk() {
        return status == MemoryStatus.OK;
    }

    /**
     * The value of an operation that went well.
     *
     * @throws OffcutException if it did not
     */
    public long orThrow() {
        return switch (status) {
            case OK -> value;
            case OUT_OF_BOUNDS, MISALIGNED ->
                    throw new OffcutException(
                            ErrorCode.INVALID_INPUT, "remote memory: the offset is " + status);
            case UNREACHABLE ->
                    throw new OffcutException(
                            ErrorCode.UNREACHABLE, "remote memory cannot be reached any more");
            default ->
                    throw new OffcutException(
                            ErrorCode.CONFLICT,
                            "remote memory is gone: " + status + "; allocate it again");
        };
    }
}
