package io.offcut.executor;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;

class TcpChannelTest extends ChannelContract {
    @Override
    String transport() {
        return ChannelDescriptor.TCP;
    }

    @Override
    InvocationStatus lost() {
        return InvocationStatus.DISCONNECTED;
    }
}
