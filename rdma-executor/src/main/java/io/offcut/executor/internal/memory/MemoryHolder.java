package io.offcut.executor.internal.memory;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.ExecutorSpec;
import io.offcut.executor.MemoryRegion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one lease in the process that holds it, filled when it is made, and the door for
 * clients that do not share it.
 */
public final class MemoryHolder {
    private final ExecutorSpec spec;
    private final MemoryMapping mapping;
    private final @Nullable MemoryDoor door;

    /**
     * Makes all of it. Blocks for as long as filling the memory takes.
     *
     * @throws io.offcut.core.OffcutException if there is no room for it, or it cannot listen
     */
    public MemoryHolder(ExecutorSpec spec) {
        this.spec = spec;
        this.mapping = MemoryMapping.make(region(), spec.memoryBytes());
        this.door =
                spec.tcpHost().isEmpty()
                        ? null
                        : new MemoryDoor(spec.tcpHost(), spec.secret(), mapping);
    }

    private Path region() {
        return MemoryRegion.file(Path.of(spec.regionDir()));
    }

    /** How clients reach it. */
    public List<ChannelDescriptor> channels() {
        List<ChannelDescriptor> channels = new ArrayList<>();
        channels.add(
                new ChannelDescriptor(
                        0, ChannelDescriptor.SHM, region().toString(), "", 0, "", 0, 0));
        if (door != null) {
            channels.add(
                    new ChannelDescriptor(
                            0,
                            ChannelDescriptor.TCP,
                            "",
                            spec.tcpHost(),
                            door.port(),
                            spec.secret(),
                            0,
                            0));
        }
        return channels;
    }

    /** Tells clients why it is gone, and lets nobody in any more. Blocks for a bounded time. */
    public void end(MemoryStatus status) {
        try {
            mapping.end(status);
        } catch (InternalError e) {
            // Its owner cut all of it off.
        }
        if (door != null) {
            door.close();
            door.end(status);
        }
    }
}
