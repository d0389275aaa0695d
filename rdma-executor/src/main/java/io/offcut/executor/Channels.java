package io.offcut.executor;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.executor.internal.memory.ShmMemoryChannel;
import io.offcut.executor.internal.memory.TcpMemoryChannel;
import io.offcut.executor.internal.memory.VerbsMemoryChannel;
import io.offcut.executor.internal.shm.ShmClientChannel;
import io.offcut.executor.internal.tcp.TcpClientChannel;
import io.offcut.executor.internal.verbs.VerbsClientChannel;
import io.offcut.linux.HostId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Opens the client's end of a channel to a worker. */
public final class Channels {
    private Channels() {}

    /**
     * What this process says to be its host when it opens a lease: workers of the same host can be
     * reached through shared memory.
     */
    public static String hostId() {
        return HostId.current();
    }

    /**
     * Those of some transports that this process can speak: verbs needs an RDMA device.
     *
     * @throws OffcutException {@code USAGE} if there is none
     */
    public static List<String> possible(List<String> transports) {
        if (!transports.contains(ChannelDescriptor.VERBS)
                || !RdmaDevices.address(RdmaDevices.AUTO).isEmpty()) {
            return transports;
        }
        List<String> others =
                transports.stream().filter(one -> !one.equals(ChannelDescriptor.VERBS)).toList();
        if (others.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "transport verbs: this machine has no RDMA device that can be used; see"
                            + " 'offcut rdma devices', or use tcp");
        }
        return others;
    }

    /**
     * Opens a channel to the memory of a lease of memory only. Blocks for at most {@code
     * connectTimeout}.
     *
     * @throws OffcutException {@code UNREACHABLE} if its holder does not answer in time, {@code
     *     CONFLICT} if the memory is gone, {@code UNAUTHORIZED} if the secret is wrong, {@code
     *     FORBIDDEN} if the region belongs to another user, {@code NOT_FOUND} if it is not there,
     *     {@code WRONG_VERSION} if it is of another release, {@code INVALID_INPUT} if it is none or
     *     the transport is unknown
     */
    public static MemoryChannel openMemory(ChannelDescriptor channel, Duration connectTimeout) {
        return switch (channel.transport()) {
            case ChannelDescriptor.SHM -> ShmMemoryChannel.open(Path.of(channel.path()));
            case ChannelDescriptor.VERBS ->
                    VerbsMemoryChannel.open(channel, connectTimeout.toNanos());
            case ChannelDescriptor.TCP -> TcpMemoryChannel.open(channel, connectTimeout.toNanos());
            default -> throw unknown(channel);
        };
    }

    /**
     * Opens a channel. Blocks for at most {@code connectTimeout}.
     *
     * @throws OffcutException {@code UNREACHABLE} if the worker does not answer in time, {@code
     *     CONFLICT} if it has another client or has ended, {@code UNAUTHORIZED} if the secret is
     *     wrong, {@code WRONG_VERSION} if it is of another release, {@code INVALID_INPUT} if the
     *     region is not one or the transport is unknown
     */
    public static InvocationChannel open(ChannelDescriptor channel, Duration connectTimeout) {
        return switch (channel.transport()) {
            case ChannelDescriptor.SHM ->
                    ShmClientChannel.open(Path.of(channel.path()), connectTimeout.toNanos());
            case ChannelDescriptor.VERBS ->
                    VerbsClientChannel.open(channel, connectTimeout.toNanos());
            case ChannelDescriptor.TCP -> TcpClientChannel.open(channel, connectTimeout.toNanos());
            default -> throw unknown(channel);
        };
    }

    private static OffcutException unknown(ChannelDescriptor channel) {
        return new OffcutException(
                ErrorCode.INVALID_INPUT,
                "transport '"
                        + channel.transport()
                        + "' is unknown to this release; upgrade the client");
    }
}
