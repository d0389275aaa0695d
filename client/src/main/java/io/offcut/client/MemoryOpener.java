package io.offcut.client;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.executor.MemoryChannel;

/** Makes the client's end of a channel to memory. Blocks for as long as a connection takes. */
@FunctionalInterface
interface MemoryOpener {
    /**
     * Opens.
     *
     * @throws io.offcut.core.OffcutException if the memory cannot be reached that way
     */
    MemoryChannel open(ChannelDescriptor descriptor);
}
