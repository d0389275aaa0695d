/**
 * Pilot jobs: batch jobs of a user that run a node daemon on nodes that stand idle, and what keeps
 * them queued.
 */
@org.jspecify.annotations.NullMarked
package io.offcut.cli.pilot;
