package io.offcut.executor.internal.rdma;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.SVCPostSend;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A chain of send requests in native memory, made once, changed in place and posted again and
 * again. For one thread. Neither changing nor posting allocates.
 */
public final class PostSend extends SVCPostSend {
    private final NativeQp qp;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bad = arena.allocate(JAVA_LONG);
    private final Request[] requests;
    private boolean valid = true;

    PostSend(NativeQp qp, List<IbvSendWR> list) {
        this.qp = qp;
        this.requests = new Request[list.size()];
        MemorySegment memory =
                arena.allocate((long) list.size() * Layout.SEND_WR_BYTES, Long.BYTES);
        for (int i = 0; i < requests.length; i++) {
            MemorySegment own =
                    memory.asSlice((long) i * Layout.SEND_WR_BYTES, Layout.SEND_WR_BYTES);
            requests[i] = new Request(own, list.get(i));
            if (i > 0) {
                requests[i - 1].memory.set(JAVA_LONG, Layout.SEND_WR_NEXT, own.address());
            }
        }
    }

    static int networkOrder(int value) {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
                ? Integer.reverseBytes(value)
                : value;
    }

    /** Posts all of the chain. @throws IOException if the queue is full, or a request wrong */
    @Override
    public PostSend execute() throws IOException {
        int errno = post();
        if (errno != 0) {
            throw RdmaLibraries.failed("ibv_post_send", errno);
        }
        return this;
    }

    /** As {@link #execute}, with the failure as a value. @return 0 or an errno */
    public int post() {
        requireValid();
        int errno =
                (int)
                        qp.of.postSend.callAtOnce(
                                qp.address, requests[0].memory.address(), bad.address());
        if (errno == 0) {
            qp.posted(requests.length);
        }
        return errno;
    }

    private void requireValid() {
        if (!valid) {
            throw new IllegalStateException("the call was freed");
        }
    }

    @Override
    public Request getWrMod(int index) {
        return requests[index];
    }

    @Override
    public boolean isValid() {
        return valid && qp.isOpen();
    }

    @Override
    public PostSend free() {
        if (valid) {
            valid = false;
            arena.close();
        }
        return this;
    }

    /** One request of the chain. */
    public final class Request implements SendWRMod, RdmaMod {
        private final MemorySegment memory;
        private final Piece[] pieces;

        private Request(MemorySegment memory, IbvSendWR from) {
            this.memory = memory;
            List<IbvSge> list = from.getSg_list() == null ? List.of() : from.getSg_list();
            pieces = new Piece[list.size()];
            MemorySegment all =
                    arena.allocate(
                            Math.max(1, (long) pieces.length) * Layout.SGE_BYTES, Long.BYTES);
            for (int i = 0; i < pieces.length; i++) {
                pieces[i] =
                        new Piece(
                                all.asSlice((long) i * Layout.SGE_BYTES, Layout.SGE_BYTES),
                                list.get(i));
            }
            memory.set(JAVA_LONG, Layout.SEND_WR_SG_LIST, all.address());
            memory.set(JAVA_INT, Layout.SEND_WR_NUM_SGE, pieces.length);
            memory.set(JAVA_INT, Layout.SEND_WR_OPCODE, from.getOpcode());
            // As it is: the API leaves the order of its bytes to the caller.
            memory.set(JAVA_INT, Layout.SEND_WR_IMM_DATA, from.getImm_data());
            setWr_id(from.getWr_id());
            setSend_flags(from.getSend_flags());
            if (isAtomic()) {
                setRemote_addr(from.getAtomic().getRemote_addr());
                setRkey(from.getAtomic().getRkey());
                setAtomic(from.getAtomic().getCompare_add(), from.getAtomic().getSwap());
            } else {
                setRemote_addr(from.getRdma().getRemote_addr());
                setRkey(from.getRdma().getRkey());
            }
        }

        private boolean isAtomic() {
            int opcode = getOpcode();
            return opcode == IbvSendWR.IBV_WR_ATOMIC_CMP_AND_SWP
                    || opcode == IbvSendWR.IBV_WR_ATOMIC_FETCH_AND_ADD;
        }

        /** Immediate data, as {@link WorkCompletion#immediate} says it on the other side. */
        public void setImmediate(int value) {
            memory.set(JAVA_INT, Layout.SEND_WR_IMM_DATA, networkOrder(value));
        }

        /** What an atomic request adds, or compares with and swaps in. */
        public void setAtomic(long compareOrAdd, long swap) {
            memory.set(JAVA_LONG, Layout.SEND_WR_ATOMIC_COMPARE_ADD, compareOrAdd);
            memory.set(JAVA_LONG, Layout.SEND_WR_ATOMIC_SWAP, swap);
        }

        @Override
        public void setWr_id(long id) {
            memory.set(JAVA_LONG, Layout.SEND_WR_ID, id);
        }

        @Override
        public long getWr_id() {
            return memory.get(JAVA_LONG, Layout.SEND_WR_ID);
        }

        @Override
        public void setSend_flags(int flags) {
            memory.set(JAVA_INT, Layout.SEND_WR_FLAGS, flags);
        }

        @Override
        public int getSend_flags() {
            return memory.get(JAVA_INT, Layout.SEND_WR_FLAGS);
        }

        @Override
        public int getNum_sge() {
            return pieces.length;
        }

        @Override
        public int getOpcode() {
            return memory.get(JAVA_INT, Layout.SEND_WR_OPCODE);
        }

        @Override
        public Request getRdmaMod() {
            return this;
        }

        @Override
        public Piece getSgeMod(int index) {
            return pieces[index];
        }

        @Override
        public void setRemote_addr(long address) {
            memory.set(JAVA_LONG, Layout.SEND_WR_REMOTE_ADDR, address);
        }

        @Override
        public long getRemote_addr() {
            return memory.get(JAVA_LONG, Layout.SEND_WR_REMOTE_ADDR);
        }

        @Override
        public void setRkey(int rkey) {
            memory.set(JAVA_INT, rkeyOffset(), rkey);
        }

        @Override
        public int getRkey() {
            return memory.get(JAVA_INT, rkeyOffset());
        }

        private int rkeyOffset() {
            return isAtomic() ? Layout.SEND_WR_ATOMIC_RKEY : Layout.SEND_WR_RDMA_RKEY;
        }

        /** There is no such member: DiSNI copies it. */
        @Override
        public void setReserved(int reserved) {}

        @Override
        public int getReserved() {
            return 0;
        }
    }

    /** One piece of local memory of a request. */
    public static final class Piece implements SgeMod {
        private final MemorySegment memory;

        private Piece(MemorySegment memory, IbvSge from) {
            this.memory = memory;
            setAddr(from.getAddr());
            setLength(from.getLength());
            setLkey(from.getLkey());
        }

        @Override
        public void setAddr(long address) {
            memory.set(JAVA_LONG, Layout.SGE_ADDR, address);
        }

        @Override
        public long getAddr() {
            return memory.get(JAVA_LONG, Layout.SGE_ADDR);
        }

        @Override
        public void setLength(int bytes) {
            memory.set(JAVA_INT, Layout.SGE_LENGTH, bytes);
        }

        @Override
        public int getLength() {
            return memory.get(JAVA_INT, Layout.SGE_LENGTH);
        }

        @Override
        public void setLkey(int lkey) {
            memory.set(JAVA_INT, Layout.SGE_LKEY, lkey);
        }

        @Override
        public int getLkey() {
            return memory.get(JAVA_INT, Layout.SGE_LKEY);
        }
    }
}
