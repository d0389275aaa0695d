package io.offcut.simulator.internal.engine;

import java.util.BitSet;

/** When each job started, and how. For one thread while it grows. */
public final class JobRecord {
    private final long[] startsMillis;
    private final BitSet backfilled = new BitSet();
    private int clippedJobs;
    private double clippedCoreSeconds;

    JobRecord(int jobs) {
        startsMillis = new long[jobs];
    }

    void started(int job, long nowMillis, boolean overtaking) {
        startsMillis[job] = nowMillis;
        backfilled.set(job, overtaking);
    }

    void clipped(double coreSeconds) {
        clippedJobs++;
        clippedCoreSeconds += coreSeconds;
    }

    public long startMillis(int job) {
        return startsMillis[job];
    }

    public boolean backfilled(int job) {
        return backfilled.get(job);
    }

    /** Jobs for which the machine had too few cores left. */
    public int clippedJobs() {
        return clippedJobs;
    }

    /** What those jobs did not get. */
    public double clippedCoreSeconds() {
        return clippedCoreSeconds;
    }
}
