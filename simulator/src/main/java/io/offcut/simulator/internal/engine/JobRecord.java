package io.offcut.simulator.internal.engine;

import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** When each job started and ended, and how. For one thread while it grows. */
public final class JobRecord {
    private static final long NEVER = Long.MIN_VALUE;

    private final long[] startsMillis;
    private final long[] endsMillis;
    private final BitSet backfilled = new BitSet();
    private int clippedJobs;
    private double clippedCoreSeconds;
    private int placedAsRecorded;
    private int movedJobs;
    private int requeues;
    private int lostJobs;

    /** Null where nothing slows jobs. */
    private final int @Nullable [] slowdownsMilli;

    JobRecord(int jobs, boolean slowed) {
        startsMillis = new long[jobs];
        endsMillis = new long[jobs];
        Arrays.fill(endsMillis, NEVER);
        slowdownsMilli = slowed ? new int[jobs] : null;
    }

    void endsAt(int job, long endMillis) {
        endsMillis[job] = endMillis;
    }

    void slowed(int job, int slowdownMilli) {
        if (slowdownsMilli != null) {
            slowdownsMilli[job] = slowdownMilli;
        }
    }

    void started(int job, long nowMillis, long endMillis, boolean overtaking) {
        startsMillis[job] = nowMillis;
        endsMillis[job] = endMillis;
        if (overtaking) {
            backfilled.set(job);
        }
    }

    void clipped(double coreSeconds) {
        clippedJobs++;
        clippedCoreSeconds += coreSeconds;
    }

    /** It was placed where the log says; so many of its cores had no room there. */
    void placedAsRecorded(int movedCores) {
        placedAsRecorded++;
        movedJobs += movedCores > 0 ? 1 : 0;
    }

    /** It was killed, and will start again. */
    void requeued(int job) {
        requeues++;
        endsMillis[job] = NEVER;
        backfilled.clear(job);
    }

    /** It was killed, and that was its end. */
    void lost(int job, long nowMillis) {
        lostJobs++;
        endsMillis[job] = nowMillis;
    }

    /** Of its last start. */
    public long startMillis(int job) {
        return startsMillis[job];
    }

    /** Of the run that began with its last start; a time in the past for none. */
    public long endMillis(int job) {
        return endsMillis[job];
    }

    /** How much functions slowed it, in thousandths of its time alone; 1000 for not at all. */
    public int slowdownMilli(int job) {
        return slowdownsMilli == null ? 1000 : Math.max(1000, slowdownsMilli[job]);
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

    /** Jobs that went where the log says. */
    public int placedAsRecorded() {
        return placedAsRecorded;
    }

    /** Of those, how many did so with a part of their cores only, since others had the rest. */
    public int movedJobs() {
        return movedJobs;
    }

    /** How often a job had to wait again because a node failed. */
    public int requeues() {
        return requeues;
    }

    /** Jobs that ended because a node failed. */
    public int lostJobs() {
        return lostJobs;
    }
}
