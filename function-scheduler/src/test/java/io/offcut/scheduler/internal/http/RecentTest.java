package io.offcut.scheduler.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RecentTest {
    private final AtomicLong nowNanos = new AtomicLong(-5);
    private final AtomicInteger taken = new AtomicInteger();
    private final Recent<Integer> recent =
            new Recent<>(
                    100,
                    nowNanos::get,
                    () -> CompletableFuture.completedFuture(taken.incrementAndGet()));

    @Test
    void isTakenOnceWithinItsTime() {
        assertThat(recent.get().join()).isEqualTo(1);
        nowNanos.addAndGet(99);
        assertThat(recent.get().join()).isEqualTo(1);
        nowNanos.addAndGet(1);
        assertThat(recent.get().join()).isEqualTo(2);
    }

    @Test
    void whoeverGivesUpWaitingDoesNotSpoilItForOthers() {
        recent.get().cancel(true);
        assertThat(recent.get().join()).isEqualTo(1);
    }
}
