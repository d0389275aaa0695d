package io.offcut.traces.analysis;

/**
 * Values in a log that a careful reader would not take as they stand.
 *
 * @param name short, for scripts
 * @param count how many jobs have them, or how many seconds
 * @param firstJob number of the first such job; −1 where it is not about a job
 * @param meaning what it may mean, in words
 */
public record Suspicion(String name, long count, long firstJob, String meaning) {}
