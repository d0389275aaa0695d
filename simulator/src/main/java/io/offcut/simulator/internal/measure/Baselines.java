package io.offcut.simulator.internal.measure;

/**
 * What the jobs of a schedule would hold without functions, and what functions cost them; in
 * core-milliseconds. For one thread.
 */
public final class Baselines {
    private final int nodes;
    private final int coresPerNode;
    private int wantedNodes;
    private long wholeNodeMillis;
    private long excessNodeMillis;
    private long excessMillis;
    private long aloneComputed;
    private long aloneHeld;
    private long stalled;
    private long handedOver;
    private double leftUnused;

    /**
     * One run of a job, to its end or to where an outage cut it short.
     *
     * @param cores it asked for
     * @param held cores it held
     * @param used of these, cores it could compute on
     * @param computing cores it computed on
     * @param aloneMillis how long it would have taken without functions
     * @param unusedShare of that, how long the log measured that it did not use a core
     * @param stalledMillis how long it ran without getting on, for functions beside it
     * @param handedOverMillis of its time alone, what leases did instead
     */
    public record Run(
            int cores,
            int held,
            int used,
            int computing,
            long aloneMillis,
            double unusedShare,
            long stalledMillis,
            long handedOverMillis) {}

    public Baselines(int nodes, int coresPerNode) {
        this.nodes = nodes;
        this.coresPerNode = coresPerNode;
    }

    /** Time passes in which no job starts or ends. */
    public void passed(long millis) {
        if (wantedNodes > nodes) {
            excessMillis += millis;
            excessNodeMillis += millis * (wantedNodes - nodes);
        }
    }

    /** A job that asked for so many cores starts. */
    public void started(int cores) {
        wantedNodes += wholeNodes(cores);
    }

    /** A job ends. */
    public void ended(Run run) {
        wantedNodes -= wholeNodes(run.cores());
        wholeNodeMillis += run.aloneMillis() * wholeNodes(run.cores());
        aloneComputed += run.aloneMillis() * run.computing();
        aloneHeld += run.aloneMillis() * run.held();
        stalled += run.stalledMillis() * run.computing();
        handedOver += run.handedOverMillis() * run.computing();
        leftUnused += run.aloneMillis() * run.unusedShare() * run.used();
    }

    private int wholeNodes(int cores) {
        return Math.ceilDiv(cores, coresPerNode);
    }

    /** What jobs would hold if each had whole nodes, of the largest size. */
    public double wholeNodeCoreMillis() {
        return (double) wholeNodeMillis * coresPerNode;
    }

    /** Of that, what is beyond the machine at its time. */
    public double excessCoreMillis() {
        return (double) excessNodeMillis * coresPerNode;
    }

    /** How long whole nodes for all jobs that run would be more than there are. */
    public long excessMillis() {
        return excessMillis;
    }

    /** What jobs would compute without functions. */
    public long aloneComputed() {
        return aloneComputed;
    }

    /** What jobs would hold without functions. */
    public long aloneHeld() {
        return aloneHeld;
    }

    /** What jobs held and did not get on with, for functions beside them. */
    public long stalled() {
        return stalled;
    }

    /** What jobs would hold without functions, and were measured not to use. */
    public double leftUnused() {
        return leftUnused;
    }

    /** Work of jobs that leases did. */
    public long handedOver() {
        return handedOver;
    }
}
