package io.offcut.client;

import io.offcut.client.internal.NodeApi;
import io.offcut.client.internal.SchedulerApi;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.FunctionView;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.OpenLeaseRequest;
import io.offcut.core.api.OpenedLease;
import io.offcut.core.api.RequestView;
import io.offcut.core.api.UsageView;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.function.BundleManifest;
import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.executor.InvocationChannel;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler and its nodes in this process, with switches for what can go wrong. One lease is one
 * worker. Leases are given as long as {@link #capacity} allows.
 */
final class FakeCluster implements SchedulerApi, NodeApi, ChannelOpener {
    static final String SHA = "ab".repeat(32);

    final FunctionView bundle = view(SHA, "text", "upper", "once");
    final Map<String, Req> requests = new HashMap<>();
    final Map<String, FakeChannel> channels = new HashMap<>();
    final List<OpenLeaseRequest> openings = new ArrayList<>();
    final FakeChannel.Work work;

    private int ids;
    private int generations;
    int capacity = 100;
    private long leaseMillis = Long.MAX_VALUE;
    volatile int submissions;
    volatile int renewals;
    volatile boolean away;
    boolean tellsChannels;
    boolean sharedMemoryWorks = true;
    boolean sharedMemoryFault;
    @Nullable MemorySegment sharedInputs;
    boolean repeating;
    volatile boolean nodesRefuse;
    @Nullable EndReason refusal;

    static final class Req {
        final String id;
        final LeaseRequest wish;
        int workers;
        final Map<String, LeaseView> leases = new HashMap<>();
        long version = 1;
        @Nullable EndReason end;

        Req(String id, LeaseRequest wish) {
            this.id = id;
            this.wish = wish;
            this.workers = Math.max(1, wish.workers());
        }
    }

    FakeCluster(FakeChannel.Work work) {
        this.work = work;
    }

    static FunctionView view(String sha, String bundle, String... functions) {
        List<FunctionSpec> specs = new ArrayList<>();
        for (String name : functions) {
            specs.add(
                    new FunctionSpec(
                            name,
                            FunctionKind.JAVA,
                            "f.jar",
                            "F",
                            false,
                            List.of(),
                            !name.equals("once"),
                            1000));
        }
        return new FunctionView(sha, "me", new BundleManifest(bundle, specs), 100, 1);
    }

    WorkerPool pool(LeaseOptions options) {
        return new WorkerPool(this, this, this, options, "host", new Timing(0, 1));
    }

    // --- faults

    synchronized void revoke(String leaseId, InvocationStatus status, EndReason reason) {
        for (Req request : requests.values()) {
            LeaseView lease = request.leases.get(leaseId);
            if (lease != null && lease.state() != LeaseState.ENDED) {
                request.leases.put(leaseId, with(lease, LeaseState.ENDED, reason));
                touch(request);
            }
        }
        FakeChannel channel = channels.get(leaseId);
        if (channel != null) {
            channel.end(status);
        }
    }

    synchronized List<String> liveLeases() {
        return requests.values().stream()
                .flatMap(r -> r.leases.values().stream())
                .filter(l -> l.state() != LeaseState.ENDED)
                .map(LeaseView::leaseId)
                .toList();
    }

    synchronized void capacity(int workers) {
        capacity = workers;
        requests.values().forEach(this::touch);
    }

    synchronized void away(boolean value) {
        away = value;
        notifyAll();
    }

    /** The scheduler restarts and remembers nothing. */
    synchronized void forget() {
        requests.clear();
        notifyAll();
    }

    /** Its nodes told a restarted scheduler of the leases that are left: it grants no others. */
    synchronized void remember(Req request) {
        requests.put(request.id, request);
        touch(request);
    }

    /** Leases have so long from now, and from each renewal. */
    synchronized void leaseMillis(long millis) {
        leaseMillis = millis;
        requests.values().forEach(this::extend);
        requests.values().forEach(this::touch);
    }

    private void extend(Req request) {
        request.leases.replaceAll((id, l) -> with(l, l.state(), l.endReason(), expiry()));
    }

    private long expiry() {
        return leaseMillis == Long.MAX_VALUE
                ? leaseMillis
                : System.currentTimeMillis() + leaseMillis;
    }

    synchronized void endRequests(EndReason reason) {
        requests.values().forEach(r -> r.end = reason);
        requests.values().forEach(this::touch);
    }

    // --- scheduler

    private void touch(Req request) {
        while (request.end == null && live(request) < request.workers && spare() > 0) {
            String id = "l" + ++ids;
            LeaseView lease =
                    new LeaseView(
                            id,
                            request.id,
                            "me",
                            "n" + ids % 3,
                            "http://n" + ids % 3,
                            CpuSet.of(0),
                            1,
                            LeaseState.GRANTED,
                            null,
                            expiry(),
                            LeaseUsage.NONE,
                            "token-" + id,
                            tellsChannels ? List.of(channel(id, "shm")) : List.of());
            request.leases.put(id, lease);
        }
        request.version++;
        notifyAll();
    }

    private int spare() {
        return capacity - requests.values().stream().mapToInt(FakeCluster::live).sum();
    }

    private static int live(Req request) {
        return (int)
                request.leases.values().stream().filter(l -> l.state() != LeaseState.ENDED).count();
    }

    private static LeaseView with(LeaseView l, LeaseState state, @Nullable EndReason reason) {
        return with(l, state, reason, l.expiresAtEpochMillis());
    }

    private static LeaseView with(
            LeaseView l, LeaseState state, @Nullable EndReason reason, long expiry) {
        return new LeaseView(
                l.leaseId(),
                l.requestId(),
                l.user(),
                l.nodeName(),
                l.nodeUrl(),
                l.cores(),
                l.memoryBytes(),
                state,
                reason,
                expiry,
                l.usage(),
                l.token(),
                l.channels());
    }

    private void reach() {
        if (away) {
            throw new OffcutException(ErrorCode.UNREACHABLE, "scheduler: cannot be reached");
        }
    }

    private Req known(String requestId) {
        reach();
        Req request = requests.get(requestId);
        if (request == null) {
            throw new OffcutException(ErrorCode.NOT_FOUND, "request " + requestId + ": unknown");
        }
        return request;
    }

    private RequestView view(Req r) {
        return new RequestView(
                r.id,
                "me",
                bundle.bundle(),
                r.version,
                r.workers,
                r.workers - live(r),
                r.end,
                bundle,
                List.copyOf(r.leases.values()));
    }

    @Override
    public synchronized RequestView submit(LeaseRequest wish) {
        reach();
        submissions = submissions + 1;
        Req request = new Req("r" + ++ids, wish);
        request.end = refusal;
        requests.put(request.id, request);
        touch(request);
        return view(request);
    }

    @Override
    public synchronized RequestView await(String requestId, long version, long waitMillis) {
        long until = System.nanoTime() + waitMillis * 1_000_000;
        while (known(requestId).version <= version) {
            long left = (until - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                break;
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new OffcutException(ErrorCode.UNREACHABLE, "interrupted", e);
            }
        }
        return view(known(requestId));
    }

    @Override
    public synchronized RequestView renew(String requestId) {
        Req request = known(requestId);
        renewals = renewals + 1;
        extend(request);
        return view(request);
    }

    @Override
    public synchronized void release(String requestId) {
        Req request = known(requestId);
        request.end = EndReason.RELEASED;
        request.leases.replaceAll((id, l) -> with(l, LeaseState.ENDED, EndReason.RELEASED));
    }

    @Override
    public synchronized void release(String requestId, String leaseId) {
        Req request = known(requestId);
        request.leases.computeIfPresent(
                leaseId, (id, l) -> with(l, LeaseState.ENDED, EndReason.RELEASED));
        request.workers--;
        touch(request);
    }

    @Override
    public FunctionView push(Path archive) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<FunctionView> functions() {
        return List.of(bundle);
    }

    @Override
    public void removeFunction(String reference) {
        throw new UnsupportedOperationException();
    }

    @Override
    public synchronized List<RequestView> requests() {
        return requests.values().stream().map(this::view).toList();
    }

    @Override
    public List<NodeView> nodes() {
        return List.of();
    }

    @Override
    public List<UsageView> usage() {
        return List.of();
    }

    // --- nodes

    @Override
    public synchronized OpenedLease open(String url, String leaseId, OpenLeaseRequest request) {
        openings.add(request);
        if (nodesRefuse || !request.token().equals("token-" + leaseId)) {
            throw new OffcutException(ErrorCode.FORBIDDEN, "node: does not open " + leaseId);
        }
        ChannelDescriptor channel = channel(leaseId, request.transports().getFirst());
        return new OpenedLease(
                leaseId, ++generations, 0, List.of(channel), bundle.manifest().functions());
    }

    private static ChannelDescriptor channel(String leaseId, String transport) {
        return new ChannelDescriptor(
                0,
                transport,
                transport.equals("shm") ? leaseId : "",
                transport.equals("shm") ? "" : leaseId,
                1,
                "",
                FakeChannel.SLOTS,
                64);
    }

    @Override
    public synchronized InvocationChannel open(ChannelDescriptor d) {
        if (d.transport().equals("shm") && !sharedMemoryWorks) {
            throw new OffcutException(ErrorCode.UNREACHABLE, "region " + d.path() + ": not here");
        }
        if (d.transport().equals("shm") && sharedMemoryFault) {
            throw new InternalError("a fault occurred in an unsafe memory access operation");
        }
        FakeChannel channel = new FakeChannel(d.payloadBytes(), work);
        channel.sharedInputs = d.transport().equals("shm") ? sharedInputs : null;
        channel.repeating = repeating;
        channels.put(d.path() + d.host(), channel);
        return channel;
    }
}
