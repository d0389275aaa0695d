package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.IbvCompChannel;
import io.offcut.linux.DescriptorWatch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A {@code struct ibv_comp_channel}, and the memory to take its events into. */
final class NativeCompChannel extends IbvCompChannel {
    final long address;
    final DescriptorWatch watch;
    private final MemorySegment event = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG, 2);

    NativeCompChannel(long address, NativeContext context) throws IOException {
        super(RawMemory.getInt(address + Layout.COMP_CHANNEL_FD), context);
        this.address = address;
        this.watch = new DescriptorWatch(getFd());
    }

    /** Where ibv_get_cq_event(3) puts the queue, and behind it what the queue was given. */
    long event() {
        return event.address();
    }
}
