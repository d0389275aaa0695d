package io.offcut.executor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.frame.InvocationStatus;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;

/** One call at a time over a channel, as a test wants it. */
final class Invoker {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    /** What came back. */
    @SuppressWarnings("ArrayRecordComponent") // compared by its parts
    record Answer(InvocationStatus status, byte[] bytes, long id, long executionNanos) {
        String text() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private Invoker() {}

    static Answer call(InvocationChannel channel, int function, byte[] input) {
        int slot = post(channel, 77, function, input, 0);
        int done = channel.await(PATIENCE.toNanos());
        assertThat(done).as("slot that completed").isEqualTo(slot);
        return take(channel, done);
    }

    static int post(
            InvocationChannel channel, long id, int function, byte[] input, long deadlineNanos) {
        int slot = channel.acquire();
        assertThat(slot).as("a free slot").isNotEqualTo(InvocationChannel.NONE);
        MemorySegment.copy(input, 0, channel.input(slot), JAVA_BYTE, 0, input.length);
        assertThat(channel.post(slot, id, function, input.length, deadlineNanos)).isZero();
        return slot;
    }

    static Answer take(InvocationChannel channel, int done) {
        Answer answer =
                new Answer(
                        InvocationStatus.of(channel.status(done)),
                        channel.result(done).toArray(JAVA_BYTE),
                        channel.invocationId(done),
                        channel.executionNanos(done));
        channel.release(done);
        return answer;
    }

    static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
