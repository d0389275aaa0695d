package io.offcut.client;

/**
 * Waits inside a pool that depend on where it runs.
 *
 * @param spinNanos how long a thread polls before it sleeps
 * @param openPauseMillis pause before a lease is opened again; grows from failure to failure
 */
record Timing(long spinNanos, long openPauseMillis) {}
