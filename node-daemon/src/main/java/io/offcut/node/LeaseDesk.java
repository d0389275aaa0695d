package io.offcut.node;

import io.offcut.core.ErrorCode;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.OpenLeaseRequest;
import io.offcut.core.api.OpenedLease;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.node.internal.executor.ExecutorHost;
import io.offcut.node.internal.http.NodeApi;
import io.offcut.node.internal.lease.LeaseAction;
import io.offcut.node.internal.store.KeyRing;
import java.net.URI;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Checks what clients show and waits for what they get. Safe for use by any thread; blocks. */
final class LeaseDesk implements NodeApi {
    private static final long LATER_MILLIS = 10;

    private final NodeCore core;
    private final KeyRing keys;
    private final NodeDescriptor node;
    private final List<String> missing;
    private final Supplier<List<NodeStatus.Job>> jobs;
    private final long patienceMillis;

    /**
     * @param jobs the batch jobs that are here now
     * @param patienceMillis longest wait of an opening
     */
    LeaseDesk(
            NodeCore core,
            KeyRing keys,
            NodeDescriptor node,
            List<String> missing,
            Supplier<List<NodeStatus.Job>> jobs,
            long patienceMillis) {
        this.core = core;
        this.keys = keys;
        this.node = node;
        this.missing = missing;
        this.jobs = jobs;
        this.patienceMillis = patienceMillis;
    }

    @Override
    public OpenedLease open(String leaseId, OpenLeaseRequest request) {
        LeaseTerms terms = verified(leaseId, request.token());
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
        while (true) {
            switch (core.open(terms)) {
                case LeaseAction.Refuse refuse ->
                        throw new OffcutException(refuse.code(), refuse.message());
                case LeaseAction.Serve serve -> {
                    return opened(serve, request, deadline);
                }
                case LeaseAction.Later later -> waitABit(later, deadline);
            }
        }
    }

    private LeaseTerms verified(String leaseId, String token) {
        LeaseTerms terms = keys.verify(token == null ? "" : token);
        if (!terms.leaseId().equals(leaseId)) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT, "the token is not one of lease " + leaseId);
        }
        if (!terms.nodeName().equals(node.name())) {
            throw new OffcutException(
                    ErrorCode.FORBIDDEN,
                    "lease "
                            + leaseId
                            + " is for node "
                            + terms.nodeName()
                            + ", this is "
                            + node.name());
        }
        if (!NodeCore.sound(terms)) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "lease " + leaseId + ": its id, bundle or payload limit is not one");
        }
        return terms;
    }

    private static void waitABit(LeaseAction.Later later, long deadline) {
        if (System.nanoTime() > deadline) {
            throw new OffcutException(ErrorCode.UNREACHABLE, later.message() + "; try again");
        }
        try {
            TimeUnit.MILLISECONDS.sleep(LATER_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OffcutException(ErrorCode.UNREACHABLE, "this node daemon is stopping", e);
        }
    }

    private OpenedLease opened(LeaseAction.Serve serve, OpenLeaseRequest request, long deadline) {
        ExecutorHost.Serving serving = serving(serve, deadline);
        return new OpenedLease(
                serve.leaseId(),
                serve.generation(),
                core.expiresAtEpochMillis(serve.leaseId()),
                choose(request, serving.channels()),
                serving.functions());
    }

    private ExecutorHost.Serving serving(LeaseAction.Serve serve, long deadline) {
        try {
            return core.host()
                    .serving(serve.leaseId(), serve.generation())
                    .get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof OffcutException refusal) {
                throw new OffcutException(refusal.code(), refusal.getMessage(), refusal);
            }
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new OffcutException(
                    ErrorCode.UNREACHABLE,
                    "the executor of lease " + serve.leaseId() + " is still starting; try again",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OffcutException(ErrorCode.UNREACHABLE, "this node daemon is stopping", e);
        }
    }

    /** The channels of the first transport in the client's order that both can speak. */
    private List<ChannelDescriptor> choose(
            OpenLeaseRequest request, List<ChannelDescriptor> channels) {
        for (String transport : request.transports()) {
            boolean possible =
                    !transport.equals(ChannelDescriptor.SHM)
                            || node.hostId().equals(request.hostId());
            List<ChannelDescriptor> found =
                    channels.stream().filter(c -> c.transport().equals(transport)).toList();
            if (possible && !found.isEmpty()) {
                return found.stream().map(this::reachable).toList();
            }
        }
        throw new OffcutException(
                ErrorCode.INVALID_INPUT,
                "node "
                        + node.name()
                        + " and this client have no transport in common: it offers "
                        + node.transports()
                        + ", shm only to clients on its own host");
    }

    // An executor that listens on every address does not know which one clients see.
    private ChannelDescriptor reachable(ChannelDescriptor channel) {
        boolean everywhere = List.of("0.0.0.0", "::", "0:0:0:0:0:0:0:0").contains(channel.host());
        return everywhere
                ? new ChannelDescriptor(
                        channel.worker(),
                        channel.transport(),
                        channel.path(),
                        URI.create(node.url()).getHost(),
                        channel.port(),
                        channel.secret(),
                        channel.slots(),
                        channel.payloadBytes())
                : channel;
    }

    @Override
    public void release(String leaseId, String token) {
        verified(leaseId, token);
        core.end(leaseId, EndReason.RELEASED);
    }

    @Override
    public NodeStatus.Lease lease(String leaseId) {
        return core.lease(leaseId);
    }

    @Override
    public NodeStatus status() {
        return core.status(node, missing, jobs.get());
    }
}
