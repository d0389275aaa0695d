package io.offcut.client;

/**
 * How a streaming map went.
 *
 * @param items handled
 * @param failed of these, how many not with OK
 * @param interrupted whether the calling thread was interrupted before all items were handled
 */
public record MapSummary(long items, long failed, boolean interrupted) {}
