package io.offcut.simulator.internal.interference;

/**
 * How far a running job is. Its work is its run time alone, in millionths of a millisecond; a core
 * of its own that nobody slows does a million of them in a millisecond. All of it is integers: what
 * a division loses is below a millionth of the run time and the same in every run. For one thread.
 */
final class Pace {
    static final int FULL = 1_000_000;

    final int job;
    final int[] nodes;
    private final int cores;
    private final int slowRate;
    private long startMillis;
    private final long work;
    final int functionPermille;
    private long updatedMillis;

    /** Work left to its own cores and to leases. */
    private long left;

    /** Of that, what leases may do. */
    private long leftToShare;

    /** What its own cores have done. */
    private long ownDone;

    private int nodesWithFunctions;
    private int workers;
    boolean dirty;

    /**
     * @param slowPermille run time beside functions, in thousandths of that alone
     * @param functionPermille the same of functions beside it
     */
    Pace(
            int job,
            int[] nodes,
            int cores,
            long runMillis,
            int slowPermille,
            int functionPermille,
            long nowMillis) {
        this.job = job;
        this.nodes = nodes;
        this.cores = cores;
        this.slowRate = (int) (1000L * FULL / slowPermille);
        this.functionPermille = functionPermille;
        this.startMillis = nowMillis;
        this.updatedMillis = nowMillis;
        this.work = Math.multiplyExact(runMillis, FULL);
        this.left = work;
    }

    /** Allows leases to do this much of the whole. */
    void share(int permille) {
        leftToShare = left / 1000 * permille;
    }

    /** It has just started, and can begin its work only after a while. */
    void delay(long millis) {
        startMillis += millis;
        updatedMillis += millis;
    }

    /** Counts what was done up to now. */
    void advance(long nowMillis) {
        if (nowMillis <= updatedMillis) {
            return;
        }
        long passed = nowMillis - updatedMillis;
        long shared = Math.min(passed * shareRate(), leftToShare);
        left -= passed * ownRate() + shared;
        leftToShare -= shared;
        ownDone += passed * ownRate();
        updatedMillis = nowMillis;
    }

    private long ownRate() {
        return nodesWithFunctions > 0 ? slowRate : FULL;
    }

    private long shareRate() {
        return (long) workers * FULL / cores;
    }

    /** When it is over if nothing changes; it must be advanced to now. */
    long endMillis() {
        long shareRate = leftToShare > 0 ? shareRate() : 0;
        if (shareRate == 0) {
            return updatedMillis + ceilDiv(left, ownRate());
        }
        long untilShared = ceilDiv(leftToShare, shareRate);
        long together = ceilDiv(left, ownRate() + shareRate);
        if (together <= untilShared) {
            return updatedMillis + together;
        }
        return updatedMillis + Math.max(untilShared, ceilDiv(left - leftToShare, ownRate()));
    }

    /** When leases have done all they may; {@code Long.MAX_VALUE} if never. */
    long sharedMillis() {
        long rate = shareRate();
        return leftToShare == 0 || rate == 0
                ? Long.MAX_VALUE
                : updatedMillis + ceilDiv(leftToShare, rate);
    }

    private static long ceilDiv(long work, long rate) {
        return Math.max(0, Math.ceilDiv(work, rate));
    }

    boolean nothingToShare() {
        return leftToShare == 0;
    }

    /** A node of it began or ceased to have functions; true if that changes its pace. */
    boolean functionsBeside(int change) {
        boolean before = nodesWithFunctions > 0;
        nodesWithFunctions += change;
        return slowRate != FULL && before != (nodesWithFunctions > 0);
    }

    void addWorkers(int change) {
        workers += change;
    }

    /** What its own cores have done, in milliseconds of its time alone. */
    long ownMillis() {
        return (ownDone + Math.min(0, left)) / FULL;
    }

    /** What leases have done, in the same unit. */
    long handedOverMillis() {
        return (work - left - ownDone) / FULL;
    }

    /** Time it took for what its own cores did, in thousandths of what they take alone. */
    int slowdownMilli() {
        long passed = updatedMillis - startMillis;
        long done = ownDone / 1000;
        return done == 0 ? 1000 : (int) ((passed * FULL + done / 2) / done);
    }
}
