package io.offcut.core.api;

/**
 * How to reach one worker. The secret is a credential: whoever has it may invoke.
 *
 * @param transport {@code shm} or {@code tcp}
 * @param path shm: the region file; otherwise empty
 * @param host tcp: address; otherwise empty
 * @param port tcp: port; otherwise 0
 * @param secret tcp: what the hello must carry, 32 hexadecimal digits; otherwise empty
 * @param slots invocations that can be outstanding at once
 * @param payloadBytes largest input and largest result of one invocation, in bytes
 */
public record ChannelDescriptor(
        int worker,
        String transport,
        String path,
        String host,
        int port,
        String secret,
        int slots,
        int payloadBytes) {
    public static final String SHM = "shm";
    public static final String TCP = "tcp";

    /** Without the secret. */
    @Override
    public String toString() {
        return "ChannelDescriptor[worker="
                + worker
                + ", "
                + transport
                + (path.isEmpty() ? " " + host + ":" + port : " " + path)
                + ", slots="
                + slots
                + ", payloadBytes="
                + payloadBytes
                + "]";
    }
}
