package io.offcut.simulator;

/**
 * What a node did between two samples is not known. These are the possible readings: every one
 * agrees with all samples.
 */
public enum IdleReading {
    /**
     * Idle only as long as it was seen: from the first sample of an interval to its last. A node
     * that was seen idle once stays so to the next sample; nearly all of that is then lost.
     */
    SHORTEST,
    /** Every sample is true until the next. */
    HELD,
    /** Idle from just after the last sample that saw it busy until the next that does. */
    LONGEST
}
