package io.offcut.executor;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;

class ShmChannelTest extends ChannelContract {
    @Override
    String transport() {
        return ChannelDescriptor.SHM;
    }

    @Override
    InvocationStatus lost() {
        return InvocationStatus.CRASHED;
    }
}
