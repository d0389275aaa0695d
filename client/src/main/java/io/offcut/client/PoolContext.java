package io.offcut.client;

/** What the loops of one pool share. */
record PoolContext(WorkQueue queue, RetryPolicy retry, PoolCounters counters, Timing timing) {}
