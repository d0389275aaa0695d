package io.offcut.executor.internal.function;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The three pipes of a running command, each with a thread, so that neither side waits for the
 * other for ever however the program mixes reading and writing.
 */
final class CommandPipes {
    private static final int CHUNK_BYTES = 1 << 16;
    private static final int ERROR_LINE_BYTES = 1024;

    /** How the program's run ended. */
    enum End {
        EXITED,
        OVERFLOWED,
        TIMED_OUT
    }

    private final Process process;
    private final Call call;
    private final Thread output;
    private final Thread errors;
    private final StringBuilder errorLine = new StringBuilder();
    private int resultBytes;
    private boolean closed;
    private volatile boolean overflowed;
    private volatile boolean whole;

    CommandPipes(Process process, Call call) {
        this.process = process;
        this.call = call;
        output = start("stdout", this::readResult);
        errors = start("stderr", this::readErrors);
        Thread ignored = start("stdin", this::feed);
    }

    private static Thread start(String name, Runnable pump) {
        return Thread.ofPlatform().daemon().name(name).start(pump);
    }

    /**
     * Blocks until the program is over and its whole result is here, its result too large, or its
     * time out. What the program started may go on writing after its end: only the end of the file
     * tells that the result is whole.
     */
    End await(long limitNanos) throws InterruptedException {
        long begin = System.nanoTime();
        boolean exited = process.waitFor(limitNanos, TimeUnit.NANOSECONDS);
        boolean read = exited && join(output, limitNanos - (System.nanoTime() - begin));
        if (overflowed) {
            return End.OVERFLOWED;
        }
        return read && whole ? End.EXITED : End.TIMED_OUT;
    }

    private static boolean join(Thread pump, long timeoutNanos) throws InterruptedException {
        return pump.join(Duration.ofNanos(timeoutNanos));
    }

    private void feed() {
        byte[] chunk = new byte[Math.min(CHUNK_BYTES, Math.max(1, call.inputBytes()))];
        MemorySegment from = call.input();
        try (OutputStream stdin = process.getOutputStream()) {
            for (long at = 0; at < from.byteSize(); ) {
                int bytes = (int) Math.min(chunk.length, from.byteSize() - at);
                if (!copy(from, at, MemorySegment.ofArray(chunk), 0, bytes)) {
                    return;
                }
                stdin.write(chunk, 0, bytes);
                at += bytes;
            }
        } catch (IOException e) {
            // A program need not read all of its input.
            return;
        }
    }

    private void readResult() {
        InputStream stdout = process.getInputStream();
        // While this is held, the end of the process cannot make Java close the pipe early.
        synchronized (stdout) {
            readResult(stdout);
        }
    }

    private void readResult(InputStream stdout) {
        byte[] chunk = new byte[CHUNK_BYTES];
        MemorySegment to = call.result();
        int length = 0;
        try {
            for (int read = stdout.read(chunk); read >= 0; read = stdout.read(chunk)) {
                if (read > call.capacityBytes() - length) {
                    overflowed = true;
                    process.destroyForcibly();
                    return;
                }
                if (!copy(MemorySegment.ofArray(chunk), 0, to, length, read)) {
                    return;
                }
                length += read;
                setResultBytes(length);
            }
            whole = true;
        } catch (IOException e) {
            // The pipe was closed under us: the call is over.
            return;
        }
    }

    private void readErrors() {
        byte[] chunk = new byte[ERROR_LINE_BYTES];
        try {
            InputStream stderr = process.getErrorStream();
            for (int read = stderr.read(chunk); read >= 0; read = stderr.read(chunk)) {
                addErrors(new String(chunk, 0, read, StandardCharsets.ISO_8859_1));
            }
        } catch (IOException e) {
            // The pipe was closed under us: what was read so far counts.
            return;
        }
    }

    /** Keeps the end of what was said. */
    private synchronized void addErrors(String text) {
        errorLine.append(text);
        errorLine.delete(0, Math.max(0, errorLine.length() - 2 * ERROR_LINE_BYTES));
    }

    /**
     * The last line that is not blank; empty when there is none. Blocks for at most this time while
     * a process has stderr open.
     */
    String lastErrorLine(long timeoutNanos) throws InterruptedException {
        join(errors, timeoutNanos);
        return lastErrorLine();
    }

    private synchronized String lastErrorLine() {
        byte[] bytes = errorLine.toString().getBytes(StandardCharsets.ISO_8859_1);
        List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
        for (String line : lines.reversed()) {
            if (!line.isBlank()) {
                return line.strip();
            }
        }
        return "";
    }

    private synchronized void setResultBytes(int bytes) {
        resultBytes = bytes;
    }

    synchronized int resultBytes() {
        return resultBytes;
    }

    /**
     * Copies to or from the call's memory. @return false when the call is over: not its memory now
     */
    private synchronized boolean copy(
            MemorySegment from, long at, MemorySegment to, long toOffset, int bytes) {
        if (closed) {
            return false;
        }
        MemorySegment.copy(from, at, to, toOffset, bytes);
        return true;
    }

    /**
     * Takes the call's memory from the pumps. They end with the program; one that something left
     * behind still keeps open does no harm any more.
     */
    synchronized void close() {
        closed = true;
    }
}
