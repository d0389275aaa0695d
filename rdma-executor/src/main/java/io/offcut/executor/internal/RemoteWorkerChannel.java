package io.offcut.executor.internal;

/**
 * A worker's channel whose client need not be on the same host: a connection that comes and goes
 * while the worker lives. {@link #waiting} and {@link #wake} are thread-safe.
 */
public interface RemoteWorkerChannel extends WorkerChannel {
    /** Whether a client is connected, or about to be. */
    boolean connected();

    /** Whether a connection waits to be adopted by {@link #poll}. Any thread. */
    boolean waiting();

    /** Ends a sleep, now or the next. Any thread. Does not block. */
    void wake();

    /** Sleeps until a request may be there, {@link #wake} was called, or the time is over. */
    void await(long timeoutNanos);
}
