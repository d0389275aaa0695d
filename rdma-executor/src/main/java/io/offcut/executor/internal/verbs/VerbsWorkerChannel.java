package io.offcut.executor.internal.verbs;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.IntRing;
import io.offcut.executor.internal.RemoteWorkerChannel;
import io.offcut.executor.internal.function.Call;
import io.offcut.linux.Wakeup;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The worker's end of RDMA: at most one connection at a time, which {@link VerbsDoor} makes, hands
 * over, and takes apart again when this has dropped it. A client can write into the inputs and
 * nowhere else; what it says of where its result goes is checked by its own device.
 *
 * <p>{@link #reserve}, {@link #giveUp}, {@link #handOver}, {@link #waiting} and {@link #wake} are
 * thread-safe; everything else is for the thread that owns the worker.
 */
public final class VerbsWorkerChannel implements RemoteWorkerChannel {
    private static final long LAST_WORD_NANOS = 100_000_000;
    private static final int POLLS_PER_CLOCK = 1024;
    private static final long PROBE_NANOS = 5_000_000_000L;

    private static final byte FREE = 0;
    private static final byte TAKEN = 1;

    private final int slots;
    private final int payloadBytes;
    private final VerbsMemory inputs;
    private final VerbsMemory results;
    private final Call[] calls;
    private final Wakeup wakeup;
    private final AtomicBoolean reserved = new AtomicBoolean();
    private final AtomicReference<@Nullable VerbsLink> incoming = new AtomicReference<>();
    private final AtomicReference<@Nullable VerbsLink> dropped = new AtomicReference<>();
    private final byte[] states;
    private final IntRing requests;
    private final long[] invocationIds;
    private final int[] functionIndices;
    private final int[] inputLengths;
    private final int[] resultCapacities;
    private final long[] deadlines;
    private final long[] resultAddresses;
    private final int[] resultKeys;
    private Runnable whenDropped = () -> {};
    private boolean registered;
    private int idlePolls;
    private long silentNanos;

    /** Whether the client was heard since the clock was last looked at. */
    private boolean heard;

    private @Nullable VerbsLink link;
    private volatile int ended;

    public VerbsWorkerChannel(int slots, int payloadBytes) {
        this.slots = slots;
        this.payloadBytes = payloadBytes;
        this.inputs = new VerbsMemory(slots, payloadBytes, false);
        try {
            this.results = new VerbsMemory(slots, payloadBytes, true);
        } catch (RuntimeException e) {
            inputs.close();
            throw e;
        }
        try {
            this.wakeup = new Wakeup();
        } catch (RuntimeException e) {
            inputs.close();
            results.close();
            throw e;
        }
        this.calls = new Call[slots];
        for (int slot = 0; slot < slots; slot++) {
            calls[slot] = new Call(inputs.payload(slot), results.payload(slot));
        }
        this.states = new byte[slots];
        this.requests = new IntRing(slots);
        this.invocationIds = new long[slots];
        this.functionIndices = new int[slots];
        this.inputLengths = new int[slots];
        this.resultCapacities = new int[slots];
        this.deadlines = new long[slots];
        this.resultAddresses = new long[slots];
        this.resultKeys = new int[slots];
    }

    /** How much is registered for one slot, in bytes, as input and as result. */
    public static long registeredBytesPerSlot(int payloadBytes) {
        return VerbsMemory.registeredBytesPerSlot(payloadBytes);
    }

    int slots() {
        return slots;
    }

    /** Ends {@link #await}. */
    int wakeupDescriptor() {
        return wakeup.descriptor();
    }

    /**
     * Claims the worker for a new connection.
     *
     * @return false while it has one, and after its end
     */
    boolean reserve() {
        return ended == 0 && reserved.compareAndSet(false, true);
    }

    /** Undoes {@link #reserve}: the connection did not come to be, or is taken apart. */
    void giveUp() {
        reserved.set(false);
    }

    /**
     * Registers the memory, the first time, for the lease's protection domain. For the door, after
     * {@link #reserve}.
     */
    void register(IbvPd pd, Runnable whenDropped) throws IOException {
        this.whenDropped = whenDropped;
        if (!registered) {
            inputs.register(pd, IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_WRITE);
            try {
                results.register(pd, 0);
            } catch (IOException | RuntimeException e) {
                boolean ignored = inputs.deregister();
                throw e;
            }
            registered = true;
        }
    }

    /** Undoes {@link #register}. For the door, when there is no connection. */
    void deregister() {
        registered = false;
        boolean ignored = inputs.deregister();
        ignored = results.deregister();
    }

    /** What a client is told. */
    VerbsHello.Reply reply() {
        return new VerbsHello.Reply(
                InvocationFrame.VERSION,
                0,
                slots,
                payloadBytes,
                inputs.rkey(),
                inputs.frame(0).address(),
                inputs.strideBytes());
    }

    /** Gives the worker a connection, after {@link #reserve}. */
    void handOver(VerbsLink made) {
        incoming.set(made);
    }

    /** A connection that nobody uses any more, once. */
    @Nullable VerbsLink takeDropped() {
        VerbsLink late = ended == 0 ? null : incoming.getAndSet(null);
        return late == null ? dropped.getAndSet(null) : late;
    }

    @Override
    public boolean connected() {
        return link != null || incoming.get() != null;
    }

    @Override
    public boolean waiting() {
        return incoming.get() != null;
    }

    @Override
    public void wake() {
        wakeup.wake();
    }

    @Override
    public int poll() {
        VerbsLink current = link == null ? adopt() : link;
        if (current != null) {
            take(current);
        }
        return requests.isEmpty() ? NONE : requests.remove();
    }

    private @Nullable VerbsLink adopt() {
        if (incoming.getOpaque() != null) {
            link = incoming.getAndSet(null);
            heard = true;
        }
        return link;
    }

    /** Whatever has arrived, so that as many receives are posted as there are slots. */
    private void take(VerbsLink current) {
        int what = current.next();
        if (what == VerbsLink.NOTHING && ++idlePolls % POLLS_PER_CLOCK == 0) {
            probeNowAndThen(current);
        }
        while (what == VerbsLink.ARRIVED) {
            heard = true;
            int refusal = take(current.immediate());
            if (refusal != 0) {
                boolean ignored = current.lastWord(refusal, LAST_WORD_NANOS);
                what = VerbsLink.BROKEN;
            } else {
                what = current.next();
            }
        }
        if (what == VerbsLink.BROKEN) {
            drop(current);
        }
    }

    /** A client that is silently cut off would have the worker to the end of the lease. */
    private void probeNowAndThen(VerbsLink current) {
        long now = System.nanoTime();
        if (heard) {
            heard = false;
            silentNanos = now;
        } else if (now - silentNanos >= PROBE_NANOS) {
            silentNanos = now;
            current.probe();
        }
    }

    /**
     * @return 0, or why this client is not served any more
     */
    private int take(int slot) {
        if (slot < 0 || slot >= slots || states[slot] != FREE) {
            return InvocationStatus.MALFORMED.code();
        }
        MemorySegment frame = inputs.frame(slot);
        int bytes = InvocationFrame.payloadBytes(frame, 0);
        int capacity = InvocationFrame.resultCapacityBytes(frame, 0);
        int check = InvocationFrame.check(frame, 0, InvocationFrame.REQUEST_MAGIC, payloadBytes);
        if (check == 0 && (capacity < 0 || bytes < 0 || bytes > payloadBytes)) {
            check = InvocationStatus.MALFORMED.code();
        }
        if (check != 0) {
            return check;
        }
        states[slot] = TAKEN;
        invocationIds[slot] = InvocationFrame.invocationId(frame, 0);
        functionIndices[slot] = InvocationFrame.functionIndex(frame, 0);
        inputLengths[slot] = bytes;
        resultCapacities[slot] = Math.min(capacity, payloadBytes);
        deadlines[slot] = InvocationFrame.deadlineNanos(frame, 0);
        resultAddresses[slot] = InvocationFrame.resultAddress(frame, 0);
        resultKeys[slot] = InvocationFrame.resultKey(frame, 0);
        requests.add(slot);
        return 0;
    }

    private void drop(VerbsLink current) {
        link = null;
        requests.clear();
        Arrays.fill(states, FREE);
        dropped.set(current);
        whenDropped.run();
    }

    @Override
    public void complete(int slot, int statusCode, int resultBytes, long executionNanos) {
        VerbsLink current = link;
        if (current == null || states[slot] != TAKEN) {
            return;
        }
        states[slot] = FREE;
        MemorySegment frame = results.frame(slot);
        InvocationFrame.writeResponse(
                frame, 0, invocationIds[slot], statusCode, resultBytes, executionNanos);
        if (!current.write(
                frame.address(),
                InvocationFrame.HEADER_BYTES + resultBytes,
                results.lkey(slot),
                resultAddresses[slot],
                resultKeys[slot],
                slot)) {
            drop(current);
        }
    }

    @Override
    public void await(long timeoutNanos) {
        VerbsLink current = link;
        if (current == null || !requests.isEmpty()) {
            return;
        }
        current.arm();
        // It may have come before that, and would then wake nobody.
        take(current);
        if (link == current && requests.isEmpty()) {
            if (current.await(timeoutNanos)) {
                wakeup.clear();
            }
            probeNowAndThen(current);
        }
    }

    @Override
    public long invocationId(int slot) {
        return invocationIds[slot];
    }

    @Override
    public int functionIndex(int slot) {
        return functionIndices[slot];
    }

    @Override
    public int inputBytes(int slot) {
        return inputLengths[slot];
    }

    @Override
    public int resultCapacityBytes(int slot) {
        return resultCapacities[slot];
    }

    @Override
    public long deadlineNanos(int slot) {
        return deadlines[slot];
    }

    @Override
    public Call call(int slot) {
        return calls[slot];
    }

    @Override
    public int ended() {
        return ended;
    }

    @Override
    public void end(int statusCode) {
        if (ended != 0) {
            return;
        }
        ended = statusCode;
        VerbsLink current = link == null ? adopt() : link;
        if (current != null) {
            boolean ignored = current.lastWord(statusCode, LAST_WORD_NANOS);
            drop(current);
        }
    }

    /** After the door, which has its connections. */
    @Override
    public void close() {
        inputs.close();
        results.close();
        wakeup.close();
    }
}
