package io.offcut.core.api;

import java.util.List;

/**
 * How to reach one worker, or the memory of a lease of memory only. The secret is a credential:
 * whoever has it may invoke.
 *
 * @param transport {@code shm}, {@code verbs} or {@code tcp}
 * @param path shm: the region file; otherwise empty
 * @param host verbs and tcp: address; otherwise empty
 * @param port verbs and tcp: port; otherwise 0
 * @param secret verbs and tcp: what the hello must carry, 32 hexadecimal digits; otherwise empty
 * @param slots invocations that can be outstanding at once; 0 for memory
 * @param payloadBytes largest input and largest result of one invocation, in bytes; 0 for memory
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
    public static final String VERBS = "verbs";
    public static final String TCP = "tcp";

    /** All of them, the quickest first. */
    public static final List<String> TRANSPORTS = List.of(SHM, VERBS, TCP);

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
