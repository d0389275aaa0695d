package io.offcut.client;

import java.util.concurrent.atomic.LongAdder;

/** What happened in a pool. Safe for use by any thread. */
final class PoolCounters {
    final LongAdder completed = new LongAdder();
    final LongAdder failed = new LongAdder();
    final LongAdder retries = new LongAdder();
    final LongAdder lostWorkers = new LongAdder();

    /** Completions that nobody waited for: late or duplicated. They are dropped. */
    final LongAdder strays = new LongAdder();
}
