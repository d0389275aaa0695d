package io.offcut.scheduler.internal;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.LeaseView;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.scheduler.brain.Brain;
import io.offcut.scheduler.brain.BrainCommand;
import io.offcut.scheduler.brain.BrainEvent;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/**
 * Requests and leases as clients see them: asks the core on its thread, checks whose they are, and
 * adds the tokens. Methods do not block; futures fail with {@link OffcutException}.
 */
public final class LeaseDesk {
    /** Longest wait of one long poll; a longer wish is cut. */
    public static final long MAX_WAIT_MILLIS = 60_000;

    private static final int ID_BYTES = 12;

    /** A client that could open its leases by itself meanwhile is not kept longer. */
    private static final long MAX_OPEN_MILLIS = 500;

    /** Who asks. An operator may see and end everything; tokens are for the owner alone. */
    public record Asker(String user, boolean operator) {}

    /** Now or later. */
    private record Answer(CompletableFuture<RequestView> view) {
        static Answer now(RequestView view) {
            return new Answer(CompletableFuture.completedFuture(view));
        }
    }

    private final BrainLoop loop;
    private final Tokens tokens;
    private final Metrics metrics;
    private final Waiters waiters;
    private final Openings openings;
    private final Executor answers;
    private final SecureRandom random = new SecureRandom();

    /**
     * @param answers wakes those who wait for a change
     */
    public LeaseDesk(BrainLoop loop, Tokens tokens, Metrics metrics, Executor answers) {
        this.loop = loop;
        this.tokens = tokens;
        this.metrics = metrics;
        this.waiters = new Waiters(answers);
        this.openings = new Openings(answers);
        this.answers = answers;
    }

    /** To be called on the core's thread for every {@code RequestChanged}. */
    public void changed(String requestId, Brain brain) {
        RequestView view = brain.request(requestId);
        if (view != null) {
            waiters.wake(requestId, view);
        }
    }

    /**
     * Asks for workers.
     *
     * @param request checked by the caller
     * @param resolve from the bundle as the user wrote it to its hash; runs on the core's thread,
     *     so that a bundle cannot be removed between this and the request; not for memory alone
     * @return the request as it stands; where workers were granted at once on the client's own
     *     host, when their nodes have opened the leases for it, or had a moment to do so. Fails
     *     with {@code NO_CAPACITY} if it ended at once
     */
    public CompletableFuture<RequestView> submit(
            Asker asker, LeaseRequest request, UnaryOperator<String> resolve) {
        long queuedAtNanos = System.nanoTime();
        return loop.call(turn ->
                        submitAndOpen(
                                turn, asker.user(), resolved(request, resolve), queuedAtNanos))
                .thenCompose(Answer::view)
                .thenApply(view -> withTokens(view, asker));
    }

    private Answer submitAndOpen(
            BrainLoop.Turn turn, String user, LeaseRequest request, long queuedAtNanos) {
        String requestId = newRequestId();
        if (request.preferredHostId().isEmpty() || request.memoryOnly()) {
            return Answer.now(submit(turn, requestId, user, request, queuedAtNanos));
        }
        Openings.Opening opening = openings.begin(requestId);
        boolean waits = false;
        try {
            RequestView view = submit(turn, requestId, user, request, queuedAtNanos);
            waits = !opening.isOver();
            // While the nodes are at work.
            view.leases().forEach(lease -> answers.execute(() -> sign(lease.leaseId())));
            return waits ? whenOpened(requestId, opening) : Answer.now(view);
        } finally {
            if (!waits) {
                openings.end(requestId);
            }
        }
    }

    private void sign(String leaseId) {
        Optional<String> ignored = tokens.token(leaseId);
    }

    private Answer whenOpened(String requestId, Openings.Opening opening) {
        return new Answer(
                opening.answer
                        .completeOnTimeout(Optional.empty(), MAX_OPEN_MILLIS, TimeUnit.MILLISECONDS)
                        .thenCompose(opened ->
                                opened.map(CompletableFuture::completedFuture)
                                        .orElseGet(() -> notOpened(requestId))));
    }

    private CompletableFuture<RequestView> notOpened(String requestId) {
        return loop.call(turn -> {
            openings.end(requestId);
            return known(turn.brain(), requestId);
        });
    }

    /**
     * To be called on the core's thread for every new lease.
     *
     * @return whether its client waits until it is open
     */
    public boolean granted(BrainCommand.Granted granted) {
        LeaseTerms terms = granted.terms();
        return granted.onClientsHost() && openings.granted(terms.requestId(), terms.leaseId());
    }

    /** To be called on the core's thread when a lease's node serves it, or it has ended. */
    public void settled(
            String requestId, String leaseId, List<ChannelDescriptor> channels, Brain brain) {
        openings.settled(requestId, leaseId, channels, brain.request(requestId));
    }

    /**
     * As {@link #submit}, on the core's thread and without tokens.
     *
     * @param request with the hash of its bundle
     * @param queuedAtNanos when its caller came
     */
    RequestView submit(BrainLoop.Turn turn, String user, LeaseRequest request, long queuedAtNanos) {
        return submit(turn, newRequestId(), user, request, queuedAtNanos);
    }

    private RequestView submit(
            BrainLoop.Turn turn,
            String requestId,
            String user,
            LeaseRequest request,
            long queuedAtNanos) {
        List<BrainCommand> commands =
                turn.apply(new BrainEvent.WorkersRequested(requestId, user, request));
        if (commands.stream().anyMatch(c -> isGrantOf(requestId, c))) {
            metrics.granted(System.nanoTime() - queuedAtNanos);
        }
        refuseIfOver(requestId, request, commands);
        return known(turn.brain(), requestId);
    }

    private static boolean isGrantOf(String requestId, BrainCommand command) {
        return command instanceof BrainCommand.Granted granted
                && granted.terms().requestId().equals(requestId);
    }

    private static void refuseIfOver(
            String requestId, LeaseRequest request, List<BrainCommand> commands) {
        for (BrainCommand command : commands) {
            if (command instanceof BrainCommand.RequestEnded ended
                    && ended.requestId().equals(requestId)) {
                boolean unwilling =
                        ended.reason() == EndReason.QUEUE_TIMEOUT && request.queueMillis() == 0;
                throw new OffcutException(
                        ErrorCode.NO_CAPACITY,
                        unwilling
                                ? unwilling(request)
                                : (request.memoryOnly() ? "no memory (" : "no workers (")
                                        + ended.reason()
                                        + "): "
                                        + Json.printable(ended.explanation()));
            }
        }
    }

    private static String unwilling(LeaseRequest request) {
        return request.memoryOnly()
                ? "no node offers so much memory now; set queueMillis to wait, or ask for less"
                : "no workers are free now; set queueMillis to wait, or ask for fewer or smaller ones";
    }

    static LeaseRequest resolved(LeaseRequest request, UnaryOperator<String> resolve) {
        if (request.memoryOnly()) {
            return request;
        }
        return new LeaseRequest(
                resolve.apply(request.bundle()),
                request.workers(),
                request.minWorkers(),
                request.memoryBytesPerWorker(),
                request.payloadBytes(),
                request.ttlMillis(),
                request.queueMillis(),
                request.hotTimeoutMicros(),
                request.preferredHostId(),
                request.regrant());
    }

    /** The open requests of the asker; of everybody for an operator. */
    public CompletableFuture<List<RequestView>> list(Asker asker) {
        return loop.call(turn -> turn.brain().requests())
                .thenApply(views ->
                        views.stream()
                                .filter(view -> maySee(asker, view))
                                .map(view -> withTokens(view, asker))
                                .toList());
    }

    /**
     * One request, now or when its version is another than the one given, at the latest after
     * {@code waitMillis}. A request that is over is answered at once.
     */
    public CompletableFuture<RequestView> await(
            Asker asker, String requestId, long version, long waitMillis) {
        return loop.call(turn -> look(turn, asker, requestId, version, waitMillis))
                .thenCompose(Answer::view)
                .thenApply(view -> withTokens(view, asker));
    }

    private Answer look(
            BrainLoop.Turn turn, Asker asker, String requestId, long version, long waitMillis) {
        RequestView view = permitted(turn.brain(), asker, requestId);
        if (waitMillis <= 0 || view.version() != version || view.endReason() != null) {
            return Answer.now(view);
        }
        CompletableFuture<Optional<RequestView>> waiter = waiters.add(requestId);
        return new Answer(
                waiter.completeOnTimeout(
                                Optional.empty(),
                                Math.min(waitMillis, MAX_WAIT_MILLIS),
                                TimeUnit.MILLISECONDS)
                        .thenCompose(changed ->
                                changed.map(CompletableFuture::completedFuture)
                                        .orElseGet(() -> unchanged(requestId))));
    }

    private CompletableFuture<RequestView> unchanged(String requestId) {
        return loop.call(turn -> {
            waiters.forgetDone(requestId);
            return known(turn.brain(), requestId);
        });
    }

    /** The client is alive. */
    public CompletableFuture<RequestView> renew(Asker asker, String requestId) {
        return change(
                asker,
                requestId,
                (view, turn) -> {
                    if (view.endReason() != null) {
                        throw new OffcutException(
                                ErrorCode.CONFLICT,
                                "request "
                                        + requestId
                                        + " is over ("
                                        + view.endReason()
                                        + "); ask for new workers");
                    }
                    return new BrainEvent.RequestRenewed(requestId);
                });
    }

    /** Gives everything of a request back; doing it twice changes nothing. */
    public CompletableFuture<RequestView> release(Asker asker, String requestId) {
        return change(asker, requestId, (view, turn) -> new BrainEvent.RequestReleased(requestId));
    }

    /** Gives one lease back, or, by an operator who is not its owner, revokes it. */
    public CompletableFuture<RequestView> releaseLease(
            Asker asker, String requestId, String leaseId) {
        return change(
                asker,
                requestId,
                (view, turn) -> {
                    if (view.leases().stream().noneMatch(l -> l.leaseId().equals(leaseId))) {
                        throw notFound("lease " + Json.printable(leaseId) + " of this request");
                    }
                    return asker.user().equals(view.user())
                            ? new BrainEvent.LeaseReleased(leaseId)
                            : new BrainEvent.LeaseRevoked(leaseId);
                });
    }

    private CompletableFuture<RequestView> change(
            Asker asker,
            String requestId,
            BiFunction<RequestView, BrainLoop.Turn, BrainEvent> eventFor) {
        return loop.call(
                        turn -> {
                            RequestView view = permitted(turn.brain(), asker, requestId);
                            turn.apply(eventFor.apply(view, turn));
                            return known(turn.brain(), requestId);
                        })
                .thenApply(view -> withTokens(view, asker));
    }

    private static RequestView known(Brain brain, String requestId) {
        RequestView view = brain.request(requestId);
        if (view == null) {
            throw notFound("request " + Json.printable(requestId));
        }
        return view;
    }

    private static RequestView permitted(Brain brain, Asker asker, String requestId) {
        RequestView view = known(brain, requestId);
        if (!maySee(asker, view)) {
            throw new OffcutException(
                    ErrorCode.FORBIDDEN,
                    "request " + requestId + " belongs to another user; only its owner may use it");
        }
        return view;
    }

    private static boolean maySee(Asker asker, RequestView view) {
        return asker.operator() || view.user().equals(asker.user());
    }

    private static OffcutException notFound(String what) {
        return new OffcutException(
                ErrorCode.NOT_FOUND,
                "there is no " + what + "; it ended some time ago or the scheduler was restarted");
    }

    /** For its owner; for another asker the view as it is. */
    RequestView withTokens(RequestView view, Asker asker) {
        if (!view.user().equals(asker.user())) {
            return view;
        }
        return view.withLeases(view.leases().stream().map(this::withToken).toList());
    }

    private LeaseView withToken(LeaseView lease) {
        if (lease.state() == LeaseState.ENDED) {
            return lease;
        }
        return lease.withAccess(tokens.token(lease.leaseId()).orElse(null), lease.channels());
    }

    private String newRequestId() {
        byte[] bytes = new byte[ID_BYTES];
        random.nextBytes(bytes);
        return "r" + HexFormat.of().formatHex(bytes);
    }
}
