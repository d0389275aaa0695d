package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.RdmaEventChannel;
import io.offcut.linux.DescriptorWatch;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A {@code struct rdma_event_channel}, with the identifiers that report here. */
final class NativeEventChannel extends RdmaEventChannel {
    final long address;
    final DescriptorWatch watch;
    final Map<Long, NativeCmId> ids = new ConcurrentHashMap<>();

    NativeEventChannel(long address) throws IOException {
        super(RawMemory.getInt(address + Layout.EVENT_CHANNEL_FD));
        this.address = address;
        // librdmacm asks again inside of one call, for what it does not pass on, and would block.
        DescriptorWatch.dontBlock(getFd());
        this.watch = new DescriptorWatch(getFd());
    }
}
