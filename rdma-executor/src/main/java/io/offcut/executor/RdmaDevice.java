package io.offcut.executor;

/**
 * An RDMA device of this machine, as this process may use it.
 *
 * @param state of its first port, as the kernel names it: {@code ACTIVE}
 * @param linkLayer {@code Ethernet} or {@code InfiniBand}
 * @param address by which it is reached; empty for none
 * @param maxInlineBytes how much a send carries in its work request; 0 also where that is unknown
 * @param memlockBytes how much this process may register; {@link Long#MAX_VALUE} without a limit
 * @param problem why it cannot be used, and what to do; empty when it can
 */
public record RdmaDevice(
        String name,
        String state,
        String linkLayer,
        String address,
        int maxInlineBytes,
        long memlockBytes,
        String problem) {
    public boolean usable() {
        return problem.isEmpty();
    }
}
