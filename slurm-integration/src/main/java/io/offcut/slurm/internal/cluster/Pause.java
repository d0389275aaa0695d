package io.offcut.slurm.internal.cluster;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waiting between two looks at something. */
final class Pause {
    private Pause() {}

    static void millis(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OffcutException(ErrorCode.UNREACHABLE, "interrupted while waiting", e);
        }
    }

    /** Looks every 20 ms until it is so or the time is over; whether it is so. */
    static boolean until(long limitMillis, BooleanSupplier so) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMillis);
        while (!so.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            millis(20);
        }
        return true;
    }
}
