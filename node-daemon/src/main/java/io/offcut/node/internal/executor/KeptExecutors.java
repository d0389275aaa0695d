package io.offcut.node.internal.executor;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.linux.Cgroup;
import io.offcut.monitor.OwnExecutor;
import io.offcut.node.internal.executor.ParkedExecutors.Parked;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Executors whose lease ended in good order: with what they have loaded they wait for the next
 * lease of the same user, bundle and memory, one for each. They wait frozen, because threads that a
 * function started would run on cores that are nobody's or another's. So they cannot hear that they
 * are to end, and are killed.
 *
 * <pre>
 *   lease ──ends──▶ told to rest ──rests──▶ frozen ──lease──▶ limits, thawed ──▶ that lease's
 *                        │                    │
 *                        └──no, too late──────┴──time, memory──▶ killed
 * </pre>
 *
 * <p>Safe for use by any thread.
 */
final class KeptExecutors {
    private static final Logger LOG = LoggerFactory.getLogger(KeptExecutors.class);
    private static final long REST_MILLIS = 300;
    private static final long FREEZE_MILLIS = 200;

    // What functions leak in one lease adds up over many, and so do this daemon's notes of each.
    private static final int MAX_LEASES = 1_000;

    /** The daemon's word to executors. Each is false when none hears it. */
    interface Link {
        /** Tells the lease's executor to rest. */
        boolean rest(String leaseId, InvocationStatus status);

        /** Gives the executor that rests after this lease its next. */
        boolean next(String leaseId, Path specFile);
    }

    /** What two leases must have in common; with the memory go the heap and all limits. */
    private record Key(String user, String bundle, long memoryBytes) {
        static Key of(LeaseTerms terms) {
            return new Key(terms.user(), terms.bundle(), terms.memoryBytes());
        }
    }

    /**
     * One of them.
     *
     * @param leaseId the lease that it had last
     * @param leases how many it had
     * @param scratch its scratch folder, which is not there while it waits
     * @param bytes memory that it holds
     * @param over completes with true when its time is over, with false when it leaves before
     */
    record Kept(
            String leaseId,
            int leases,
            Key key,
            Parked parked,
            Path scratch,
            long bytes,
            CompletableFuture<Boolean> over) {}

    private final Path dir;
    private final int seconds;
    private final Link link;
    private final Executor workers;
    private final List<Kept> kept = new ArrayList<>();

    /** Of those that are kept and those that may soon be. */
    private final Set<Key> keys = new HashSet<>();

    /** Those that are being given to a lease or ended: nobody else counts them yet. */
    private final List<Kept> leaving = new ArrayList<>();

    private final ReentrantLock ending = new ReentrantLock();
    private boolean closed;

    /**
     * @param dir where their logs lie while they wait
     * @param seconds how long they wait; 0 for never
     * @param workers for what takes time
     */
    KeptExecutors(Path dir, int seconds, Link link, Executor workers) {
        this.dir = dir;
        this.seconds = seconds;
        this.link = link;
        this.workers = workers;
    }

    /**
     * Keeps the executor of a lease that has ended; nothing of the lease is left in it then, and it
     * stands still. Blocks for a bounded time.
     *
     * @param leaseLog where what it prints goes until then
     * @return false when it must end like any other
     */
    boolean keep(ExecutorSlot slot, Path leaseLog, ExecutorProcess process, EndReason reason) {
        Key key = Key.of(slot.terms);
        boolean orderly = reason == EndReason.RELEASED || reason == EndReason.EXPIRED;
        boolean served = slot.serving.isDone() && !slot.serving.isCompletedExceptionally();
        boolean holds = slot.terms.memoryOnly();
        boolean worn = slot.earlierLeases + 1 >= MAX_LEASES;
        if (!orderly || !served || holds || slot.frozen || worn || !reserve(key)) {
            return false;
        }
        Kept fresh = null;
        try {
            fresh = rest(slot, leaseLog, process, ExecutorEnd.statusOf(reason));
        } catch (IOException e) {
            LOG.warn("lease {}: its executor cannot be kept: {}", slot.leaseId(), e.toString());
        } finally {
            if (fresh != null) {
                // Before anybody can have it: no longer this lease's to freeze or to count.
                slot.released();
            }
            fresh = settle(key, fresh);
        }
        if (fresh == null) {
            return false;
        }
        Kept waiting = fresh;
        var _ =
                waiting.over
                        .completeOnTimeout(true, seconds, TimeUnit.SECONDS)
                        .thenAcceptAsync(timeIsOver -> endAfter(waiting, timeIsOver), workers);
        return true;
    }

    private void endAfter(Kept waiting, boolean timeIsOver) {
        if (timeIsOver) {
            end(waiting);
        }
    }

    private @Nullable Kept rest(
            ExecutorSlot slot, Path leaseLog, ExecutorProcess process, InvocationStatus status)
            throws IOException {
        Cgroup cgroup = process.cgroup();
        Process child = process.child();
        // One that an earlier daemon started is not known well enough.
        if (cgroup == null || child == null || cgroup.missing().contains("freezer")) {
            return null;
        }
        slot.toldToRest = link.rest(slot.leaseId(), status);
        if (!slot.toldToRest || !awaitRest(slot, child)) {
            return null;
        }
        slot.frozen = true;
        boolean alone = cgroup.freeze(FREEZE_MILLIS) && cgroup.pids().equals(List.of(child.pid()));
        process.removeFolders();
        // Read now: its regions are gone.
        long bytes = cgroup.heldBytes();
        if (!alone || !child.isAlive() || bytes < 0) {
            return null;
        }
        Path log = dir.resolve(cgroup.name() + ".log");
        Files.move(leaseLog, log, StandardCopyOption.REPLACE_EXISTING);
        ExecutorLog.empty(log);
        Parked parked =
                new Parked(
                        ExecutorProcess.id(child.pid()),
                        child,
                        cgroup,
                        log,
                        specFile -> wake(slot.leaseId(), specFile));
        Path scratch = Path.of(process.record().scratchDir());
        int leases = slot.earlierLeases + 1;
        return new Kept(
                slot.leaseId(),
                leases,
                Key.of(slot.terms),
                parked,
                scratch,
                bytes,
                new CompletableFuture<>());
    }

    private static boolean awaitRest(ExecutorSlot slot, Process child) {
        try {
            CompletableFuture<?> either = CompletableFuture.anyOf(slot.resting, child.onExit());
            either.get(REST_MILLIS, TimeUnit.MILLISECONDS);
            return child.isAlive();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    private void wake(String leaseId, Path specFile) throws IOException {
        if (!link.next(leaseId, specFile)) {
            throw new IOException("the executor that was kept for it hung up");
        }
    }

    private synchronized boolean reserve(Key key) {
        return seconds > 0 && !closed && keys.add(key);
    }

    private synchronized @Nullable Kept settle(Key key, @Nullable Kept fresh) {
        if (fresh == null || closed) {
            keys.remove(key);
            return null;
        }
        kept.add(fresh);
        return fresh;
    }

    /** The one that such a lease may have, which is then the caller's; null when there is none. */
    synchronized @Nullable Kept take(LeaseTerms terms) {
        Key key = Key.of(terms);
        Kept found = kept.stream().filter(each -> each.key.equals(key)).findFirst().orElse(null);
        if (found != null && !found.parked.process().isAlive()) {
            workers.execute(() -> end(found));
            return null;
        }
        return found != null && leave(found) ? found : null;
    }

    private synchronized boolean leave(Kept gone) {
        if (!kept.remove(gone)) {
            return false;
        }
        keys.remove(gone.key);
        gone.over.complete(false);
        leaving.removeIf(each ->
                !each.parked.process().isAlive() || each.parked.id().equals(gone.parked.id()));
        leaving.add(gone);
        return true;
    }

    /** Ends those, the oldest first, that so much memory has no room for. Blocks shortly. */
    void fit(long bytes) {
        for (Kept next = surplus(bytes); next != null; next = surplus(bytes)) {
            end(next);
        }
    }

    private synchronized @Nullable Kept surplus(long bytes) {
        long held = kept.stream().mapToLong(Kept::bytes).sum();
        return kept.isEmpty() || held <= bytes ? null : kept.getFirst();
    }

    /** Ends one, unless a lease got it meanwhile. */
    private void end(Kept one) {
        ending.lock();
        try {
            if (leave(one)) {
                one.parked.end();
            }
        } finally {
            ending.unlock();
        }
    }

    /** All that live, those included that a lease was just given and that are being ended. */
    synchronized List<OwnExecutor> own() {
        return Stream.concat(kept.stream(), leaving.stream())
                .map(Kept::parked)
                .filter(each -> each.process().isAlive())
                .map(Parked::own)
                .toList();
    }

    /** Ends all. Blocks for a bounded time. */
    void close() {
        synchronized (this) {
            closed = true;
        }
        // After those that are just being ended.
        ending.lock();
        try {
            fit(-1);
        } finally {
            ending.unlock();
        }
    }
}
