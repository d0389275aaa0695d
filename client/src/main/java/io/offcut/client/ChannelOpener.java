package io.offcut.client;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.executor.InvocationChannel;

/** Makes the client's end of a channel. Blocks for as long as a connection takes. */
@FunctionalInterface
interface ChannelOpener {
    /**
     * Opens.
     *
     * @throws io.offcut.core.OffcutException if the worker cannot be reached that way
     */
    InvocationChannel open(ChannelDescriptor descriptor);
}
