package io.offcut.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.MemoryChannel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Operations of which one cannot be carried out to its end. */
class MemoryPipelineTest {
    private static final long TIMEOUT_NANOS = 1_000_000_000;

    private final Ones channel = new Ones();

    @Test
    void nothingThatWasLeftUnfinishedAnswersForALaterOperation() {
        assertThatThrownBy(
                        () -> MemoryPipeline.one(channel, TIMEOUT_NANOS, readIntoWhatWasClosed()))
                .isInstanceOf(IllegalStateException.class);
        byte[] target = new byte[8];
        MemoryOperation next = new MemoryOperation.Read(0, MemorySegment.ofArray(target));
        assertThat(MemoryPipeline.one(channel, TIMEOUT_NANOS, next))
                .isEqualTo(new MemoryResult(MemoryStatus.RELEASED, 0));
    }

    @Test
    void nothingOfABatchThatWasLeftUnfinishedAnswersForALaterOne() {
        byte[] target = new byte[8];
        MemoryOperation good = new MemoryOperation.Read(0, MemorySegment.ofArray(target));
        assertThatThrownBy(() ->
                        MemoryPipeline.run(
                                channel,
                                TIMEOUT_NANOS,
                                List.of(good, readIntoWhatWasClosed(), good)))
                .isInstanceOf(IllegalStateException.class);
        assertThat(MemoryPipeline.run(channel, TIMEOUT_NANOS, List.of(good)))
                .containsExactly(new MemoryResult(MemoryStatus.RELEASED, 0));
    }

    @Test
    void aChannelThatCarriesOutAtOnceStaysOpenWhenItRefusesByThrowing() {
        assertThatThrownBy(() ->
                        MemoryPipeline.one(
                                channel, TIMEOUT_NANOS, new MemoryOperation.FetchAndAdd(0, 1)))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(channel.ended()).isZero();
    }

    private static MemoryOperation readIntoWhatWasClosed() {
        try (Arena arena = Arena.ofConfined()) {
            return new MemoryOperation.Read(0, arena.allocate(8));
        }
    }

    /** Memory full of ones, read when a completion is taken, as over a network. */
    private static final class Ones implements MemoryChannel {
        private final Queue<MemorySegment> targets = new ArrayDeque<>();
        private @Nullable MemorySegment open;
        private int ended;

        @Override
        public long bytes() {
            return 64;
        }

        @Override
        public int depth() {
            return 16;
        }

        @Override
        public int outstanding() {
            return targets.size() + (open == null ? 0 : 1);
        }

        @Override
        public int read(long offset, MemorySegment target) {
            if (ended == 0) {
                targets.add(target);
            }
            return ended;
        }

        @Override
        public int write(long offset, MemorySegment source) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int fetchAndAdd(long offset, long addend) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int compareAndSwap(long offset, long expected, long value) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean poll() {
            if (open == null) {
                open = targets.poll();
            }
            if (open == null) {
                return false;
            }
            MemorySegment ignored = open.fill((byte) 1);
            open = null;
            return true;
        }

        @Override
        public boolean await(long timeoutNanos) {
            return poll();
        }

        @Override
        public int status() {
            return 0;
        }

        @Override
        public long value() {
            return 0;
        }

        @Override
        public boolean ending() {
            return false;
        }

        @Override
        public int ended() {
            return ended;
        }

        @Override
        public void close() {
            ended = MemoryStatus.RELEASED.code();
        }
    }
}
