package io.offcut.traces;

/**
 * A whole log in memory.
 *
 * @param complaints what was wrong with it
 */
public record SwfLog(SwfHeader header, JobTable jobs, SwfComplaints complaints) {}
