package io.offcut.executor.internal.function;

import io.offcut.core.frame.InvocationStatus;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * One slot's invocation as a function sees it: its input, room for its result, and its time. It is
 * used again for every invocation of the slot; views of the same length are kept, so that calls of
 * one shape allocate nothing. For the worker's thread.
 */
public final class Call {
    private static final int MAX_MESSAGE_BYTES = 4096;

    private final MemorySegment inputArea;
    private final MemorySegment resultArea;
    private MemorySegment input;
    private MemorySegment result;
    private int inputBytes;
    private int capacityBytes;
    private long limitNanos;
    private int messageBytes;

    /** For the slot whose areas these are. */
    public Call(MemorySegment inputArea, MemorySegment resultArea) {
        this.inputArea = inputArea;
        this.resultArea = resultArea;
        this.input = inputArea.asSlice(0, 0);
        this.result = resultArea.asSlice(0, 0);
    }

    /** Sets the call up for the slot's next invocation. */
    public void begin(int inputBytes, int capacityBytes, long limitNanos) {
        if (this.inputBytes != inputBytes) {
            this.inputBytes = inputBytes;
            this.input = inputArea.asSlice(0, inputBytes);
        }
        if (this.capacityBytes != capacityBytes) {
            this.capacityBytes = capacityBytes;
            this.result = resultArea.asSlice(0, capacityBytes);
        }
        this.limitNanos = limitNanos;
        this.messageBytes = 0;
    }

    /** The input, exactly as long as it is. */
    public MemorySegment input() {
        return input;
    }

    /** Where the result goes; its size is the largest result allowed. */
    public MemorySegment result() {
        return result;
    }

    public int inputBytes() {
        return inputBytes;
    }

    public int capacityBytes() {
        return capacityBytes;
    }

    /** Longest time that the invocation may take. */
    public long limitNanos() {
        return limitNanos;
    }

    /** Puts a message, cut to the room there is, where the result would be. @return the code */
    public int fail(InvocationStatus status, String message) {
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        messageBytes = Math.min(bytes.length, Math.min(capacityBytes, MAX_MESSAGE_BYTES));
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, result, 0, messageBytes);
        return status.code();
    }

    /** Length of the message of a failed call. */
    public int messageBytes() {
        return messageBytes;
    }
}
