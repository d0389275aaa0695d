package io.offcut.simulator.internal.cluster;

/**
 * How many cores one job could use if some jobs had ended and others had started: a copy of the
 * nodes that they touch, over a {@link NodeSpace} that changes meanwhile only where {@link #keep}
 * was called before. Outages are taken as they are now. For one thread.
 */
public final class FutureSpace {
    private final NodeSpace now;
    private final int[] freeCores;
    private final long[] freeBytes;

    /** In which round a node was copied. */
    private final int[] copied;

    private int round;
    private long bytesPerCore;
    private int usable;

    public FutureSpace(NodeSpace now) {
        this.now = now;
        this.freeCores = new int[now.freeCores.length];
        this.freeBytes = new long[now.freeCores.length];
        this.copied = new int[now.freeCores.length];
    }

    /** Begins again with what is free now. */
    public void reset(long jobBytesPerCore) {
        round++;
        bytesPerCore = jobBytesPerCore;
        usable = now.usableTotal(jobBytesPerCore);
    }

    /** Cores the job could use then. */
    public int usable() {
        return usable;
    }

    /** A job will have ended. */
    public void give(Assignment where, long itsBytesPerCore) {
        change(where, itsBytesPerCore, 1);
    }

    /** A job will be there. */
    public void take(Assignment where, long itsBytesPerCore) {
        change(where, itsBytesPerCore, -1);
    }

    private void change(Assignment where, long itsBytesPerCore, int sign) {
        for (int part = 0; part < where.parts(); part++) {
            int node = where.node(part);
            int used = where.cores(part);
            copy(node);
            int before = now.usable(node, bytesPerCore, freeCores[node], freeBytes[node]);
            freeCores[node] += sign * now.held(node, used);
            freeBytes[node] += sign * now.heldBytes(node, used, itsBytesPerCore);
            usable += now.usable(node, bytesPerCore, freeCores[node], freeBytes[node]) - before;
        }
    }

    /** What is free now on these nodes will be so then, whoever takes it now. */
    public void keep(Assignment where) {
        for (int part = 0; part < where.parts(); part++) {
            copy(where.node(part));
        }
    }

    private void copy(int node) {
        if (copied[node] != round) {
            copied[node] = round;
            freeCores[node] = now.freeCores[node];
            freeBytes[node] = now.freeBytes[node];
        }
    }
}
