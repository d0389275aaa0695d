package io.offcut.node.internal.executor;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.executor.ExecutorControl;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What executors say, and what they are told. They run others' code: what is believed is which of
 * their channels are ready, on which port, and how much they did. The rest is the daemon's own
 * record of them. Safe for use by any thread; nothing here blocks.
 */
final class ExecutorTalk implements KeptExecutors.Link, AutoCloseable {
    /** Hears of an executor that is ready; must not block. */
    @FunctionalInterface
    interface Ready {
        void ready(
                String leaseId,
                int generation,
                List<ChannelDescriptor> channels,
                List<String> problems);
    }

    private static final Logger log = LoggerFactory.getLogger(ExecutorTalk.class);

    private final Map<String, ExecutorSlot> slots;
    private final Ready ready;
    private volatile @Nullable ExecutorControl control;

    /**
     * @param slots those that may speak, by the ids of their leases; a live view
     */
    ExecutorTalk(Map<String, ExecutorSlot> slots, Ready ready) {
        this.slots = slots;
        this.ready = ready;
    }

    /**
     * Begins to listen.
     *
     * @param user who executors run as; null for the daemon's own
     */
    void open(Path socket, @Nullable UserPrincipal user) {
        control =
                user == null
                        ? ExecutorControl.open(socket, new FromExecutors())
                        : ExecutorControl.open(
                                socket,
                                new FromExecutors(),
                                "rw-rw-rw-",
                                name -> name.equals(user.getName()));
    }

    /** Tells a lease's executor to end; false when none hears it. */
    boolean end(String leaseId, InvocationStatus status) {
        ExecutorControl open = control;
        return open != null && open.end(leaseId, status);
    }

    @Override
    public boolean rest(String leaseId, InvocationStatus status) {
        ExecutorControl open = control;
        return open != null && open.rest(leaseId, status);
    }

    @Override
    public boolean next(String leaseId, Path specFile) {
        ExecutorControl open = control;
        return open != null && open.next(leaseId, specFile);
    }

    private @Nullable ExecutorSlot slot(String leaseId, int generation) {
        ExecutorSlot slot = slots.get(leaseId);
        return slot != null && slot.generation == generation ? slot : null;
    }

    private final class FromExecutors implements ExecutorControl.Listener {
        @Override
        public boolean connected(String leaseId, int generation, long pid, String secret) {
            ExecutorSlot slot = slot(leaseId, generation);
            boolean known =
                    slot != null
                            && MessageDigest.isEqual(
                                    slot.secret.getBytes(StandardCharsets.UTF_8),
                                    secret.getBytes(StandardCharsets.UTF_8));
            if (known) {
                log.debug("executor {} of lease {} is there", pid, leaseId);
            } else {
                log.info("somebody who is no executor of a lease is told to end");
            }
            return known;
        }

        @Override
        public void ready(
                String leaseId,
                int generation,
                List<ChannelDescriptor> channels,
                List<String> problems) {
            ready.ready(leaseId, generation, channels, problems);
        }

        @Override
        public void usage(String leaseId, int generation, LeaseUsage usage) {
            ExecutorSlot slot = slot(leaseId, generation);
            if (slot != null) {
                slot.used = usage;
            }
        }

        @Override
        public void resting(String leaseId, int generation) {
            ExecutorSlot slot = slot(leaseId, generation);
            if (slot != null) {
                slot.resting.complete(leaseId);
            }
        }

        @Override
        public void disconnected(String leaseId, int generation) {
            log.debug("executor of lease {} generation {} hung up", leaseId, generation);
        }
    }

    @Override
    public void close() {
        ExecutorControl open = control;
        if (open != null) {
            open.close();
        }
    }
}
