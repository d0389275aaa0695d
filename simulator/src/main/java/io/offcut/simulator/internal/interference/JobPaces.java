package io.offcut.simulator.internal.interference;

import io.offcut.simulator.Interference;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.traces.JobTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The paces of all running jobs, and which nodes have functions. What changes a pace only marks it;
 * {@link #tell} says once for each instant what became of the ends. For one thread.
 */
public final class JobPaces {
    /** Told when something that was said before has changed. */
    public interface Ends {
        /** If nothing changes, the job is over then. */
        void endsAt(int job, long endMillis);

        /** If nothing changes, leases have then done all they may of the job's work. */
        void sharedAt(int job, long timeMillis);
    }

    /**
     * A job that is over.
     *
     * @param slowdownMilli how much functions slowed it, in thousandths of its time alone
     * @param ownMillis what its own cores did, in milliseconds of its time alone
     * @param handedOverMillis what leases did
     */
    public record Ran(int slowdownMilli, long ownMillis, long handedOverMillis) {}

    private final JobTable table;
    private final BatchJobs jobs;
    private final Interference interference;
    private final String functionClass;
    private final Ends ends;
    private final Map<String, Interference.Pair> pairs = new HashMap<>();
    private final Map<Integer, Pace> running = new HashMap<>();
    private final List<List<Pace>> onNode;
    private final boolean[] functions;

    /** By node: what a core of functions lost to jobs there up to a time, in microseconds. */
    private final long[] functionsLostMicros;

    private final long[] lostUntilMillis;
    private final List<Pace> dirty = new ArrayList<>();

    public JobPaces(
            JobTable table,
            BatchJobs jobs,
            Interference interference,
            String functionClass,
            int nodes,
            Ends ends) {
        this.table = table;
        this.jobs = jobs;
        this.interference = interference;
        this.functionClass = functionClass;
        this.ends = ends;
        this.functions = new boolean[nodes];
        this.functionsLostMicros = new long[nodes];
        this.lostUntilMillis = new long[nodes];
        this.onNode = new ArrayList<>(nodes);
        for (int node = 0; node < nodes; node++) {
            onNode.add(new ArrayList<>(2));
        }
    }

    /** A job started; its nodes are told apart and may have functions already. */
    public void started(long nowMillis, int job, int cores, int[] nodes) {
        Interference.Pair pair =
                pairs.computeIfAbsent(
                        interference.jobClass(table, jobs.row(job)),
                        jobClass -> interference.pair(jobClass, functionClass));
        Pace pace =
                new Pace(
                        job,
                        nodes,
                        Math.max(1, cores),
                        jobs.runMillis(job),
                        pair.jobPermille(),
                        pair.functionPermille(),
                        nowMillis);
        running.put(job, pace);
        for (int node : nodes) {
            functionsLostMicros(nowMillis, node);
            onNode.get(node).add(pace);
            if (functions[node] && pace.functionsBeside(1)) {
                mark(pace);
            }
        }
    }

    /** Leases may do this much of a running job's work; to be said at its start. */
    public void share(int job, int permille) {
        pace(job).share(permille);
    }

    /** A job that starts now can begin its work only after a while. */
    public void delay(long nowMillis, int job, long millis) {
        Pace pace = pace(job);
        pace.advance(nowMillis);
        pace.delay(millis);
        mark(pace);
    }

    /** So many leased workers more, or less, work for a job. Does nothing for one that is over. */
    public void addWorkers(long nowMillis, int job, int change) {
        Pace pace = running.get(job);
        if (pace != null) {
            pace.advance(nowMillis);
            pace.addWorkers(change);
            mark(pace);
        }
    }

    /** Whether leases have done all they may of a job that runs. */
    public boolean allShared(long nowMillis, int job) {
        Pace pace = running.get(job);
        if (pace == null) {
            return false;
        }
        pace.advance(nowMillis);
        return pace.nothingToShare();
    }

    /** A node has its first function, or lost its last. */
    public void functionsOn(long nowMillis, int node, boolean there) {
        if (functions[node] == there) {
            return;
        }
        functions[node] = there;
        for (Pace pace : onNode.get(node)) {
            pace.advance(nowMillis);
            if (pace.functionsBeside(there ? 1 : -1)) {
                mark(pace);
            }
        }
    }

    /** How long functions take on a node, in thousandths of what they take alone. */
    public int functionPermille(int node) {
        int slowest = 1000;
        for (Pace pace : onNode.get(node)) {
            slowest = Math.max(slowest, pace.functionPermille);
        }
        return slowest;
    }

    /**
     * What a core that functions compute on all the time has lost on a node up to now, because jobs
     * beside it slow them; counted from any time on, so that differences tell.
     */
    public long functionsLostMicros(long nowMillis, int node) {
        long passed = nowMillis - lostUntilMillis[node];
        functionsLostMicros[node] += lostMicros(passed, functionPermille(node));
        lostUntilMillis[node] = nowMillis;
        return functionsLostMicros[node];
    }

    /** Of so long a time, what is lost where all takes longer by that. */
    public static long lostMicros(long millis, int permille) {
        return millis * 1000 - millis * 1_000_000 / permille;
    }

    /** A job is over. */
    public Ran ended(long nowMillis, int job) {
        Pace pace = pace(job);
        running.remove(job);
        pace.advance(nowMillis);
        for (int node : pace.nodes) {
            functionsLostMicros(nowMillis, node);
            onNode.get(node).remove(pace);
        }
        return new Ran(pace.slowdownMilli(), pace.ownMillis(), pace.handedOverMillis());
    }

    private Pace pace(int job) {
        Pace pace = running.get(job);
        if (pace == null) {
            throw new IllegalStateException("job " + jobs.number(job) + " does not run");
        }
        return pace;
    }

    private void mark(Pace pace) {
        if (!pace.dirty) {
            pace.dirty = true;
            dirty.add(pace);
        }
    }

    /** Says the new ends of jobs whose pace has changed. */
    public void tell(long nowMillis) {
        for (int at = 0; at < dirty.size(); at++) {
            Pace pace = dirty.get(at);
            pace.dirty = false;
            if (running.get(pace.job) == pace) {
                pace.advance(nowMillis);
                ends.endsAt(pace.job, pace.endMillis());
                long shared = pace.sharedMillis();
                if (shared != Long.MAX_VALUE) {
                    ends.sharedAt(pace.job, shared);
                }
            }
        }
        dirty.clear();
    }
}
