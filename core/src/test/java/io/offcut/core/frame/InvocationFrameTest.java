package io.offcut.core.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

final class InvocationFrameTest {
    private final MemorySegment memory = Arena.ofAuto().allocate(256, 64);

    @Test
    void requestFieldsComeBack() {
        InvocationFrame.writeRequest(memory, 64, 77, 3, 1000, 4096, 5_000);
        assertThat(InvocationFrame.check(memory, 64, InvocationFrame.REQUEST_MAGIC, 1000)).isZero();
        assertThat(InvocationFrame.invocationId(memory, 64)).isEqualTo(77);
        assertThat(InvocationFrame.functionIndex(memory, 64)).isEqualTo(3);
        assertThat(InvocationFrame.payloadBytes(memory, 64)).isEqualTo(1000);
        assertThat(InvocationFrame.resultCapacityBytes(memory, 64)).isEqualTo(4096);
        assertThat(InvocationFrame.deadlineNanos(memory, 64)).isEqualTo(5_000);
    }

    @Test
    void responseFieldsComeBackWhereDocumented() {
        InvocationFrame.writeResponse(memory, 0, -9, InvocationStatus.REVOKED.code(), 12, 345);
        assertThat(InvocationFrame.check(memory, 0, InvocationFrame.RESPONSE_MAGIC, 12)).isZero();
        assertThat(InvocationFrame.invocationId(memory, 0)).isEqualTo(-9);
        assertThat(InvocationFrame.statusCode(memory, 0)).isEqualTo(-4);
        assertThat(InvocationFrame.executionNanos(memory, 0)).isEqualTo(345);
        byte[] bytes = memory.asSlice(0, 24).toArray(ValueLayout.JAVA_BYTE);
        assertThat(bytes)
                .containsExactly(
                        'O', 'F', 'C', 'R', 1, 0, 0, 0, -9, -1, -1, -1, -1, -1, -1, -1, -4, -1, -1,
                        -1, 12, 0, 0, 0);
    }

    @Test
    void refusesForeignFrames() {
        InvocationFrame.writeRequest(memory, 0, 1, 0, 10, 10, 0);
        assertThat(InvocationFrame.check(memory, 0, InvocationFrame.RESPONSE_MAGIC, 10))
                .isEqualTo(InvocationStatus.MALFORMED.code());
        assertThat(InvocationFrame.check(memory, 0, InvocationFrame.REQUEST_MAGIC, 9))
                .isEqualTo(InvocationStatus.TOO_LARGE.code());
        memory.set(ValueLayout.JAVA_SHORT, InvocationFrame.VERSION_OFFSET, (short) 2);
        assertThat(InvocationFrame.check(memory, 0, InvocationFrame.REQUEST_MAGIC, 10))
                .isEqualTo(InvocationStatus.WRONG_VERSION.code());
        InvocationFrame.writeRequest(memory, 0, 1, 0, -1, 10, 0);
        assertThat(InvocationFrame.check(memory, 0, InvocationFrame.REQUEST_MAGIC, 10))
                .isEqualTo(InvocationStatus.MALFORMED.code());
    }

    @Test
    void everyStatusHasItsOwnCodeAndComesBackFromIt() {
        for (InvocationStatus status : InvocationStatus.values()) {
            assertThat(InvocationStatus.of(status.code())).isEqualTo(status);
        }
        assertThat(InvocationStatus.of(1)).isEqualTo(InvocationStatus.MALFORMED);
        assertThat(InvocationStatus.of(Integer.MIN_VALUE)).isEqualTo(InvocationStatus.MALFORMED);
        assertThat(InvocationStatus.of(-1_000)).isEqualTo(InvocationStatus.MALFORMED);
    }
}
