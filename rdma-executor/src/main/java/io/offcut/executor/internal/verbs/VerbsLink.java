package io.offcut.executor.internal.verbs;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.SVCReqNotify;
import io.offcut.executor.internal.rdma.NativeQp;
import io.offcut.executor.internal.rdma.OffcutRdma;
import io.offcut.executor.internal.rdma.PollCq;
import io.offcut.executor.internal.rdma.PostRecv;
import io.offcut.executor.internal.rdma.PostSend;
import io.offcut.executor.internal.rdma.WorkCompletion;
import io.offcut.linux.DescriptorWatch;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One connection: a queue pair, a queue for what arrives, which can wake a sleeper, and one for
 * what was sent, which is only looked at to make room. Of sends every {@value #SENDS_PER_SIGNAL}th
 * is completed; a failed one breaks the queue pair and flushes the receives, so the first queue
 * tells of that too.
 *
 * <p>For one thread at a time, except {@link #lose}. Nothing here allocates after it was made.
 */
public final class VerbsLink implements AutoCloseable {
    /** Of {@link #next}: nothing has arrived. */
    public static final int NOTHING = 0;

    /** Of {@link #next}: a write has arrived, see {@link #immediate}. */
    public static final int ARRIVED = 1;

    /** Of {@link #next}: nothing arrives any more. */
    public static final int BROKEN = 2;

    /** A peer that posts no receives is tried again for some seconds: 655 ms each time. */
    public static final int RNR_RETRIES = 6;

    private static final int SENDS_PER_SIGNAL = 16;
    private static final int MOST_INLINE_BYTES = 256;

    /** Besides one for each slot: a last word, and one that is just being posted again. */
    private static final int RECEIVES_MORE = 2;

    /** Acknowledgements of the network are late by no more. */
    private static final long ROOM_NANOS = 1_000_000_000;

    /** Of {@link #nextSent}. */
    public static final long FAILED = -1;

    /** How to give back what was made, the last first. */
    private final Deque<Step> made = new ArrayDeque<>();

    private final RdmaCmId id;
    private final IbvCompChannel events;
    private final IbvCQ arrivals;
    private final IbvCQ sends;
    private final NativeQp qp;
    private final PostRecv receive;
    private final PostSend write;
    private final PostSend.Request request;
    private final PostSend.Piece piece;
    private final PostSend word;
    private final PostSend probe;
    private final PollCq pollArrivals;
    private final PollCq pollSends;
    private final WorkCompletion arrival;
    private final WorkCompletion sent;
    private final SVCReqNotify notify;
    private final @Nullable SVCReqNotify notifySent;
    private final int sendDepth;
    private final DescriptorWatch watch;
    private long posted;
    private long finished;
    private boolean armed;
    private boolean broken;
    private volatile boolean lost;

    /**
     * Makes all of it for an identifier that has a device, with the receives posted. When that
     * fails, the identifier is left and nothing else.
     *
     * @param slots most writes of the other side at once
     * @param other another descriptor that ends {@link #await}
     */
    public VerbsLink(RdmaCmId id, IbvPd pd, int slots, int other) throws IOException {
        this(id, pd, slots, 2 * SENDS_PER_SIGNAL + 2 * slots, false, other);
    }

    /**
     * One for what its owner {@link #prepare prepares}, posts and takes the completions of: they
     * too end {@link #await}.
     *
     * @param sendDepth most that is posted and not completed
     */
    public static VerbsLink ofOperations(RdmaCmId id, IbvPd pd, int sendDepth, int other)
            throws IOException {
        return new VerbsLink(id, pd, 0, sendDepth, true, other);
    }

    private VerbsLink(RdmaCmId id, IbvPd pd, int slots, int sendDepth, boolean sendsWake, int other)
            throws IOException {
        this.id = id;
        this.sendDepth = sendDepth;
        try {
            IbvContext context = id.getVerbs();
            int receives = slots + RECEIVES_MORE;
            events = context.createCompChannel();
            made.push(events::destroyCompChannel);
            arrivals = context.createCQ(events, receives, 0);
            made.push(arrivals::destroyCQ);
            sends = context.createCQ(sendsWake ? events : null, sendDepth, 0);
            made.push(sends::destroyCQ);
            qp = queuePair(id, pd, receives);
            made.push(id::destroyQP);
            receive = (PostRecv) qp.postRecv(List.of(new IbvRecvWR()), null);
            made.push(receive::free);
            for (int i = 0; i < receives; i++) {
                PostRecv ignored = receive.execute();
            }
            write = prepare(IbvSendWR.IBV_WR_RDMA_WRITE_WITH_IMM, new IbvSge());
            request = write.getWrMod(0);
            piece = request.getSgeMod(0);
            word = prepare(IbvSendWR.IBV_WR_RDMA_WRITE_WITH_IMM);
            probe = prepare(IbvSendWR.IBV_WR_RDMA_WRITE);
            WorkCompletion[] one = WorkCompletion.array(1);
            arrival = one[0];
            pollArrivals = (PollCq) arrivals.poll(one, 1);
            made.push(pollArrivals::free);
            WorkCompletion[] last = WorkCompletion.array(1);
            sent = last[0];
            pollSends = (PollCq) sends.poll(last, 1);
            made.push(pollSends::free);
            notify = arrivals.reqNotification(false);
            notifySent = sendsWake ? sends.reqNotification(false) : null;
            watch = new DescriptorWatch(events.getFd(), other);
        } catch (IOException | RuntimeException e) {
            giveBack();
            throw e;
        }
    }

    /** With as much inline as the device has, up to what a small call needs. */
    private NativeQp queuePair(RdmaCmId id, IbvPd pd, int receives) throws IOException {
        IOException refused = null;
        for (int inline = MOST_INLINE_BYTES; inline >= 0; inline = inline == 0 ? -1 : inline / 4) {
            IbvQPInitAttr attributes = new IbvQPInitAttr();
            attributes.setQp_type(IbvQP.IBV_QPT_RC);
            attributes.setSend_cq(sends);
            attributes.setRecv_cq(arrivals);
            attributes.cap().setMax_send_wr(sendDepth);
            attributes.cap().setMax_recv_wr(receives);
            attributes.cap().setMax_send_sge(1);
            attributes.cap().setMax_recv_sge(1);
            attributes.cap().setMax_inline_data(inline);
            try {
                return (NativeQp) id.createQP(pd, attributes);
            } catch (IOException e) {
                refused = e;
            }
        }
        throw refused == null ? new IOException("no queue pair") : refused;
    }

    /** A request that is posted again and again, changed in place; it goes with the link. */
    @SuppressWarnings("JdkObsolete") // DiSNI takes no other list
    public PostSend prepare(int opcode, IbvSge... pieces) {
        IbvSendWR wanted = new IbvSendWR();
        wanted.setOpcode(opcode);
        wanted.setSg_list(new LinkedList<>(List.of(pieces)));
        PostSend prepared = OffcutRdma.verbs().postSend(qp, List.of(wanted), null);
        made.push(prepared::free);
        return prepared;
    }

    /** The identifier of the connection. */
    public RdmaCmId id() {
        return id;
    }

    /**
     * Writes this memory into the other side's and tells it. Blocks only when the network does not
     * acknowledge what was sent before, for at most a second.
     *
     * @return whether it was posted; if not, the link is broken
     */
    boolean write(long from, int bytes, int lkey, long to, int rkey, int immediate) {
        piece.setAddr(from);
        piece.setLength(bytes);
        piece.setLkey(lkey);
        request.setRemote_addr(to);
        request.setRkey(rkey);
        request.setImmediate(immediate);
        int flags = bytes <= qp.maxInlineBytes() ? IbvSendWR.IBV_SEND_INLINE : 0;
        return post(write, flags);
    }

    /**
     * Sends what the other side's device answers and nobody else sees: when it is gone, or does not
     * answer for the network's time, the link breaks.
     */
    public void probe() {
        boolean ignored = post(probe, 0);
    }

    private boolean post(PostSend send, int flags) {
        if (broken || (posted - finished >= sendDepth && !makeRoom())) {
            broken = true;
            return false;
        }
        boolean signaled = (posted + 1) % SENDS_PER_SIGNAL == 0;
        if (!start(send, flags | (signaled ? IbvSendWR.IBV_SEND_SIGNALED : 0))) {
            return false;
        }
        if (signaled) {
            look();
        }
        return true;
    }

    private boolean start(PostSend send, int flags) {
        // What a completion says: so many sends are finished.
        send.getWrMod(0).setWr_id(posted + 1);
        send.getWrMod(0).setSend_flags(flags);
        if (send.post() != 0) {
            broken = true;
            return false;
        }
        posted++;
        return true;
    }

    /** Takes one completion of what was sent, if there is one. */
    private void look() {
        int polled = pollSends.poll();
        if (polled > 0 && sent.succeeded()) {
            finished = sent.getWr_id();
        }
        broken |= polled < 0 || (polled > 0 && !sent.succeeded());
    }

    /** A full queue holds a signaled send. */
    private boolean makeRoom() {
        return awaitFinished(finished + 1, ROOM_NANOS);
    }

    @SuppressWarnings("ThreadPriorityCheck") // others may share the core
    private boolean awaitFinished(long least, long timeoutNanos) {
        long begin = System.nanoTime();
        look();
        while (!broken && finished < least && System.nanoTime() - begin < timeoutNanos) {
            Thread.yield();
            look();
        }
        return !broken && finished >= least;
    }

    /**
     * Tells the other side a last number, and waits until it has it.
     *
     * @return false when it has not in time
     */
    boolean lastWord(int immediate, long timeoutNanos) {
        return say(immediate) && awaitSaid(timeoutNanos);
    }

    /** Begins to tell the other side a last number. @return false when it cannot be told */
    public boolean say(int immediate) {
        word.getWrMod(0).setImmediate(immediate);
        return !broken && start(word, IbvSendWR.IBV_SEND_SIGNALED);
    }

    /** Waits until the other side has what was said. @return false when it has not in time */
    public boolean awaitSaid(long timeoutNanos) {
        return awaitFinished(posted, timeoutNanos);
    }

    /**
     * Takes what has completed next of what its owner posted.
     *
     * @return the number of the request; 0 when there is none, −1 when one failed
     */
    public long nextSent() {
        int polled = pollSends.poll();
        if (polled == 0) {
            return 0;
        }
        if (polled < 0 || !sent.succeeded()) {
            broken = true;
            return FAILED;
        }
        return sent.getWr_id();
    }

    /** How much a write can carry in its work request, in bytes. */
    public int maxInlineBytes() {
        return qp.maxInlineBytes();
    }

    /** Takes what has arrived next, and posts a receive in its place. Does not block. */
    public int next() {
        int polled = pollArrivals.poll();
        if (polled == 0) {
            return broken || lost ? BROKEN : NOTHING;
        }
        if (polled < 0 || !arrival.succeeded() || receive.post() != 0) {
            broken = true;
            return BROKEN;
        }
        return ARRIVED;
    }

    /** The number that came with what arrived last. */
    public int immediate() {
        return arrival.immediate();
    }

    /** The connection has ended, as its connection manager says. Any thread. */
    public void lose() {
        lost = true;
    }

    /**
     * From now on an arrival ends {@link #await}, also one that is there already but was not taken
     * before: so look again after this.
     */
    public void arm() {
        if (!armed && !broken) {
            try {
                SVCReqNotify ignored = notify.execute();
                if (notifySent != null) {
                    ignored = notifySent.execute();
                }
                armed = true;
            } catch (IOException e) {
                broken = true;
            }
        }
    }

    /**
     * Sleeps until something arrives after {@link #arm}, the other descriptor can be read, or the
     * time is over.
     *
     * @return whether the other descriptor can be read
     */
    public boolean await(long timeoutNanos) {
        if (!watch.await(broken ? 0 : timeoutNanos)) {
            return false;
        }
        try {
            if (watch.ready(0) && events.getCqEvent(arrivals, 0)) {
                armed = false;
                int ignored = arrivals.ackEvents(1);
            }
        } catch (IOException e) {
            broken = true;
        }
        return watch.ready(1);
    }

    /** How many writes were posted. */
    long workRequests() {
        return qp.workRequests();
    }

    /** How many completions were taken, of what arrived and of what was sent. */
    long completions() {
        return pollArrivals.completions() + pollSends.completions();
    }

    /**
     * Gives everything back, the identifier too. No event of it may be unacknowledged. The last
     * identifier of a device that was taken away frees what librdmacm has of the device: memory
     * that is registered there, and its protection domain, go before that.
     */
    @Override
    public void close() {
        hangUp();
        attempt(id::destroyId);
    }

    /** Disconnects and gives back all but the identifier. */
    void hangUp() {
        attempt(id::disconnect);
        giveBack();
    }

    /** Gives back all but the identifier, which the link did not make. */
    public void giveBack() {
        while (!made.isEmpty()) {
            attempt(made.pop());
        }
    }

    private static void attempt(Step step) {
        try {
            Object ignored = step.take();
        } catch (IOException e) {
            // The device is gone, and with it what it had.
        }
    }

    private interface Step {
        Object take() throws IOException;
    }
}
