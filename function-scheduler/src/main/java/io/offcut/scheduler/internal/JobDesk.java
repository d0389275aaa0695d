package io.offcut.scheduler.internal;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.JobView;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.LeaseState;
import io.offcut.scheduler.brain.Brain;
import io.offcut.scheduler.brain.BrainEvent;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Batch jobs that want workers, and the requests that end with them.
 *
 * <pre>
 *   a node announces it ──▶ its own request is placed ──▶ WAITING for a program of the job
 *                                                            │
 *                  a program asks for the same, it suits ────┼──▶ TAKEN: that program's
 *                  a program asks for the same otherwise ────┼──▶ released, the program's placed
 *                  nobody opens it, or it is never granted ──┴──▶ over by its own times
 *   its last node says it ended ──▶ every request of it is released
 * </pre>
 *
 * <p>While it waits its node renews it, afterwards the program. A job of which nothing is heard is
 * forgotten and nothing else: what waits then ends by its ttl, and a program that still renews may
 * go on. So a node daemon that is started anew costs a job nothing.
 *
 * <p>A job is known by its number and user together: whoever names another user's job names one
 * that nobody announced. Methods do not block; futures fail with {@link OffcutException}.
 */
public final class JobDesk {
    /** How long a job is remembered after it was last heard of; nodes speak more often. */
    public static final long TTL_MILLIS = 5 * 60_000;

    /** Of one job, as told to its node. */
    public static final int MAX_SHOWN_REQUESTS = 256;

    private static final Logger LOG = LoggerFactory.getLogger(JobDesk.class);
    private static final int MAX_JOBS = 10_000;

    private record Key(String jobId, String user) {}

    /** A request that was placed at the job's start and that no program has taken yet. */
    private record Waiting(String requestId, LeaseRequest wish) {}

    private static final class Job {
        private final Set<String> nodes = new LinkedHashSet<>();
        private final Set<String> requestIds = new LinkedHashSet<>();
        private @Nullable Waiting waiting;
        private long forgottenAtMillis;
    }

    private final BrainLoop loop;
    private final LeaseDesk leases;
    private final long ttlMillis;

    /** Of the core's thread; first the one of which nothing was heard for longest. */
    private final Map<Key, Job> jobs = new LinkedHashMap<>();

    public JobDesk(BrainLoop loop, LeaseDesk leases) {
        this(loop, leases, TTL_MILLIS);
    }

    JobDesk(BrainLoop loop, LeaseDesk leases, long ttlMillis) {
        this.loop = loop;
        this.leases = leases;
        this.ttlMillis = ttlMillis;
    }

    /**
     * A node says that a job runs on it. The first time its own request is placed, unless a program
     * of it has been quicker; that this fails is no failure of the announcement.
     *
     * @param wish checked by the caller; null to place nothing
     * @param known ids of its requests of which the node knows
     * @param resolve as in {@link LeaseDesk#submit}
     */
    public CompletableFuture<JobView> announce(
            String jobId,
            String node,
            String user,
            @Nullable LeaseRequest wish,
            List<String> known,
            UnaryOperator<String> resolve) {
        long queuedAtNanos = System.nanoTime();
        return loop.call(turn -> {
            Key key = new Key(jobId, user);
            boolean fresh = heardLast(turn, key) == null;
            Job job = heard(turn, key);
            if (job == null) {
                throw new OffcutException(
                        ErrorCode.NO_CAPACITY,
                        "the scheduler knows " + MAX_JOBS + " jobs, its limit; try again later");
            }
            job.nodes.add(node);
            if (fresh) {
                job.requestIds.addAll(known);
            } else {
                forgetOver(turn.brain(), job, true);
            }
            Waiting waiting = job.waiting;
            if (waiting != null) {
                turn.apply(new BrainEvent.RequestRenewed(waiting.requestId()));
            } else if (fresh && known.isEmpty() && wish != null) {
                place(turn, key, job, wish, resolve, queuedAtNanos);
            }
            return view(key, job);
        });
    }

    private void place(
            BrainLoop.Turn turn,
            Key key,
            Job job,
            LeaseRequest wish,
            UnaryOperator<String> resolve,
            long queuedAtNanos) {
        try {
            LeaseRequest exact = LeaseDesk.resolved(wish, resolve);
            String requestId = leases.submit(turn, key.user(), exact, queuedAtNanos).requestId();
            job.waiting = new Waiting(requestId, exact);
            job.requestIds.add(requestId);
        } catch (OffcutException e) {
            LOG.info(
                    "job {} of {} starts without workers: {}",
                    key.jobId(),
                    key.user(),
                    e.getMessage());
        }
    }

    private static JobView view(Key key, Job job) {
        long older = Math.max(0, job.requestIds.size() - MAX_SHOWN_REQUESTS);
        return new JobView(
                key.jobId(),
                key.user(),
                List.copyOf(job.nodes),
                job.requestIds.stream().skip(older).toList());
    }

    /** A node says that the job has ended on it. Doing it twice changes nothing. */
    public CompletableFuture<Boolean> end(String jobId, String node) {
        return loop.call(turn -> {
            Iterator<Map.Entry<Key, Job>> all = jobs.entrySet().iterator();
            while (all.hasNext()) {
                Map.Entry<Key, Job> each = all.next();
                Job job = each.getValue();
                boolean last =
                        each.getKey().jobId().equals(jobId)
                                && job.nodes.remove(node)
                                && job.nodes.isEmpty();
                if (last) {
                    all.remove();
                    release(turn, each.getKey().user(), job);
                }
            }
            return true;
        });
    }

    private static void release(BrainLoop.Turn turn, String user, Job job) {
        for (String requestId : job.requestIds) {
            RequestView view = turn.brain().request(requestId);
            if (view != null && view.endReason() == null && view.user().equals(user)) {
                turn.apply(new BrainEvent.RequestReleased(requestId));
            }
        }
    }

    /**
     * A program of a job asks for workers: it gets the request that waits for it, or one of its
     * own, which ends with the job too. As {@link LeaseDesk#submit}.
     */
    public CompletableFuture<RequestView> submit(
            String jobId,
            LeaseDesk.Asker asker,
            LeaseRequest request,
            UnaryOperator<String> resolve) {
        long queuedAtNanos = System.nanoTime();
        return loop.call(
                        turn -> {
                            Key key = new Key(jobId, asker.user());
                            LeaseRequest exact = LeaseDesk.resolved(request, resolve);
                            RequestView taken = take(turn, heardLast(turn, key), exact);
                            if (taken != null) {
                                return taken;
                            }
                            RequestView made =
                                    leases.submit(turn, key.user(), exact, queuedAtNanos);
                            Job job = heard(turn, key);
                            if (job != null) {
                                forgetOver(turn.brain(), job, job.nodes.isEmpty());
                                job.requestIds.add(made.requestId());
                            }
                            return made;
                        })
                .thenApply(view -> leases.withTokens(view, asker));
    }

    private static @Nullable RequestView take(
            BrainLoop.Turn turn, @Nullable Job job, LeaseRequest asked) {
        Waiting waiting = job == null ? null : job.waiting;
        if (job == null || waiting == null) {
            return null;
        }
        String requestId = waiting.requestId();
        RequestView view = turn.brain().request(requestId);
        if (view == null || view.endReason() != null) {
            job.waiting = null;
            return null;
        }
        if (!view.bundle().equals(asked.bundle()) || view.workers() > asked.workers()) {
            return null; // it may be for another program
        }
        job.waiting = null;
        boolean suits = suits(waiting.wish(), view, asked);
        turn.apply(
                suits
                        ? new BrainEvent.RequestRenewed(requestId)
                        : new BrainEvent.RequestReleased(requestId));
        return suits ? turn.brain().request(requestId) : null;
    }

    /** A program that says how long it waits is not made to wait longer: something is granted. */
    private static boolean suits(LeaseRequest wish, RequestView view, LeaseRequest asked) {
        return wish.memoryBytesPerWorker() >= asked.memoryBytesPerWorker()
                && wish.payloadBytes() >= asked.payloadBytes()
                && wish.ttlMillis() >= asked.ttlMillis()
                && asked.minWorkers() == 1
                && asked.regrant()
                && view.leases().stream()
                        .anyMatch(lease ->
                                lease.state() == LeaseState.GRANTED
                                        || lease.state() == LeaseState.ACTIVE);
    }

    /** The job if it is known; those that were not heard of for too long are forgotten. */
    private @Nullable Job heardLast(BrainLoop.Turn turn, Key key) {
        Iterator<Job> eldest = jobs.values().iterator();
        while (eldest.hasNext() && eldest.next().forgottenAtMillis <= turn.nowMillis()) {
            eldest.remove();
        }
        return jobs.get(key);
    }

    /** The job, new if need be, remembered for another while; null if there is no room for it. */
    private @Nullable Job heard(BrainLoop.Turn turn, Key key) {
        if (jobs.size() >= MAX_JOBS && !jobs.containsKey(key)) {
            jobs.values().removeIf(job -> job.nodes.isEmpty());
            if (jobs.size() >= MAX_JOBS) {
                return null;
            }
        }
        // Put at the end again: they are in the order in which they are forgotten.
        Job known = jobs.remove(key);
        Job job = known == null ? new Job() : known;
        jobs.put(key, job);
        job.forgottenAtMillis = turn.nowMillis() + ttlMillis;
        return job;
    }

    /**
     * Drops requests that are over.
     *
     * @param unknown also those that the core does not know: not before the nodes have had time to
     *     tell a core that was restarted
     */
    private static void forgetOver(Brain brain, Job job, boolean unknown) {
        job.requestIds.removeIf(requestId -> {
            RequestView view = brain.request(requestId);
            return view == null ? unknown : view.endReason() != null;
        });
        Waiting waiting = job.waiting;
        if (waiting != null && !job.requestIds.contains(waiting.requestId())) {
            job.waiting = null;
        }
    }
}
