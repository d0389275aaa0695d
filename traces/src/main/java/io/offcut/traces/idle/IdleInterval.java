package io.offcut.traces.idle;

/**
 * A node that was idle in every sample from one to another.
 *
 * @param node its number, in the order in which nodes were first seen idle
 * @param fromSample number of the first sample in which it was idle
 * @param toSample number of the first one after it in which it was not; the number of samples if it
 *     was idle in the last
 */
public record IdleInterval(int node, int fromSample, int toSample) {
    public int samples() {
        return toSample - fromSample;
    }
}
