package io.offcut.scheduler.internal.http;

import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value that is costly to take and good for a while: whoever asks within that time shares it, and
 * its failure. Safe for any thread; does not block.
 */
final class Recent<T> {
    private final long goodForNanos;
    private final LongSupplier nanoClock;
    private final Supplier<CompletableFuture<T>> source;
    private @Nullable CompletableFuture<T> taken;
    private long takenAtNanos;

    Recent(long goodForNanos, LongSupplier nanoClock, Supplier<CompletableFuture<T>> source) {
        this.goodForNanos = goodForNanos;
        this.nanoClock = nanoClock;
        this.source = source;
    }

    synchronized CompletableFuture<T> get() {
        long nowNanos = nanoClock.getAsLong();
        CompletableFuture<T> present = taken;
        if (present == null || nowNanos - takenAtNanos >= goodForNanos) {
            present = source.get();
            taken = present;
            takenAtNanos = nowNanos;
        }
        return present.copy();
    }
}
