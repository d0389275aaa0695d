package io.offcut.traces.idle;

import java.util.Set;

/**
 * The nodes that no batch job had at one time.
 *
 * @param unixSeconds when
 * @param idle nodes that the batch system gave as idle or that a pilot job had, in the order of the
 *     record
 * @param pilots those of them that ran a pilot job
 */
public record IdleSample(long unixSeconds, Set<String> idle, Set<String> pilots) {}
