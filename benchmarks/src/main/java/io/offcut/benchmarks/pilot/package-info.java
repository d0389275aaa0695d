/** From the start of a pilot job to the first call that it serves. */
@org.jspecify.annotations.NullMarked
package io.offcut.benchmarks.pilot;
