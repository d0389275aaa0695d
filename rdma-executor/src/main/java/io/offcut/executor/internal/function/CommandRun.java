package io.offcut.executor.internal.function;

import io.offcut.linux.ChildProcess;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Feeds a running command and takes what it writes, whatever is possible first, so that neither
 * side waits for the other for ever however the program mixes reading and writing. For the worker's
 * thread.
 */
final class CommandRun implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 16;
    private static final int ERROR_BYTES = 2048;

    /** How the program's run ended. */
    enum End {
        EXITED,
        OVERFLOWED,
        TIMED_OUT
    }

    private final ChildProcess child;
    private final Call call;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment chunk = arena.allocate(ERROR_BYTES);
    private final byte[] errors = new byte[2 * ERROR_BYTES];
    private int errorBytes;
    private boolean errorsEnded;
    private long inputBytes;
    private int resultBytes;
    private boolean overflowed;
    private boolean whole;

    CommandRun(ChildProcess child, Call call) {
        this.child = child;
        this.call = call;
    }

    /**
     * Blocks until the program is over and its whole result is here, its result too large, or its
     * time out. What the program started may go on writing after its end: only the end of the file
     * tells that the result is whole.
     */
    End await(long limitNanos) {
        long begin = System.nanoTime();
        boolean exited = false;
        feed();
        while (!exited || !whole) {
            long leftNanos = limitNanos - (System.nanoTime() - begin);
            if (leftNanos <= 0) {
                return End.TIMED_OUT;
            }
            exited |= (step(leftNanos) & ChildProcess.ENDED) != 0;
            if (overflowed) {
                return End.OVERFLOWED;
            }
        }
        return End.EXITED;
    }

    private int step(long timeoutNanos) {
        int ready = child.await(timeoutNanos);
        if ((ready & ChildProcess.INPUT) != 0) {
            feed();
        }
        if ((ready & ChildProcess.OUTPUT) != 0) {
            readResult();
        }
        if ((ready & ChildProcess.ERRORS) != 0) {
            readErrors();
        }
        return ready;
    }

    /** A program need not read all of its input. */
    private void feed() {
        MemorySegment input = call.input();
        while (inputBytes < input.byteSize()) {
            long bytes = Math.min(CHUNK_BYTES, input.byteSize() - inputBytes);
            int written = child.write(input.asSlice(inputBytes, bytes));
            if (written <= 0) {
                return;
            }
            inputBytes += written;
        }
        child.closeInput();
    }

    private void readResult() {
        int room = call.capacityBytes() - resultBytes;
        if (room == 0) {
            whole = child.readOutput(chunk.asSlice(0, 1)) < 0;
            overflowed = !whole;
            return;
        }
        long bytes = Math.min(CHUNK_BYTES, room);
        int read = child.readOutput(call.result().asSlice(resultBytes, bytes));
        whole = read < 0;
        resultBytes += Math.max(0, read);
    }

    /** Keeps the end of what was said. */
    private void readErrors() {
        int read = child.readErrors(chunk);
        errorsEnded = read < 0;
        if (read > 0) {
            if (errorBytes + read > errors.length) {
                System.arraycopy(errors, errorBytes - ERROR_BYTES, errors, 0, ERROR_BYTES);
                errorBytes = ERROR_BYTES;
            }
            MemorySegment.copy(chunk, 0, MemorySegment.ofArray(errors), errorBytes, read);
            errorBytes += read;
        }
    }

    /**
     * The last line that is not blank; empty when there is none. Blocks for at most this time while
     * a process has stderr open.
     */
    String lastErrorLine(long timeoutNanos) {
        long begin = System.nanoTime();
        long leftNanos = timeoutNanos;
        while (!errorsEnded && leftNanos > 0) {
            int ignored = step(leftNanos);
            leftNanos = timeoutNanos - (System.nanoTime() - begin);
        }
        byte[] bytes = Arrays.copyOf(errors, errorBytes);
        List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
        for (String line : lines.reversed()) {
            if (!line.isBlank()) {
                return line.strip();
            }
        }
        return "";
    }

    int resultBytes() {
        return resultBytes;
    }

    @Override
    public void close() {
        arena.close();
    }
}
