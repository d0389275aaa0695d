package io.offcut.client;

import io.offcut.core.OffcutException;
import io.offcut.core.frame.MemoryStatus;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory of other nodes that nobody uses, read and written without a process there taking part
 * where the transport can do so. It begins as zeros and belongs to this object alone.
 *
 * <pre>{@code
 * try (RemoteMemory memory = client.allocate(MemoryOptions.of(1L << 30))) {
 *     MemoryStatus written = memory.write(4096, MemorySegment.ofArray(page));
 *     long before = memory.fetchAndAdd(0, 1).orThrow();
 * }
 * }</pre>
 *
 * <p>It is taken back when a batch job wants it: it stays for a short grace, in which {@link
 * #onRevocation} is called, and then every operation ends with {@code REVOKED}. When it is mirrored
 * the other node's copy goes on alone, and a new copy is made on a third node as soon as one has
 * room: nothing is lost unless both go within that time.
 *
 * <p>Safe for use by any thread; operations are carried out one after another: those that block in
 * the order in which they were called, those that are started in the order in which they were
 * started; between the two there is none. Atomic operations are never seen half done. Methods block
 * until their operations have ended, at most for the options' time-out for each 4 MiB, except
 * {@link #start}. An interrupt does not end an operation.
 */
public final class RemoteMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteMemory.class);
    private static final int MAX_BATCH = 256;
    private static final long AGAIN_NANOS = 200_000_000;

    /** Stands for the thread that carries out what is started. */
    private static final Thread ANOTHER = Thread.ofVirtual().unstarted(() -> {});

    /** One operation that somebody does not wait for. */
    private record Started(MemoryOperation operation, CompletableFuture<MemoryResult> result) {}

    private final MemoryLease.Site site;
    private final MemoryOptions options;
    private final long timeoutNanos;
    private final ReentrantLock lock = new ReentrantLock(true);
    private final BlockingQueue<Started> started = new LinkedBlockingQueue<>();

    /** With the lock: what reads go to first, then what is written too; empty when all is gone. */
    private final List<MemoryLease> copies = new ArrayList<>();

    /** With the lock: being filled, and written too. */
    private @Nullable MemoryLease joining;

    /** With the lock. */
    private MemoryStatus gone = MemoryStatus.OK;

    private volatile @Nullable Runnable onRevocation;
    private volatile boolean revoking;
    private final AtomicBoolean told = new AtomicBoolean();
    private volatile boolean closed;
    private boolean mirroring;
    private @Nullable Thread starter;

    private RemoteMemory(MemoryLease.Site site, MemoryOptions options) {
        this.site = site;
        this.options = options;
        this.timeoutNanos = options.operationTimeout().toNanos();
    }

    /**
     * Gets it. Blocks until it is there.
     *
     * @throws OffcutException if it is not to be had
     */
    static RemoteMemory allocate(MemoryLease.Site site, MemoryOptions options) {
        RemoteMemory memory = new RemoteMemory(site, options);
        try {
            MemoryLease first = memory.acquire(List.of());
            memory.add(first);
            if (options.mirrored()) {
                memory.add(memory.acquire(List.of(first.nodeName())));
                // The first may have been warned of its end meanwhile; now there is another.
                memory.copyEnds();
            }
            return memory;
        } catch (RuntimeException | InternalError e) {
            memory.close();
            throw e;
        }
    }

    private void add(MemoryLease copy) {
        lock.lock();
        try {
            copies.add(copy);
            revoking = false;
        } finally {
            lock.unlock();
        }
    }

    private MemoryLease acquire(List<String> notOnNodes) {
        return MemoryLease.acquire(site, options, notOnNodes, this::copyEnds);
    }

    /** Its size. */
    public long bytes() {
        return options.bytes();
    }

    /** The nodes that hold all of it now, the one that is read first. */
    public List<String> nodes() {
        lock.lock();
        try {
            return copies.stream().map(MemoryLease::nodeName).toList();
        } finally {
            lock.unlock();
        }
    }

    /** OK, or why it is gone, as far as an operation has shown. */
    public MemoryStatus status() {
        lock.lock();
        try {
            return gone;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whom to tell, on a thread of its own, when the last copy is about to be taken back. What is
     * read until the grace is over is still right.
     */
    public void onRevocation(Runnable action) {
        onRevocation = action;
        tell();
    }

    private void tell() {
        Runnable action = onRevocation;
        if (revoking && action != null && !closed && told.compareAndSet(false, true)) {
            Thread.ofVirtual().name("offcut-memory-revoked").start(action);
        }
    }

    /** Fills the target from that offset on. */
    public MemoryStatus read(long offset, MemorySegment target) {
        return perform(new MemoryOperation.Read(offset, target)).status();
    }

    /** Writes all of the source from that offset on. */
    public MemoryStatus write(long offset, MemorySegment source) {
        return perform(new MemoryOperation.Write(offset, source)).status();
    }

    /** Adds to the eight bytes at a multiple of eight, and tells what was there before. */
    public MemoryResult fetchAndAdd(long offset, long addend) {
        return perform(new MemoryOperation.FetchAndAdd(offset, addend));
    }

    /**
     * Replaces the eight bytes at a multiple of eight if they are as expected, and tells what was
     * there before.
     */
    public MemoryResult compareAndSwap(long offset, long expected, long value) {
        return perform(new MemoryOperation.CompareAndSwap(offset, expected, value));
    }

    private MemoryResult perform(MemoryOperation operation) {
        requireAccess(operation, Thread.currentThread());
        lock.lock();
        try {
            MemoryLease only = copies.size() == 1 && joining == null ? copies.getFirst() : null;
            MemoryResult result =
                    only != null && only.status() == MemoryStatus.OK
                            ? MemoryPipeline.one(only.channel(), timeoutNanos, operation)
                            : null;
            if (only == null || result == null) {
                return performLocked(List.of(operation))[0];
            }
            if (result.status().isEnd()) {
                lose(only, result.status());
                return new MemoryResult(gone, 0);
            }
            if (only.ending()) {
                only.ends();
            }
            return result;
        } finally {
            lock.unlock();
        }
    }

    /** Carries out all, one result for each: those after one that did not go well too. */
    public List<MemoryResult> perform(List<MemoryOperation> operations) {
        operations.forEach(operation -> requireAccess(operation, Thread.currentThread()));
        lock.lock();
        try {
            return List.of(performLocked(operations));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Asks for an operation and does not wait. What is asked for while others are under way goes
     * out together.
     */
    public CompletableFuture<MemoryResult> start(MemoryOperation operation) {
        requireAccess(operation, ANOTHER);
        CompletableFuture<MemoryResult> result = new CompletableFuture<>();
        synchronized (started) {
            if (closed) {
                result.complete(new MemoryResult(MemoryStatus.RELEASED, 0));
                return result;
            }
            started.add(new Started(operation, result));
            if (starter == null) {
                starter = Thread.ofVirtual().name("offcut-memory-start").start(this::carryOut);
            }
        }
        return result;
    }

    /** Before anything is under way: what fails in the middle leaves its completions behind. */
    private static void requireAccess(MemoryOperation operation, Thread thread) {
        MemorySegment segment =
                switch (operation) {
                    case MemoryOperation.Read read -> read.target();
                    case MemoryOperation.Write write -> write.source();
                    default -> null;
                };
        if (segment != null && !(segment.scope().isAlive() && segment.isAccessibleBy(thread))) {
            throw new IllegalArgumentException(
                    segment + " was closed, or is not for the thread that is to use it");
        }
    }

    private void carryOut() {
        List<Started> batch = new ArrayList<>();
        while (true) {
            synchronized (started) {
                if (started.isEmpty()) {
                    starter = null;
                    return;
                }
                started.drainTo(batch, MAX_BATCH);
            }
            try {
                List<MemoryResult> results =
                        perform(batch.stream().map(Started::operation).toList());
                for (int i = 0; i < batch.size(); i++) {
                    batch.get(i).result.complete(results.get(i));
                }
            } catch (RuntimeException e) {
                batch.forEach(each -> each.result.completeExceptionally(e));
            }
            batch.clear();
        }
    }

    // --- with the lock

    private MemoryResult[] performLocked(List<MemoryOperation> operations) {
        MemoryResult[] results = new MemoryResult[operations.size()];
        int from = 0;
        while (from < results.length && !copies.isEmpty()) {
            MemoryLease first = copies.getFirst();
            List<MemoryOperation> rest = operations.subList(from, results.length);
            MemoryResult[] part = run(first, rest);
            int good = firstEnd(part);
            System.arraycopy(part, 0, results, from, good);
            // Before the next copy takes over it must have what went well on this one.
            follow(effects(rest.subList(0, good), part));
            from += good;
            if (from < results.length) {
                lose(first, part[good].status());
            } else if (first.ending()) {
                first.ends();
            }
        }
        for (; from < results.length; from++) {
            results[from] = new MemoryResult(gone, 0);
        }
        return results;
    }

    private MemoryResult[] run(MemoryLease lease, List<MemoryOperation> operations) {
        MemoryStatus over = lease.status();
        if (over == MemoryStatus.OK) {
            return MemoryPipeline.run(lease.channel(), timeoutNanos, operations);
        }
        MemoryResult[] results = new MemoryResult[operations.size()];
        Arrays.fill(results, new MemoryResult(over, 0));
        return results;
    }

    /** Where the memory itself was gone; the length when it was not. */
    private static int firstEnd(MemoryResult[] results) {
        for (int i = 0; i < results.length; i++) {
            if (results[i].status().isEnd()) {
                return i;
            }
        }
        return results.length;
    }

    /** What these operations changed, as plain writes: with one client that is the same. */
    private List<MemoryOperation> effects(List<MemoryOperation> done, MemoryResult[] results) {
        List<MemoryOperation> effects = new ArrayList<>();
        if (copies.size() + (joining == null ? 0 : 1) < 2) {
            return effects;
        }
        for (int i = 0; i < done.size(); i++) {
            if (!results[i].isOk()) {
                continue;
            }
            switch (done.get(i)) {
                case MemoryOperation.Read _ -> {}
                case MemoryOperation.Write write -> effects.add(write);
                case MemoryOperation.FetchAndAdd(long offset, long addend) ->
                        effects.add(word(offset, results[i].value() + addend));
                case MemoryOperation.CompareAndSwap(long offset, long expected, long value) -> {
                    if (results[i].value() == expected) {
                        effects.add(word(offset, value));
                    }
                }
            }
        }
        return effects;
    }

    private static MemoryOperation word(long offset, long value) {
        byte[] bytes = new byte[Long.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
        return new MemoryOperation.Write(offset, MemorySegment.ofArray(bytes));
    }

    /** Brings the other copies to where the first is. */
    private void follow(List<MemoryOperation> effects) {
        if (effects.isEmpty()) {
            return;
        }
        for (MemoryLease other : List.copyOf(copies.subList(1, copies.size()))) {
            MemoryResult[] results = run(other, effects);
            int good = firstEnd(results);
            if (good < results.length) {
                lose(other, results[good].status());
            }
        }
        MemoryLease fresh = joining;
        if (fresh != null && firstEnd(run(fresh, effects)) < effects.size()) {
            dropJoining();
        }
    }

    private void lose(MemoryLease lost, MemoryStatus why) {
        MemoryStatus status = copies.size() > 1 ? why : lost.ended(why);
        copies.remove(lost);
        if (closed) {
            status = MemoryStatus.RELEASED;
        } else {
            LOG.info("memory on {} is gone: {}", lost.nodeName(), status);
        }
        lost.abandon();
        if (copies.isEmpty()) {
            gone = status;
            dropJoining();
        } else {
            mirror();
        }
    }

    private void dropJoining() {
        MemoryLease fresh = joining;
        joining = null;
        if (fresh != null) {
            fresh.abandon();
        }
    }

    // --- copies that end, and new ones

    /** A copy is being taken back, or is gone. On a thread of its own. */
    private void copyEnds() {
        lock.lock();
        try {
            if (copies.size() > 1) {
                for (MemoryLease copy : List.copyOf(copies)) {
                    MemoryStatus status = copy.status();
                    if ((copy.ending() || status != MemoryStatus.OK) && copies.size() > 1) {
                        lose(copy, status == MemoryStatus.OK ? MemoryStatus.REVOKED : status);
                    }
                }
            } else if (!copies.isEmpty() && copies.getFirst().ending()) {
                revoking = true;
            }
        } finally {
            lock.unlock();
        }
        tell();
    }

    private void mirror() {
        if (!mirroring && !closed) {
            mirroring = true;
            Thread.ofVirtual().name("offcut-memory-mirror").start(this::mirrorAgain);
        }
    }

    private void mirrorAgain() {
        while (true) {
            String other = survivor();
            if (other == null) {
                return;
            }
            try {
                MemoryLease fresh = acquire(List.of(other));
                if (begin(fresh) && fill(fresh)) {
                    LOG.info("memory is mirrored again, on {}", fresh.nodeName());
                } else {
                    LockSupport.parkNanos(AGAIN_NANOS);
                }
            } catch (RuntimeException | InternalError e) {
                LOG.info("memory is not mirrored: {}; tries again", e.getMessage());
                LockSupport.parkNanos(AGAIN_NANOS);
            }
        }
    }

    /** The node of the only copy; null when there are two or none, and nothing is to be done. */
    private @Nullable String survivor() {
        lock.lock();
        try {
            boolean needed = !closed && copies.size() == 1;
            mirroring = needed;
            return needed ? copies.getFirst().nodeName() : null;
        } finally {
            lock.unlock();
        }
    }

    private boolean begin(MemoryLease fresh) {
        lock.lock();
        try {
            if (closed || copies.size() != 1) {
                fresh.abandon();
                return false;
            }
            joining = fresh;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Copies piece by piece; others use the memory in between, and what they write goes to both.
     */
    private boolean fill(MemoryLease fresh) {
        byte[] bytes = new byte[(int) Math.min(MemoryPipeline.PIECE_BYTES, bytes())];
        for (long at = 0; at < bytes(); at += bytes.length) {
            int length = (int) Math.min(bytes.length, bytes() - at);
            MemorySegment piece = MemorySegment.ofArray(bytes).asSlice(0, length);
            lock.lock();
            try {
                if (!copy(fresh, at, piece)) {
                    return false;
                }
            } finally {
                lock.unlock();
            }
        }
        lock.lock();
        try {
            if (joining != fresh || copies.isEmpty()) {
                return false;
            }
            if (fresh.ending() || fresh.status() != MemoryStatus.OK) {
                dropJoining();
                return false;
            }
            joining = null;
            copies.add(fresh);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean copy(MemoryLease fresh, long at, MemorySegment piece) {
        if (joining != fresh || copies.isEmpty()) {
            return false;
        }
        MemoryLease from = copies.getFirst();
        MemoryResult[] read = run(from, List.of(new MemoryOperation.Read(at, piece)));
        if (!read[0].isOk()) {
            lose(from, read[0].status());
            return false;
        }
        MemoryResult[] written = run(fresh, List.of(new MemoryOperation.Write(at, piece)));
        if (!written[0].isOk()) {
            dropJoining();
            return false;
        }
        return true;
    }

    /** Gives it back; operations from now on end as {@code RELEASED}. */
    @Override
    public void close() {
        synchronized (started) {
            closed = true;
        }
        lock.lock();
        try {
            if (gone == MemoryStatus.OK) {
                gone = MemoryStatus.RELEASED;
            }
            copies.forEach(MemoryLease::close);
            copies.clear();
            MemoryLease fresh = joining;
            joining = null;
            if (fresh != null) {
                fresh.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
