package io.offcut.benchmarks.invoke;

import io.offcut.client.DirectWorker;
import io.offcut.client.WorkerPool;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.InvocationChannel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/** The Java client: one worker, called by this thread with nothing in between. */
final class OurEnd implements Caller {
    private final WorkerPool pool;
    private final DirectWorker worker;
    private final InvocationChannel channel;
    private final Arena arena = Arena.ofConfined();
    private long id;

    OurEnd(WorkerPool pool, Duration limit) throws InterruptedException {
        this.pool = pool;
        try {
            this.worker = pool.take(limit);
        } catch (OffcutException | InterruptedException e) {
            pool.close();
            throw e;
        }
        this.channel = worker.channel();
    }

    int function(String name) {
        return worker.functionIndex(name);
    }

    @Override
    public CallLoop empty(int inputBytes, long pauseNanos) {
        int function = function("empty");
        return CallLoop.of(() -> spinOnce(function, inputBytes)).settling().pausing(pauseNanos);
    }

    @Override
    public CallLoop due(int inputBytes, long everyNanos) {
        return empty(inputBytes, 0).every(everyNanos);
    }

    @Override
    public CallLoop echo(int inputBytes) {
        int function = function("echo");
        return CallLoop.of(() -> echoOnce(function, inputBytes)).settling();
    }

    @Override
    public CallLoop ends(int inputBytes) {
        int function = function("ends");
        MemorySegment input = arena.allocate(inputBytes, 64).fill((byte) 7);
        input.set(ValueLayout.JAVA_INT, 0, 17);
        return CallLoop.of(() -> copyOnce(function, input)).settling();
    }

    @Override
    public CallLoop pipelined(int inputBytes, int calls) {
        int function = function("empty");
        return CallLoop.of(() -> pipeline(function, inputBytes, calls)).settling();
    }

    /** One call, spun for. */
    void spinOnce(int function, int inputBytes) {
        int slot = post(function, inputBytes);
        int done = channel.poll();
        while (done < 0) {
            Thread.onSpinWait();
            done = channel.poll();
        }
        finish(done, slot);
    }

    /** One call of {@code echo}: the answer's first word must be ours. */
    private void echoOnce(int function, int inputBytes) {
        int slot = post(function, inputBytes);
        int done = channel.poll();
        while (done < 0) {
            Thread.onSpinWait();
            done = channel.poll();
        }
        MemorySegment result = channel.result(done);
        if (result.byteSize() != inputBytes
                || result.get(ValueLayout.JAVA_LONG, 0) != channel.invocationId(done)) {
            throw new IllegalStateException("another result than the input");
        }
        finish(done, slot);
    }

    /** Copies the input in, calls, and reads both its ends from the answer. */
    private void copyOnce(int function, MemorySegment input) {
        int slot = acquire();
        MemorySegment.copy(input, 0, channel.input(slot), 0, input.byteSize());
        channel.post(slot, ++id, function, (int) input.byteSize(), 0);
        int done = channel.poll();
        while (done < 0) {
            Thread.onSpinWait();
            done = channel.poll();
        }
        MemorySegment result = channel.result(done);
        if (result.get(ValueLayout.JAVA_INT, 0) != input.get(ValueLayout.JAVA_INT, 0)
                || result.get(ValueLayout.JAVA_INT, 4)
                        != input.get(ValueLayout.JAVA_INT, input.byteSize() - 4)) {
            throw new IllegalStateException("another result than the input's ends");
        }
        finish(done, slot);
    }

    /** So many calls with all slots kept full. */
    private void pipeline(int function, int inputBytes, int count) {
        long posted = 0;
        for (long done = 0; done < count; ) {
            if (posted < count) {
                int slot = channel.acquire();
                if (slot >= 0) {
                    channel.input(slot).set(ValueLayout.JAVA_LONG, 0, ++id);
                    channel.post(slot, id, function, inputBytes, 0);
                    posted++;
                    continue;
                }
            }
            int slot = channel.poll();
            if (slot >= 0) {
                finish(slot, slot);
                done++;
            }
        }
    }

    private int acquire() {
        int slot = channel.acquire();
        if (slot < 0) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "bench: its worker has ended: " + InvocationStatus.of(channel.ended()));
        }
        return slot;
    }

    private int post(int function, int inputBytes) {
        int slot = acquire();
        channel.input(slot).set(ValueLayout.JAVA_LONG, 0, ++id);
        int refused = channel.post(slot, id, function, inputBytes, 0);
        if (refused != 0) {
            throw failed(refused);
        }
        return slot;
    }

    private void finish(int done, int expected) {
        if (done != expected || channel.status(done) != 0) {
            throw failed(channel.status(done));
        }
        channel.release(done);
    }

    private static OffcutException failed(int status) {
        return new OffcutException(
                ErrorCode.FUNCTION_FAILED, "bench: a call ended as " + InvocationStatus.of(status));
    }

    @Override
    public void close() {
        worker.close();
        pool.close();
        arena.close();
    }
}
