package io.offcut.executor.internal.rdma;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** {@code struct sockaddr_in} and {@code sockaddr_in6} (ip(7), ipv6(7)), on Linux. */
final class SocketAddresses {
    private static final short AF_INET = 2;
    private static final short AF_INET6 = 10;
    private static final int BYTES_4 = 16;
    private static final int BYTES_6 = 28;
    private static final int PORT_OFFSET = 2;
    private static final int ADDRESS_4_OFFSET = 4;
    private static final int ADDRESS_6_OFFSET = 8;
    private static final int SCOPE_6_OFFSET = 24;

    private SocketAddresses() {}

    static MemorySegment write(InetSocketAddress address, Arena arena) throws UnknownHostException {
        InetAddress host = address.getAddress();
        if (host == null) {
            throw new UnknownHostException(address.getHostString());
        }
        boolean six = host instanceof Inet6Address;
        MemorySegment to = arena.allocate(six ? BYTES_6 : BYTES_4, Integer.BYTES);
        to.set(JAVA_SHORT, 0, six ? AF_INET6 : AF_INET);
        to.set(JAVA_BYTE, PORT_OFFSET, (byte) (address.getPort() >> 8));
        to.set(JAVA_BYTE, PORT_OFFSET + 1, (byte) address.getPort());
        byte[] bytes = host.getAddress();
        MemorySegment.copy(
                bytes, 0, to, JAVA_BYTE, six ? ADDRESS_6_OFFSET : ADDRESS_4_OFFSET, bytes.length);
        if (host instanceof Inet6Address scoped) {
            to.set(JAVA_INT, SCOPE_6_OFFSET, scoped.getScopeId());
        }
        return to;
    }

    /** Null where none is set. */
    static @Nullable InetSocketAddress read(long address) throws UnknownHostException {
        short family =
                (short)
                        ((RawMemory.getByte(address) & 0xFF)
                                | ((RawMemory.getByte(address + 1) & 0xFF) << 8));
        int port =
                ((RawMemory.getByte(address + PORT_OFFSET) & 0xFF) << 8)
                        | (RawMemory.getByte(address + PORT_OFFSET + 1) & 0xFF);
        return switch (family) {
            case AF_INET ->
                    new InetSocketAddress(
                            InetAddress.getByAddress(
                                    RawMemory.getBytes(address + ADDRESS_4_OFFSET, 4)),
                            port);
            case AF_INET6 ->
                    new InetSocketAddress(
                            Inet6Address.getByAddress(
                                    null,
                                    RawMemory.getBytes(address + ADDRESS_6_OFFSET, 16),
                                    RawMemory.getInt(address + SCOPE_6_OFFSET)),
                            port);
            default -> null;
        };
    }
}
