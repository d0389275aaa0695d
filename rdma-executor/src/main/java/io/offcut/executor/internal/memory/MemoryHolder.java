package io.offcut.executor.internal.memory;

import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.ExecutorSpec;
import io.offcut.executor.MemoryRegion;
import io.offcut.executor.RdmaDevices;
import java.io.IOException;
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
    private final @Nullable VerbsMemoryDoor verbs;

    /**
     * Makes all of it. Blocks for as long as filling the memory takes.
     *
     * @param problems gets one line when there can be no RDMA
     * @throws io.offcut.core.OffcutException if there is no room for it, or it cannot listen
     */
    public MemoryHolder(ExecutorSpec spec, List<String> problems) {
        this.spec = spec;
        this.mapping = MemoryMapping.make(region(), spec.memoryBytes());
        this.door =
                spec.tcpHost().isEmpty()
                        ? null
                        : new MemoryDoor(spec.tcpHost(), spec.secret(), mapping);
        this.verbs = spec.verbsHost().isEmpty() ? null : openVerbs(problems);
    }

    /** Nothing of RDMA is loaded where the lease has none, nor registered before a client asks. */
    private @Nullable VerbsMemoryDoor openVerbs(List<String> problems) {
        long most = RdmaDevices.memlockBytes();
        if (spec.memoryBytes() > most) {
            problems.add(
                    "no rdma: the lease needs "
                            + spec.memoryBytes()
                            + " bytes registered, the memlock limit is "
                            + most
                            + ": raise it (LimitMEMLOCK=infinity of the node daemon)");
            return null;
        }
        try {
            return new VerbsMemoryDoor(spec.verbsHost(), spec.secret(), mapping);
        } catch (IOException | OffcutException e) {
            problems.add("no rdma: " + e.getMessage());
            return null;
        }
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
        if (verbs != null) {
            channels.add(remote(ChannelDescriptor.VERBS, spec.verbsHost(), verbs.port()));
        }
        if (door != null) {
            channels.add(remote(ChannelDescriptor.TCP, spec.tcpHost(), door.port()));
        }
        return channels;
    }

    private ChannelDescriptor remote(String transport, String host, int port) {
        return new ChannelDescriptor(0, transport, "", host, port, spec.secret(), 0, 0);
    }

    /** Tells clients why it is gone, and lets nobody in any more. Blocks for a bounded time. */
    public void end(MemoryStatus status) {
        try {
            mapping.end(status);
        } catch (InternalError e) {
            // Its owner cut all of it off.
        }
        if (verbs != null) {
            verbs.end(status);
        }
        if (door != null) {
            door.close();
            door.end(status);
        }
    }
}
