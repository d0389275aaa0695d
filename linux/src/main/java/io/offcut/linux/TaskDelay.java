package io.offcut.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * How long one thread ran and how long it stood in line for a CPU, as {@code
 * /proc/<pid>/task/<tid>/schedstat} says (kernel document scheduler/sched-stats.rst). The file
 * stays open, so that a look is one system call. For one thread.
 */
public final class TaskDelay implements AutoCloseable {
    private static final int MAX_BYTES = 64;

    private final FileChannel file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_BYTES);
    private long runNanos;
    private long waitNanos;

    private TaskDelay(FileChannel file) {
        this.file = file;
    }

    /**
     * Begins with one thread.
     *
     * @param task {@code /proc/<pid>/task/<tid>}
     * @return null when the thread is gone or the kernel does not count
     */
    public static @Nullable TaskDelay open(Path task) {
        try {
            return new TaskDelay(
                    FileChannel.open(task.resolve("schedstat"), StandardOpenOption.READ));
        } catch (IOException e) {
            return null;
        }
    }

    /** Looks once; false when the thread is gone, and then the times are those of before. */
    public boolean look() {
        buffer.clear();
        try {
            int bytes = file.read(buffer, 0);
            int space = bytes < 0 ? -1 : indexOf(' ', 0, bytes);
            if (space <= 0) {
                return false;
            }
            runNanos = number(0, space);
            waitNanos = number(space + 1, indexOf(' ', space + 1, bytes));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private int indexOf(char wanted, int from, int to) {
        for (int i = from; i < to; i++) {
            if (buffer.get(i) == wanted) {
                return i;
            }
        }
        return to;
    }

    private long number(int from, int to) {
        long value = 0;
        for (int i = from; i < to; i++) {
            int digit = buffer.get(i) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    /** Time on a CPU since the thread began, at the last look. */
    public long runNanos() {
        return runNanos;
    }

    /** Time in line for a CPU since the thread began, at the last look. */
    public long waitNanos() {
        return waitNanos;
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            // Nothing was written.
        }
    }
}
